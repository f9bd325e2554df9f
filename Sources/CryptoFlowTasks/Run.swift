import ArgumentParser
import DAGModel
import Execution
import FoundationEssentials
import Glibc
import HTTPClient
import Logging
import Operators
import RunStore
import SchedulerCore
import Workers

/// Makes this program a worker that carries out its handlers, until SIGTERM or SIGINT.
///
/// The program's command line is that of `cryptoflow worker`: `--queues` names what it serves, `--database` (or
/// `$CRYPTOFLOW_DATABASE_URL`) where, `--help` tells the rest. Beside the handlers it has the ready-made operators (bash, sql,
/// http, sensors), so other tasks of its queues run, too. Claims, heartbeats, logs and draining are those of every worker.
///
/// Returns when it has drained; ends the process with a sentence when it cannot work.
///
/// - Parameters:
///   - handlers: the tasks that this program carries out.
///   - arguments: the command line without the program's name; nil for the process's own.
public func run(_ handlers: TaskHandlers, arguments: [String]? = nil) async {
    let options = HostOptions.parseOrExit(arguments)
    do {
        try await options.run(handlers)
    } catch {
        let text = Array("error: \(error)\n".utf8)
        _ = text.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        exit(1)
    }
}

/// The command line of a program that is a worker.
struct HostOptions: ParsableArguments {
    @OptionGroup var worker: WorkerOptions

    @Option(
        help: ArgumentHelp("PostgreSQL URL of the run history (default: $CRYPTOFLOW_DATABASE_URL).", valueName: "url"))
    var database: String?

    @Option(help: ArgumentHelp("Folder for the logs of tasks.", valueName: "dir"))
    var home = ".cryptoflow-worker"

    func run(_ handlers: TaskHandlers) async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let url = database ?? environment["CRYPTOFLOW_DATABASE_URL"].flatMap({ $0.isEmpty ? nil : $0 }) else {
            throw TaskFailed("no database is named: give its URL with --database, or set CRYPTOFLOW_DATABASE_URL")
        }
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        let folder = home.hasPrefix("/") ? home : FileManager.default.currentDirectoryPath + "/" + home
        let settings = try worker.settings()
        let host = WorkerHost(
            settings: settings, databaseURL: url,
            warehouseURL: WorkerHost.warehouseURL(ownerURL: url, environment: environment),
            logs: folder + "/logs/tasks",
            environment: environment, version: "swift")
        let http = HTTPClient()
        defer { Task { await http.shutDown() } }  // awaited by nobody: the process ends
        try await host.run(observer: HostLines(settings: settings), logger: Logger(label: "worker")) {
            connections, store in
            var registry = OperatorRegistry()
            registerBuiltins(
                into: &registry,
                OperatorDependencies(connections: connections, http: http, runs: StoreInquiry(store)))
            for handler in handlers.handlers {
                registry.registerHandler(for: handler.task, of: handler.dag) { arguments in
                    HandlerOperator(body: handler.body, arguments: arguments, outputs: store)
                }
            }
            return registry
        }
    }
}

/// A line on standard output for what a person should know.
struct HostLines: WorkerObserver {
    let settings: WorkerSettings

    func changed(_ status: WorkerStatus) {
        let line = Array((status.line(of: settings) + "\n").utf8)
        _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    }
}
