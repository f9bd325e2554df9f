import CivilTime
import DAGModel
import DequeModule
import Timetables

/// A DAG as the core holds it.
struct DAGEntry: Sendable {
    let id: DAGID
    /// What the document says now; nil when only history knows the DAG.
    var graph: DAGGraph?
    var version: DAGVersionID
    /// The document's file, relative to the DAG folder.
    var file: String
    var isPaused: Bool
    var isActive: Bool
    var firstSeen: Timestamp
    /// The newest row of the ledger; its `last` is how far the schedule has been accounted for.
    var lastDue: DueRecord?
    /// Logical dates ahead of the ledger that have a run already.
    var datesAhead: Set<Timestamp> = []
    /// Runs under way, without those of backfills: what `max_active_runs` limits.
    var activeRuns = 0
    /// Runs made by hand that wait for a place, oldest first.
    var queuedRuns: [RunKey] = []
    /// Asset events that wait for the next run, if assets start this DAG.
    var queuedEvents: [AssetEventRecord] = []
    var failuresInARow = 0
    /// The instant its schedule is looked at next.
    var wakeAt: Timestamp?

    /// Whether runs may be made by schedule or assets.
    var isLive: Bool { isActive && !isPaused && graph != nil }

    func hasPlace(in graph: DAGGraph) -> Bool { activeRuns < graph.dag.maxActiveRuns }
}

/// A backfill as the core holds it.
struct BackfillEntry: Sendable {
    var record: BackfillRecord
    /// Runs of this backfill under way.
    var activeRuns = 0
    /// Dates looked up and not yet decided, in order.
    var dates = Deque<Timestamp>()
    /// The runs that the look-up found at them.
    var found: [Timestamp: StoredRun] = [:]
    /// Dates whose run was made, begun again or ended since the look-up: what was found there is out of date.
    var touched: Set<Timestamp> = []
    var isLookingUp = false
    /// Of a backfill that goes backwards: the dates it has not come to by this version of the schedule, the next one last.
    var ahead: (version: DAGVersionID, dates: [Timestamp])?
}

/// Something that may go on after what just happened.
enum FollowUp: Hashable, Sendable {
    /// Queued runs, asset events that wait, and the schedule of a DAG.
    case dag(DAGID)
    case backfill(BackfillID)
    /// Runs whose tasks wait for this run's.
    case past(RunKey)
}

/// Something to look at when its time has come.
struct TimerEntry: Comparable, Sendable {
    enum Subject: Sendable {
        case schedule(DAGID)
        case retry(RunKey, Int)
        case runTimeout(RunKey)
        case notification(NotificationID)
        case deadline(RunKey)
        case queued(DAGID)
    }

    let at: Timestamp
    let subject: Subject

    static func == (left: Self, right: Self) -> Bool { left.at == right.at }
    static func < (left: Self, right: Self) -> Bool { left.at < right.at }
}
