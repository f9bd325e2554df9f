import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import HTTPClient
import Operators
import Timetables

/// A local executor with the ready-made operators and a folder of its own for logs.
struct Workshop {
    let folder: String
    let logs: TaskLogDirectory
    private let executor: LocalExecutor
    private let box: FolderBox

    private final class FolderBox: Sendable {
        let path: String
        init(_ path: String) { self.path = path }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    /// `more` adds operators that are not ready-made, given the connections.
    init(
        connections: [String: String] = [:], builtIn: [String: String] = [:], runs: (any RunInquiry)? = nil,
        more: (inout OperatorRegistry, Connections) -> Void = { _, _ in }
    ) throws {
        folder = "/tmp/cryptoflow-operators-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        box = FolderBox(folder)
        logs = TaskLogDirectory(root: "\(folder)/logs")
        var registry = OperatorRegistry()
        let known = Connections(environment: connections, builtIn: builtIn)
        registerBuiltins(into: &registry, OperatorDependencies(connections: known, http: HTTPClient(), runs: runs))
        more(&registry, known)
        let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "INHERITED": "yes"]
        executor = LocalExecutor(
            registry: registry, logs: logs,
            processes: ProcessLauncher(
                instance: UUID().uuidString, environment: environment, recorder: NoRecorder(),
                grace: .milliseconds(200)),
            outputs: NoReadings(), variables: NoReadings())
    }

    func run(
        _ name: String, _ arguments: [String: JSONValue], attempt: Int64 = 7, timeout: Duration? = nil,
        startedAt: Timestamp? = nil, timetable: Timetable = .null, type: RunType = .manual,
        runAfter: Timestamp = .epoch, interval: DataInterval? = nil
    ) async -> AttemptEnd {
        await executor.run(
            Self.launch(
                name, arguments, attempt: attempt, timeout: timeout, startedAt: startedAt, timetable: timetable,
                type: type, runAfter: runAfter, interval: interval))
    }

    /// The log of the last run.
    var log: String { TaskLogReader(path: logs.path(of: Self.launch("empty", [:]))).tail().text }

    private static func launch(
        _ name: String, _ arguments: [String: JSONValue], attempt: Int64 = 7, timeout: Duration? = nil,
        startedAt: Timestamp? = nil, timetable: Timetable = .null, type: RunType = .manual,
        runAfter: Timestamp = .epoch, interval: DataInterval? = nil
    ) -> AttemptLaunch {
        let place = SourcePlace(file: "a.yaml", line: 1, column: 1)
        var task = TaskSpec(id: TaskID("t"), place: place, body: .uses(name))
        task.arguments = arguments.mapValues { .value($0) }
        task.executionTimeout = timeout
        var next = TaskSpec(id: TaskID("next"), place: place, body: .uses("empty"))
        next.upstream = [task.id]
        let dag = DAG(id: DAGID("d"), place: place, timetable: timetable, bounds: .none, tasks: [task, next])
        let run = RunFacts(
            key: RunKey(rawValue: 1), runID: "manual__1", type: type, logicalDate: nil, interval: interval,
            runAfter: runAfter, startDate: nil, conf: .object([:]), events: nil)
        return AttemptLaunch(
            attempt: AttemptID(rawValue: attempt), epoch: 1, dag: dag, task: task, run: run, mapIndex: -1, tryNumber: 1,
            maxTries: 0, startedAt: startedAt)
    }
}

private struct NoRecorder: ProcessRecorder {
    func spawned(_ process: ProcessRecord, for attempt: AttemptID) {}
}

struct NoReadings: OutputReader, VariableReader {
    func output(of instance: TaskInstanceKey, key: String) async throws -> JSONValue? { nil }
    func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] { [] }
    func variable(named name: String) async throws -> String? { nil }
}
