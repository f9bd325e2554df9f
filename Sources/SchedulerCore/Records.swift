package import CivilTime
package import DAGModel

// The rows of the history as the core decides them. The store writes them; it adds nothing of its own.

/// One run of a DAG: a row of `dag_run`.
package struct RunRecord: Hashable, Sendable {
    package var key: RunKey
    package var dag: DAGID
    /// Airflow's `run_id`; unique within the DAG.
    package var runID: String
    package var type: RunType
    package var state: RunState
    /// Unique within the DAG where not nil.
    package var logicalDate: Timestamp?
    /// The half-open interval of data the run owns; nil when it owns none.
    package var interval: DataInterval?
    /// The instant from which the run may start: the due instant of its schedule.
    package var runAfter: Timestamp
    package var queuedAt: Timestamp
    package var startDate: Timestamp?
    package var endDate: Timestamp?
    /// The document's text this run is pinned to.
    package var version: DAGVersionID
    package var conf: JSONValue
    package var backfill: BackfillID?
    /// The hull of the asset events that started the run.
    package var events: DataInterval?
    /// Who or what asked for the run.
    package var triggeredBy: String
    /// Why the run ended as it did, when its tasks do not say it.
    package var reason: String?
    /// Deadlines that passed before its end, in the order in which they did.
    package var missedDeadlines: [DeadlineMiss]
    /// What was found of the runs before it, for each deadline that counts with it; empty until the store has answered.
    package var averageRuntimes: [AverageRuntime]

    package init(
        key: RunKey, dag: DAGID, runID: String, type: RunType, state: RunState, logicalDate: Timestamp?,
        interval: DataInterval?, runAfter: Timestamp, queuedAt: Timestamp, startDate: Timestamp? = nil,
        endDate: Timestamp? = nil, version: DAGVersionID, conf: JSONValue = .object([:]), backfill: BackfillID? = nil,
        events: DataInterval? = nil, triggeredBy: String, reason: String? = nil, missedDeadlines: [DeadlineMiss] = [],
        averageRuntimes: [AverageRuntime] = []
    ) {
        self.missedDeadlines = missedDeadlines
        self.averageRuntimes = averageRuntimes
        self.key = key
        self.dag = dag
        self.runID = runID
        self.type = type
        self.state = state
        self.logicalDate = logicalDate
        self.interval = interval
        self.runAfter = runAfter
        self.queuedAt = queuedAt
        self.startDate = startDate
        self.endDate = endDate
        self.version = version
        self.conf = conf
        self.backfill = backfill
        self.events = events
        self.triggeredBy = triggeredBy
        self.reason = reason
    }
}

/// The present state of a task instance: a row of `task_instance`.
///
/// A task that a run has not reached has no row.
package struct TaskInstanceRecord: Hashable, Sendable {
    package var instance: TaskInstanceKey
    package var state: TaskState
    /// Tries begun so far; 0 before the first.
    package var tryNumber: Int
    /// Airflow's `max_tries`: a failed try is followed by another while its number is not above this.
    ///
    /// Tries at the last clear + retries, and one more per lost attempt.
    package var maxTries: Int
    /// Attempts lost in a row.
    package var lostCount: Int
    package var startDate: Timestamp?
    package var endDate: Timestamp?
    /// When the next try is due, in state `up_for_retry`, or the present one goes on, in state `up_for_reschedule` or
    /// `deferred`.
    package var retryAt: Timestamp?
    package var reason: String?
    /// What an instance of a mapped task is called; written by ``Change/nameInstance(_:_:)`` alone.
    package var mapName: String?

    package init(
        instance: TaskInstanceKey, state: TaskState, tryNumber: Int, maxTries: Int, lostCount: Int = 0,
        startDate: Timestamp? = nil, endDate: Timestamp? = nil, retryAt: Timestamp? = nil, reason: String? = nil,
        mapName: String? = nil
    ) {
        self.instance = instance
        self.state = state
        self.tryNumber = tryNumber
        self.maxTries = maxTries
        self.lostCount = lostCount
        self.startDate = startDate
        self.endDate = endDate
        self.retryAt = retryAt
        self.reason = reason
        self.mapName = mapName
    }
}

/// A try at its start: a row among the live attempts.
package struct AttemptStart: Hashable, Sendable {
    package let attempt: AttemptID
    package let instance: TaskInstanceKey
    package let tryNumber: Int
    package let maxTries: Int
    /// When the try could have started but for a free slot.
    package let queuedAt: Timestamp
    /// When the try began: one that waited without a slot keeps its first beginning.
    package let startedAt: Timestamp
    package let pool: String
    package let poolSlots: Int
    /// The queue in which it is handed over to workers; nil when the scheduler carries it out itself.
    package let queue: String?

    package init(
        attempt: AttemptID, instance: TaskInstanceKey, tryNumber: Int, maxTries: Int, queuedAt: Timestamp,
        startedAt: Timestamp, pool: String, poolSlots: Int, queue: String? = nil
    ) {
        self.attempt = attempt
        self.instance = instance
        self.tryNumber = tryNumber
        self.maxTries = maxTries
        self.queuedAt = queuedAt
        self.startedAt = startedAt
        self.pool = pool
        self.poolSlots = poolSlots
        self.queue = queue
    }
}

/// A try at its end: the store moves its live row to the history with these.
package struct AttemptCompletion: Hashable, Sendable {
    package let attempt: AttemptID
    /// Never `running`.
    package let state: AttemptState
    package let endedAt: Timestamp
    package let reason: String?
    package let exitCode: Int32?
    /// Whether workers were to carry it out.
    package let wasHandedOver: Bool
    /// When a worker took it: it began then, not when it was handed over.
    package let takenAt: Timestamp?

    package init(
        attempt: AttemptID, state: AttemptState, endedAt: Timestamp, reason: String?, exitCode: Int32?,
        wasHandedOver: Bool = false, takenAt: Timestamp? = nil
    ) {
        self.wasHandedOver = wasHandedOver
        self.takenAt = takenAt
        self.attempt = attempt
        self.state = state
        self.endedAt = endedAt
        self.reason = reason
        self.exitCode = exitCode
    }
}

/// Neighbouring due instants of one fate: a row of `due_instant`, keyed by (dag, first).
package struct DueRecord: Hashable, Sendable {
    package let dag: DAGID
    package let first: Timestamp
    package var last: Timestamp
    package var count: Int
    package let fate: DueFate

    package init(dag: DAGID, first: Timestamp, last: Timestamp, count: Int, fate: DueFate) {
        self.dag = dag
        self.first = first
        self.last = last
        self.count = count
        self.fate = fate
    }
}

/// A change of an asset by a task: a row of `asset_event`.
package struct AssetEventRecord: Hashable, Sendable {
    /// Numbered like runs: epoch above, counter below.
    package let id: Int64
    package let asset: String
    package let sourceDAG: DAGID
    package let source: TaskInstanceKey
    package let at: Timestamp
    package let interval: DataInterval?
    package let extra: JSONValue

    package init(
        id: Int64, asset: String, sourceDAG: DAGID, source: TaskInstanceKey, at: Timestamp, interval: DataInterval?,
        extra: JSONValue
    ) {
        self.id = id
        self.asset = asset
        self.sourceDAG = sourceDAG
        self.source = source
        self.at = at
        self.interval = interval
        self.extra = extra
    }
}

/// How a backfill stands.
package enum BackfillState: String, Sendable, Codable, CaseIterable {
    case running, paused, completed, cancelled
}

/// A backfill: a row of `backfill`.
package struct BackfillRecord: Hashable, Sendable {
    package var id: BackfillID
    package var dag: DAGID
    /// First and last logical date, both included.
    package var from: Timestamp
    package var to: Timestamp
    package var reprocess: ReprocessBehavior
    /// Runs of this backfill at once.
    package var maxActive: Int
    package var conf: JSONValue
    /// Whether it goes from the newest date to the oldest.
    package var backwards: Bool
    package var state: BackfillState
    /// The last logical date that has been decided; nil before the first.
    package var cursor: Timestamp?
    /// Logical dates in the range, decided when the backfill is made.
    package var total: Int
    /// Runs made or made to run again.
    package var created: Int
    /// Logical dates left alone because they have a run already.
    package var skipped: Int
    package var createdAt: Timestamp
    package var endedAt: Timestamp?
    package var triggeredBy: String

    package init(
        id: BackfillID, dag: DAGID, from: Timestamp, to: Timestamp, reprocess: ReprocessBehavior, maxActive: Int,
        conf: JSONValue, backwards: Bool = false, state: BackfillState, cursor: Timestamp? = nil, total: Int,
        created: Int = 0,
        skipped: Int = 0, createdAt: Timestamp, endedAt: Timestamp? = nil, triggeredBy: String
    ) {
        self.id = id
        self.dag = dag
        self.from = from
        self.to = to
        self.reprocess = reprocess
        self.maxActive = maxActive
        self.conf = conf
        self.backwards = backwards
        self.state = state
        self.cursor = cursor
        self.total = total
        self.created = created
        self.skipped = skipped
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.triggeredBy = triggeredBy
    }
}

extension BackfillRecord {
    /// Whether the backfill has yet to come to a logical date of its range.
    package func isAhead(_ date: Timestamp) -> Bool {
        guard from <= date, date <= to else { return false }
        return cursor.map { backwards ? date < $0 : date > $0 } ?? true
    }
}

/// A DAG as its folder holds it now: a row of `dag`, and with its version one of `dag_version`.
package struct DAGRecord: Hashable, Sendable {
    package let dag: DAG
    package let version: DAGVersionID
    /// The document's text.
    package let sourceText: String

    package init(dag: DAG, version: DAGVersionID, sourceText: String) {
        self.dag = dag
        self.version = version
        self.sourceText = sourceText
    }
}
