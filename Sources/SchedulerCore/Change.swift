package import CivilTime
package import DAGModel

/// One durable effect of a decision.
///
/// The changes of a decision are committed together and in order, and only then are its actions carried out. What is large
/// and rare is kept apart (`indirect`), so that the many small ones are cheap to move.
package enum Change: Hashable, Sendable {
    /// A DAG seen for the first time; `paused` is how it starts.
    indirect case insertDAG(DAGRecord, paused: Bool)
    /// A DAG whose document changed, or that came back after it was gone. `paused` stays as it is.
    indirect case updateDAG(DAGRecord)
    /// The document is gone: no new runs, history stays.
    case removeDAG(DAGID)
    /// The DAG was paused by the scheduler itself.
    case pauseDAG(DAGID, reason: String)

    indirect case insertRun(RunRecord)
    /// State, dates, version, backfill, reason and deadlines of a run.
    indirect case updateRun(RunRecord)
    /// The run with all its tasks, tries and outputs is forgotten.
    case deleteRun(RunKey)

    case startAttempt(AttemptStart)
    case endAttempt(AttemptCompletion)
    /// The try gave its slot back and goes on later: its live row goes, and no other comes.
    case suspendAttempt(AttemptID)
    /// Inserts or replaces; `isNew` when the store certainly has no row of it, which makes the insert cheaper.
    case setTask(TaskInstanceRecord, isNew: Bool = false)
    /// The output of a successful try; replaces an earlier one.
    case setOutput(TaskInstanceKey, key: String, value: JSONValue)
    /// A cleared task has no outputs.
    case dropOutputs(TaskInstanceKey)
    /// How many elements an output has that another task is mapped over.
    case setMapLength(TaskInstanceKey, Int)
    /// What an instance of a mapped task is called.
    case nameInstance(TaskInstanceKey, String)

    case account(DueRecord)
    indirect case insertAssetEvent(AssetEventRecord)
    /// The event waits for the next run of an asset-scheduled DAG.
    case queueAssetEvent(dag: DAGID, event: Int64)
    /// The run has taken these events.
    case consumeAssetEvents(dag: DAGID, events: [Int64], run: RunKey)

    /// Inserts or replaces.
    indirect case setBackfill(BackfillRecord)
    case finishCommand(Int64, CommandOutcome)
    /// Inserts or replaces what is to be told to somebody.
    indirect case setNotification(NotificationRecord)
}

/// What a decision asks its surroundings to do once its changes are committed.
package enum Action: Hashable, Sendable {
    /// Carry out this try, then report ``SchedulerEvent/attemptEnded(_:)``.
    case start(AttemptStart)
    /// Stop this try; it still reports its end.
    case stop(AttemptID, reason: String)
    /// Remove the logs of runs that are forgotten.
    case removeLogs([ForgottenRun])
    /// Find the runs at these logical dates, then report ``SchedulerEvent/runsFound(_:dates:runs:)`` before any other
    /// event.
    case findRuns(BackfillID, dag: DAGID, dates: [Timestamp])
    /// Find the run with the latest logical date before this one, then report ``SchedulerEvent/previousFound(_:_:)`` before
    /// any other event.
    case findPrevious(RunKey, dag: DAGID, before: Timestamp)
    /// Find how long the newest successful runs took that had ended by this instant, then report
    /// ``SchedulerEvent/runtimesFound(_:_:)`` before any other event.
    case findRuntimes(RunKey, dag: DAGID, endedBy: Timestamp, limit: Int)
    /// Deliver this notification, then report ``SchedulerEvent/notified(_:_:)``. It may come again after a crash.
    indirect case notify(NotificationRecord)
}

/// What the core decided on one event.
package struct Decision: Hashable, Sendable {
    package var changes: [Change] = []
    package var actions: [Action] = []

    package init() {}

    package var isEmpty: Bool { changes.isEmpty && actions.isEmpty }
}
