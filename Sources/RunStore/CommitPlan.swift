import CivilTime
import DAGModel
import Execution
import SchedulerCore

/// A batch put together by kind, so that few statements write it: what is set twice is written once, and a try that starts
/// and ends within the batch goes straight to the history.
struct CommitPlan {
    struct DAGEffect {
        var record: DAGRecord?
        /// Set when the DAG is new: how it starts.
        var insertedPaused: Bool?
        var isActive: Bool?
        /// Why the scheduler pauses it; nil when it does not.
        var pauseReason: String?
        var pauses: Bool { pauseReason != nil }
    }

    struct EndedAttempt {
        let start: AttemptStart
        let end: AttemptCompletion
        let process: ProcessRecord?
    }

    struct OutputKey: Hashable {
        let instance: TaskInstanceKey
        let key: String
    }

    struct DueKey: Hashable {
        let dag: DAGID
        let first: Timestamp
    }

    struct QueuedEvent: Hashable {
        let dag: DAGID
        let event: Int64
    }

    private(set) var versions: [DAGRecord] = []
    private struct VersionKey: Hashable {
        let dag: DAGID
        let version: DAGVersionID
    }
    private var versionKeys: Set<VersionKey> = []
    private(set) var dags: [DAGID: DAGEffect] = [:]
    private(set) var newRuns: [RunKey: RunRecord] = [:]
    private(set) var changedRuns: [RunKey: RunRecord] = [:]
    private(set) var deletedRuns: [RunKey] = []
    /// Tries that go on after this batch.
    private(set) var started: [AttemptID: AttemptStart] = [:]
    /// Likewise, for workers to take.
    private(set) var handedOver: [AttemptID: AttemptStart] = [:]
    /// Tries that were live before it and end in it.
    private(set) var ended: [AttemptID: AttemptCompletion] = [:]
    /// Likewise, of workers.
    private(set) var endedByWorkers: [AttemptID: AttemptCompletion] = [:]
    /// Tries that start and end in it.
    private(set) var passed: [EndedAttempt] = []
    /// Tries that were live before it and go on later.
    private(set) var suspended: [AttemptID] = []
    /// Tasks without a row before it.
    private(set) var newTasks: [TaskInstanceKey: TaskInstanceRecord] = [:]
    private(set) var tasks: [TaskInstanceKey: TaskInstanceRecord] = [:]
    private(set) var droppedOutputs: Set<TaskInstanceKey> = []
    private(set) var outputs: [OutputKey: JSONValue] = [:]
    private(set) var mapLengths: [TaskInstanceKey: Int] = [:]
    private(set) var mapNames: [TaskInstanceKey: String] = [:]
    private(set) var due: [DueKey: DueRecord] = [:]
    private(set) var assetEvents: [AssetEventRecord] = []
    private(set) var queuedEvents: Set<QueuedEvent> = []
    private(set) var consumedEvents: [QueuedEvent: RunKey] = [:]
    private(set) var backfills: [BackfillID: BackfillRecord] = [:]
    private(set) var outcomes: [Int64: CommandOutcome] = [:]
    private(set) var notifications: [NotificationID: NotificationRecord] = [:]
    private(set) var processes: [AttemptID: ProcessRecord]

    init(_ batch: CommitBatch) {
        processes = batch.processes
        // A hop is three changes: a try ends, its task is set, another starts.
        let hops = batch.changes.count / 3
        ended.reserveCapacity(hops)
        newTasks.reserveCapacity(hops)
        started.reserveCapacity(hops)
        for change in batch.changes { take(change) }
    }

    private mutating func take(_ change: Change) {
        switch change {
        case .insertDAG(let record, let paused):
            take(record)
            dags[record.dag.id]?.insertedPaused = paused
        case .updateDAG(let record): take(record)
        case .removeDAG(let id): dags[id, default: DAGEffect()].isActive = false
        case .pauseDAG(let id, let reason): dags[id, default: DAGEffect()].pauseReason = reason
        case .insertRun(let run): newRuns[run.key] = run
        case .updateRun(let run):
            if newRuns[run.key] != nil { newRuns[run.key] = run } else { changedRuns[run.key] = run }
        case .deleteRun(let key):
            deletedRuns.append(key)
            notifications = notifications.filter { $0.value.run != key }
        case .startAttempt(let start):
            if start.queue == nil { started[start.attempt] = start } else { handedOver[start.attempt] = start }
        case .endAttempt(let end):
            if let start = started.removeValue(forKey: end.attempt) ?? handedOver.removeValue(forKey: end.attempt) {
                let process = processes.removeValue(forKey: end.attempt)
                passed.append(EndedAttempt(start: start, end: end, process: process))
            } else if end.wasHandedOver {
                endedByWorkers[end.attempt] = end
            } else {
                ended[end.attempt] = end
            }
        case .suspendAttempt(let attempt):
            if started.removeValue(forKey: attempt) ?? handedOver.removeValue(forKey: attempt) == nil {
                suspended.append(attempt)
            }
        case .setTask(let task, let isNew):
            if newTasks[task.instance] != nil || isNew && tasks[task.instance] == nil {
                newTasks[task.instance] = task
            } else {
                tasks[task.instance] = task
            }
        case .setOutput(let instance, let key, let value): outputs[OutputKey(instance: instance, key: key)] = value
        case .dropOutputs(let instance):
            droppedOutputs.insert(instance)
            for key in outputs.keys where key.instance == instance { outputs[key] = nil }
            mapLengths[instance] = nil
        case .setMapLength(let instance, let length): mapLengths[instance] = length
        case .nameInstance(let instance, let name): mapNames[instance] = name
        case .account(let record): due[DueKey(dag: record.dag, first: record.first)] = record
        case .insertAssetEvent(let event): assetEvents.append(event)
        case .queueAssetEvent(let dag, let event): queuedEvents.insert(QueuedEvent(dag: dag, event: event))
        case .consumeAssetEvents(let dag, let events, let run):
            for event in events {
                let queued = QueuedEvent(dag: dag, event: event)
                // Queued and taken in one batch: it never waits.
                queuedEvents.remove(queued)
                consumedEvents[queued] = run
            }
        case .setBackfill(let backfill): backfills[backfill.id] = backfill
        case .finishCommand(let id, let outcome): outcomes[id] = outcome
        case .setNotification(let notification): notifications[notification.id] = notification
        }
    }

    private mutating func take(_ record: DAGRecord) {
        let id = record.dag.id
        // A set: thousands of documents may be new in one batch.
        if versionKeys.insert(VersionKey(dag: id, version: record.version)).inserted { versions.append(record) }
        dags[id, default: DAGEffect()].record = record
        dags[id]?.isActive = true
    }
}
