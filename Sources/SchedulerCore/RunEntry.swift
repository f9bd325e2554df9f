import CivilTime
import DAGModel
import HeapModule

/// A task instance of an active run, as the core holds it.
///
/// The tasks of the document come first, by their numbers. The instances of a mapped task are appended when it is mapped;
/// its own entry, the head, then only stands for them all and has no row.
struct TaskEntry: Sendable {
    /// The number of its task in the document.
    let spec: Int
    /// -1 for a task of the document.
    let mapIndex: Int
    /// `queued` here means: every condition holds, a slot is missing.
    var state = TaskState.none
    var tryNumber = 0
    var maxTries: Int
    var lostCount = 0
    var upstream = UpstreamCounts()
    var attempt: AttemptID?
    var queuedAt: Timestamp?
    var startDate: Timestamp?
    /// When the next try is due, or the present one goes on.
    var retryAt: Timestamp?
    /// When the try that waits without a slot began; nil when none does.
    var waitingSince: Timestamp?
    /// Set when its try is being stopped by hand: what the task then comes to; `none` to run again.
    var markedState: TaskState?
    /// Elements of its output, where another task is mapped over it; nil when it is no list or not there.
    var listLength: Int?
    /// The numbers of a mapped task's instances, by map index; nil until it is mapped.
    var instances: [Int]?
    /// Instances that have not finished.
    var openInstances = 0
    /// Whether the store has a row of it, or will have with the decisions made.
    var isStored = false

    init(spec: Int, mapIndex: Int = -1, maxTries: Int) {
        self.spec = spec
        self.mapIndex = mapIndex
        self.maxTries = maxTries
    }
}

/// The run before a run, for tasks with `depends_on_past`.
struct PastRun: Sendable {
    let key: RunKey
    let date: Timestamp
    /// How its tasks ended; while it is active, its own entry says more.
    var states: [TaskID: TaskState]
}

/// What a run knows of the one before it.
enum PastKnowledge: Sendable {
    /// The store has not answered yet.
    case unknown
    case none
    case run(PastRun)
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
    /// The run before this one, as far as a task asks for it.
    var past = PastKnowledge.none
    /// Tasks whose trigger rule holds and that wait for the run before.
    var waitingOnPast: Set<Int> = []
    /// Instances under way and parked of tasks with `max_active_tis_per_dagrun`.
    var uses: [Int: TaskUse] = [:]

    init(record: RunRecord, graph: DAGGraph) {
        self.record = record
        self.graph = graph
        tasks = graph.dag.tasks.enumerated().map { TaskEntry(spec: $0.offset, maxTries: $0.element.retries) }
        unfinished = tasks.count
        for number in tasks.indices {
            tasks[number].upstream.total = graph.upstream[number].count
            if graph.scopes != nil {
                tasks[number].upstream.setups = graph.upstream[number].count(where: graph.isSetup)
            }
        }
        // A run under way has a reason only when it is being stopped.
        stopReason = record.reason
        if graph.asksForPast, record.logicalDate != nil { past = .unknown }
    }

    var isBackfill: Bool { record.backfill != nil }

    /// The outcome once every task has finished: Airflow judges by the leaves, the tasks that nothing depends on, and pays
    /// no heed to teardowns.
    var finalState: RunState {
        if stopReason != nil { return .failed }
        for number in graph.decidingTasks {
            if tasks[number].state == .failed || tasks[number].state == .upstreamFailed { return .failed }
        }
        return .success
    }

    /// Whether the entry only stands for the instances of a mapped task.
    func isHead(_ number: Int) -> Bool { tasks[number].openInstances > 0 }

    /// The entries that stand for a task, and have its rows: its own, or its instances once it is mapped.
    func entries(of head: Int) -> [Int] {
        let live = (tasks[head].instances ?? []).filter { tasks[$0].state != .removed }
        return live.isEmpty ? [head] : live
    }

    func spec(_ number: Int) -> TaskSpec { graph.dag.tasks[tasks[number].spec] }

    func instance(_ number: Int) -> TaskInstanceKey {
        TaskInstanceKey(run: record.key, task: spec(number).id, mapIndex: tasks[number].mapIndex)
    }

    /// Writes how a task stands.
    ///
    /// - Parameter state: what to write instead of its state.
    mutating func row(
        _ number: Int, as state: TaskState? = nil, endDate: Timestamp?, reason: String?
    ) -> Change {
        let task = tasks[number]
        tasks[number].isStored = true
        return .setTask(
            TaskInstanceRecord(
                instance: instance(number), state: state ?? task.state, tryNumber: task.tryNumber,
                maxTries: task.maxTries, lostCount: task.lostCount, startDate: task.startDate, endDate: endDate,
                retryAt: task.retryAt, reason: reason), isNew: !task.isStored)
    }

    /// The entry of an instance of a task, made if it is not there yet; nil for a task that the document does not have.
    mutating func entry(of instance: TaskInstanceKey) -> Int? {
        guard let head = graph.index[instance.task] else { return nil }
        guard instance.mapIndex >= 0 else { return head }
        var instances = tasks[head].instances ?? []
        while instances.count <= instance.mapIndex {
            instances.append(tasks.count)
            tasks.append(
                TaskEntry(spec: head, mapIndex: instances.count - 1, maxTries: graph.dag.tasks[head].retries))
            tasks[tasks.count - 1].state = .removed
        }
        tasks[head].instances = instances
        return instances[instance.mapIndex]
    }

    /// Counts anew what has finished and what each task's upstream tasks came to, after rows were taken over.
    mutating func recount() {
        unfinished = 0
        for number in tasks.indices where tasks[number].mapIndex < 0 {
            if let instances = tasks[number].instances, instances.contains(where: { tasks[$0].state != .removed }) {
                let live = instances.map { tasks[$0].state }.filter { $0 != .removed }
                tasks[number].openInstances = live.count { !$0.isFinished }
                tasks[number].state =
                    tasks[number].openInstances > 0 ? .running : Self.summary(live)
                unfinished += tasks[number].openInstances
            }
            if !tasks[number].state.isFinished { unfinished += 1 }
        }
        for number in graph.upstream.indices {
            var counts = UpstreamCounts()
            for parent in graph.upstream[number] {
                let states = states(of: parent)
                let isSetup = graph.isSetup(parent)
                counts.total += states.count
                if isSetup { counts.setups += states.count }
                for state in states { counts.count(state, isSetup: isSetup) }
            }
            tasks[number].upstream = counts
        }
    }

    /// What a mapped task comes to once all its instances have finished.
    static func summary(_ states: [TaskState]) -> TaskState {
        if states.contains(.failed) { return .failed }
        if states.contains(.upstreamFailed) { return .upstreamFailed }
        return states.contains(.success) || states.isEmpty ? .success : .skipped
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
    /// Where its instances over all runs are counted; nil when nothing limits them.
    let limit: Int?
    /// Whether workers carry it out.
    let isForWorkers: Bool

    /// Greater means earlier.
    static func < (left: Self, right: Self) -> Bool {
        if left.isBackfill != right.isBackfill { return left.isBackfill }
        if left.priority != right.priority { return left.priority < right.priority }
        if left.runAfter != right.runAfter { return left.runAfter > right.runAfter }
        if left.run != right.run { return left.run > right.run }
        return left.number > right.number
    }
}
