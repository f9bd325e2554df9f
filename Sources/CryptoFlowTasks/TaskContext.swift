import CivilTime
import DAGModel
import Execution
public import FoundationEssentials
public import Logging
import Synchronization
import Timetables

/// What a handler is told about the try that it carries out.
public struct TaskContext: Sendable {
    /// The DAG's id.
    public let dagID: String
    /// The run's id, such as `scheduled__2026-01-01T00:00:00+00:00`.
    public let runID: String
    /// The task's id.
    public let taskID: String
    /// The index of an instance of a mapped task, from 0; nil for a task that is not mapped.
    public let mapIndex: Int?
    /// The try's number, from 1.
    public let tryNumber: Int
    /// A failed try is followed by another while its number is not above this: Airflow's `max_tries`.
    public let maxTries: Int
    /// The run's logical date; nil for a run that assets started, and a manual one without a date.
    public let logicalDate: Date?
    /// The half-open interval of data that the run owns; nil when it owns none.
    public let dataInterval: Range<Date>?
    /// The instant from which the run might start.
    public let runAfter: Date
    /// Writes into the task's log, which the command line and the pages show, also while the task runs.
    public let logger: Logger

    private let run: RunKey
    private let conf: JSONValue
    private let outputs: any OutputReader
    private let changes: AssetChanges

    init(_ launch: AttemptLaunch, log: TaskLog, outputs: any OutputReader, changes: AssetChanges) {
        dagID = launch.dag.id.rawValue
        runID = launch.run.runID
        taskID = launch.task.id.rawValue
        mapIndex = launch.mapIndex < 0 ? nil : launch.mapIndex
        tryNumber = launch.tryNumber
        maxTries = launch.maxTries
        logicalDate = launch.run.logicalDate.map { Date($0) }
        dataInterval = launch.run.interval.map { Date($0.start)..<Date($0.end) }
        runAfter = Date(launch.run.runAfter)
        logger = Logger(label: "task") { _ in TaskLogHandler(log: log) }
        run = launch.run.key
        conf = launch.run.conf
        self.outputs = outputs
        self.changes = changes
    }

    /// What was passed along with the run's trigger, decoded.
    ///
    /// Throws when it does not fit.
    public func configuration<Value: Decodable>(as type: Value.Type) throws -> Value {
        try TaskHandlers.decode(conf, as: type)
    }

    /// What another task of the run has returned; nil when it has not.
    ///
    /// - Parameters:
    ///   - task: the other task's id. It must be upstream of this one to be sure to have ended.
    ///   - key: what the output is called; `return_value` is what a task returns.
    ///   - mapIndex: the instance of a mapped task; nil for a task that is not mapped.
    ///   - type: what it is decoded as; throws when it does not fit.
    public func output<Value: Decodable>(
        of task: String, key: String = "return_value", mapIndex: Int? = nil, as type: Value.Type
    ) async throws -> Value? {
        let instance = TaskInstanceKey(run: run, task: TaskID(task), mapIndex: mapIndex ?? -1)
        guard let value = try await outputs.output(of: instance, key: key) else { return nil }
        do {
            return try TaskHandlers.decode(value, as: type)
        } catch let failure as TaskFailure {
            throw TaskFailure("the output of \(task): \(failure.reason)", isRetryable: false)
        }
    }

    /// Says that this task has changed an asset over an interval: counts when the try succeeds, and starts the DAGs that wait
    /// for the asset.
    ///
    /// An asset under `outlets` that is not named here counts as changed over the run's data interval.
    public func changed(asset: String, over interval: Range<Date>? = nil) {
        let hull = interval.map {
            DataInterval(start: Timestamp($0.lowerBound), end: Timestamp($0.upperBound))
        }
        changes.add(AssetChange(asset: asset, interval: hull))
    }
}

/// The assets that a handler says it has changed.
final class AssetChanges: Sendable {
    private let list = Mutex<[AssetChange]>([])

    func add(_ change: AssetChange) { list.withLock { $0.append(change) } }

    var all: [AssetChange] { list.withLock { $0 } }
}

extension Date {
    init(_ instant: Timestamp) { self.init(timeIntervalSince1970: Double(instant.microseconds) / 1_000_000) }
}

extension Timestamp {
    init(_ date: Date) {
        let microseconds = (date.timeIntervalSince1970 * 1_000_000).rounded()
        self.init(microseconds: Int64(exactly: microseconds) ?? (microseconds < 0 ? .min / 2 : .max / 2))
    }
}
