import CivilTime
import DAGModel
import HeapModule

/// A task of an active run, as the core holds it.
struct TaskEntry: Sendable {
    /// `queued` here means: every condition holds, a slot is missing.
    var state = TaskState.none
    var tryNumber = 0
    var maxTries: Int
    var lostCount = 0
    var upstream = UpstreamCounts()
    var attempt: AttemptID?
    var queuedAt: Timestamp?
    var startDate: Timestamp?
    var retryAt: Timestamp?
}

/// An active run, as the core holds it.
struct RunEntry: Sendable {
    var record: RunRecord
    let graph: DAGGraph
    var tasks: [TaskEntry]
    /// Tasks that have not finished.
    var unfinished: Int
    /// Attempts under way.
    var activeTasks = 0
    /// Ready tasks that wait because the run has `max_active_tasks` under way.
    var parked = Heap<ReadyTask>()
    /// Set when the run is being stopped: what its end will say.
    var stopReason: String?

    init(record: RunRecord, graph: DAGGraph) {
        self.record = record
        self.graph = graph
        tasks = graph.dag.tasks.map { TaskEntry(maxTries: $0.retries) }
        unfinished = tasks.count
        for number in tasks.indices { tasks[number].upstream.total = graph.upstream[number].count }
        // A run under way has a reason only when it is being stopped.
        stopReason = record.reason
    }

    var isBackfill: Bool { record.backfill != nil }

    /// The outcome once every task has finished: Airflow judges by the leaves, the tasks that nothing depends on.
    var finalState: RunState {
        if stopReason != nil { return .failed }
        for number in tasks.indices where graph.downstream[number].isEmpty {
            if tasks[number].state == .failed || tasks[number].state == .upstreamFailed { return .failed }
        }
        return .success
    }

    func instance(_ number: Int) -> TaskInstanceKey {
        TaskInstanceKey(run: record.key, task: graph.dag.tasks[number].id)
    }

    func taskRecord(_ number: Int, endDate: Timestamp?, reason: String?) -> TaskInstanceRecord {
        let task = tasks[number]
        return TaskInstanceRecord(
            instance: instance(number), state: task.state, tryNumber: task.tryNumber, maxTries: task.maxTries,
            lostCount: task.lostCount, startDate: task.startDate, endDate: endDate, retryAt: task.retryAt,
            reason: reason)
    }
}

/// A task that only lacks a slot, in the order in which slots are given: live runs before backfills, then by priority,
/// then the older run, then the order of the document.
struct ReadyTask: Comparable, Sendable {
    let isBackfill: Bool
    let priority: Int
    let runAfter: Timestamp
    let run: RunKey
    let number: Int
    let pool: String

    /// Greater means earlier.
    static func < (left: Self, right: Self) -> Bool {
        if left.isBackfill != right.isBackfill { return left.isBackfill }
        if left.priority != right.priority { return left.priority < right.priority }
        if left.runAfter != right.runAfter { return left.runAfter > right.runAfter }
        if left.run != right.run { return left.run > right.run }
        return left.number > right.number
    }
}
