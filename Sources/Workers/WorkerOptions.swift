package import ArgumentParser
import CivilTime
import DAGModel
import Execution
import FoundationEssentials

/// How a worker works, as every program that is one is told on its command line.
package struct WorkerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The queues to take tasks from, separated by commas, the preferred first.", valueName: "names"))
    package var queues: String

    @Option(help: ArgumentHelp("Tasks at once, at most (default: the number of processors).", valueName: "n"))
    package var concurrency: Int?

    @Option(
        help: ArgumentHelp(
            "What the history calls this worker (default: the machine's name and the process).", valueName: "name"))
    package var name: String?

    @Option(
        help: ArgumentHelp(
            "After SIGTERM, how long running tasks may go on, such as 10m (default: until they end). A second signal stops them.",
            valueName: "time"),
        transform: WorkerOptions.duration)
    package var drainTimeout: Duration?

    @Option(
        help: ArgumentHelp(
            "How long this worker may be cut off from the database before its tasks are stopped and tried again elsewhere (default: 20s).",
            valueName: "time"),
        transform: WorkerOptions.duration)
    package var ttl: Duration?

    package init() {}

    package mutating func validate() throws {
        _ = try QueueNames.parse(queues)
        if let concurrency, !(1...10_000).contains(concurrency) {
            throw ValidationError("--concurrency is between 1 and 10000, not \(concurrency)")
        }
        if let ttl, !(Duration.seconds(2)...Duration.seconds(3_600)).contains(ttl) {
            throw ValidationError("--ttl is between 2s and 1h, not \(ttl.humanText())")
        }
        if let name, name.isEmpty || name.utf8.count > 200 {
            throw ValidationError("--name is between 1 and 200 bytes long")
        }
    }

    /// What these options come to.
    package func settings() throws -> WorkerSettings {
        let process = ProcessRecord.own
        var settings = WorkerSettings(
            name: name ?? "\(process.host):\(process.pid)", queues: try QueueNames.parse(queues),
            concurrency: concurrency ?? max(1, ProcessInfo.processInfo.activeProcessorCount))
        settings.drainTimeout = drainTimeout
        if let ttl { settings.ttl = ttl }
        return settings
    }

    private static func duration(_ text: String) throws -> Duration {
        do { return try Duration(parsing: text) } catch { throw ValidationError("\(error)") }
    }
}
