package import CivilTime
package import DAGModel

/// Something the core reacts to.
package enum SchedulerEvent: Sendable {
    /// Documents were loaded, changed or removed. `loaded` may repeat unchanged ones.
    case documents(loaded: [DAGRecord], removed: [DAGID])
    /// The paused flags as they stand in the database, for the DAGs named.
    case paused([DAGID: Bool])
    /// The slots of every pool as they stand in the database; below 0 for no limit.
    case pools([String: Int])
    /// A command, with the runs that stand in its way: for a trigger, the run of that logical date or run id, if any.
    /// The store was asked after every earlier decision was committed and before any later event.
    case command(PendingCommand, conflicts: [RunRecord])
    /// A command with the runs it changes: see ``Command/subject``.
    case commandOnRuns(PendingCommand, [Snapshot.ActiveRun])
    /// An attempt ended by itself or was stopped.
    case attemptEnded(AttemptEnd)
    /// An attempt's process or leader vanished.
    case attemptLost(AttemptID, reason: String)
    /// An attempt was stopped because this scheduler stops; it counts neither as a try used nor as lost.
    case attemptInterrupted(AttemptID, reason: String)
    /// The answer to ``Action/findRuns(_:dag:dates:)``: the runs that exist at `dates`, as of the decision that asked: no
    /// other event came between.
    case runsFound(BackfillID, dates: [Timestamp], runs: [StoredRun])
    /// The answer to ``Action/findPrevious(_:dag:before:)``: the run before, as of the decision that asked; nil for none.
    case previousFound(RunKey, StoredRun?)
    /// The answer to ``Action/findRuntimes(_:dag:endedBy:limit:)``, the newest run first, as of the decision that asked.
    case runtimesFound(RunKey, [Duration])
    /// A delivery of ``Action/notify(_:)`` has ended.
    case notified(NotificationID, NotificationOutcome)
    /// Runs that a retention rule lets go, and the command that asked for it, if one did. The store was asked after every
    /// earlier decision was committed and before any later event.
    case runsExpired([RunRecord], asked: PendingCommand?)
    /// This scheduler stops: nothing more is started. What is ready stays so for the next leader.
    case drain
    /// Time has passed: see ``SchedulerCore/nextWake``.
    case wake
}

/// A run with its tasks as the store holds them.
package struct StoredRun: Sendable, Hashable {
    package let run: RunRecord
    package let tasks: [TaskInstanceRecord]

    package init(run: RunRecord, tasks: [TaskInstanceRecord]) {
        self.run = run
        self.tasks = tasks
    }
}

/// All that a new leader needs from the store to go on where the last one stopped.
package struct Snapshot: Sendable {
    package struct DAGEntry: Sendable {
        package let id: DAGID
        package let version: DAGVersionID
        /// The document's file, relative to the DAG folder.
        package let file: String
        package let isPaused: Bool
        /// Whether its document was there when the last leader looked.
        package let isActive: Bool
        /// The newest row of its ledger.
        package let lastDue: DueRecord?
        /// Logical dates of runs made by hand or by backfills that lie after the logical date of the DAG's newest
        /// scheduled run (all if it has none): the schedule may yet come to them.
        package let datesAhead: [Timestamp]
        /// When the DAG was first loaded.
        package let firstSeen: Timestamp
        /// Failed runs in a row, newest first, up to the last success.
        package let failuresInARow: Int

        package init(
            id: DAGID, version: DAGVersionID, file: String, isPaused: Bool, isActive: Bool, lastDue: DueRecord?,
            datesAhead: [Timestamp], firstSeen: Timestamp, failuresInARow: Int = 0
        ) {
            self.id = id
            self.version = version
            self.file = file
            self.isPaused = isPaused
            self.isActive = isActive
            self.lastDue = lastDue
            self.datesAhead = datesAhead
            self.firstSeen = firstSeen
            self.failuresInARow = failuresInARow
        }
    }

    package struct ActiveRun: Sendable {
        package let stored: StoredRun
        /// The definition the run is pinned to.
        package let dag: DAG
        /// Attempts that were live when the last leader stopped.
        package let attempts: [AttemptStart]
        /// Lengths of outputs that tasks are mapped over.
        package let mapLengths: [TaskInstanceKey: Int]

        package init(
            stored: StoredRun, dag: DAG, attempts: [AttemptStart], mapLengths: [TaskInstanceKey: Int] = [:]
        ) {
            self.stored = stored
            self.dag = dag
            self.attempts = attempts
            self.mapLengths = mapLengths
        }
    }

    package var dags: [DAGEntry]
    /// Runs in `queued` or `running`.
    package var runs: [ActiveRun]
    /// Backfills in `running` or `paused`.
    package var backfills: [BackfillRecord]
    /// Asset events that wait, by the DAG that waits for a run, in the order of their ids.
    package var queuedEvents: [DAGID: [AssetEventRecord]]
    /// Slots of each pool; below 0 for no limit.
    package var pools: [String: Int]
    /// What has not been delivered yet, also of runs that have ended.
    package var notifications: [NotificationRecord]

    package init(
        dags: [DAGEntry] = [], runs: [ActiveRun] = [], backfills: [BackfillRecord] = [],
        queuedEvents: [DAGID: [AssetEventRecord]] = [:], pools: [String: Int] = [:],
        notifications: [NotificationRecord] = []
    ) {
        self.notifications = notifications
        self.dags = dags
        self.runs = runs
        self.backfills = backfills
        self.queuedEvents = queuedEvents
        self.pools = pools
    }
}
