import CivilTime
import DAGModel
import Execution
import Synchronization

/// What the no-op tasks noted about themselves.
final class CallRecords: Sendable {
    struct Call: Sendable {
        let run: RunKey
        let task: TaskID
        /// On the monotonic clock, the first and the last thing the task did.
        let begin: UInt64
        let end: UInt64
        /// The instant from which its run may start.
        let due: Timestamp
        /// How long after it the task began, by the wall clock; microseconds.
        let sinceDue: Int64
    }

    private let calls = Mutex<[Call]>([])

    func add(_ call: Call) { calls.withLock { $0.append(call) } }

    /// What has gathered since the last time.
    func take() -> [Call] {
        calls.withLock { calls in
            defer {
                calls = []
                calls.reserveCapacity(32_768)
            }
            return calls
        }
    }
}

/// Does nothing but note when it was called: an in-process operator like any other, made and called for each try.
struct NoOperation: Execution.Operator {
    static let signature = OperatorSignature(
        name: "noop", summary: "Notes the time, for the benchmark.", parameters: [])

    let records: CallRecords

    func execute(_ context: TaskContext) async throws -> TaskResult {
        let begin = MonotonicClock.nanoseconds
        let launch = context.launch
        let sinceDue = Timestamp.now().microseconds - launch.run.runAfter.microseconds
        records.add(
            CallRecords.Call(
                run: launch.run.key, task: launch.task.id, begin: begin, end: MonotonicClock.nanoseconds,
                due: launch.run.runAfter, sinceDue: sinceDue))
        return TaskResult()
    }
}
