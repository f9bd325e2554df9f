package import CivilTime
package import DAGModel

/// A question to the store whose answer must be exact: asked when every decision so far is committed, answered before any
/// other event is handled.
package enum Lookup: Hashable, Sendable {
    /// The runs of a DAG at these logical dates; answered by ``SchedulerEvent/runsFound(_:dates:runs:)``.
    case runs(BackfillID, dag: DAGID, dates: [Timestamp])
    /// The run with the latest logical date before this one; answered by ``SchedulerEvent/previousFound(_:_:)``.
    case previous(RunKey, dag: DAGID, before: Timestamp)
    /// How long the newest successful runs of a DAG took that had ended by an instant; answered by
    /// ``SchedulerEvent/runtimesFound(_:_:)``.
    case runtimes(RunKey, dag: DAGID, endedBy: Timestamp, limit: Int)
    /// The runs that a command changes, or that stand in its way; answered by
    /// ``SchedulerEvent/commandOnRuns(_:_:)`` or ``SchedulerEvent/command(_:conflicts:)``.
    case command(PendingCommand)
    /// Runs that the rule lets go, the oldest first; answered by ``SchedulerEvent/runsExpired(_:asked:)``.
    case expired(RetentionRule, limit: Int)
}

extension Action {
    /// The question that the action asks; nil for one that is carried out.
    var lookup: Lookup? {
        switch self {
        case .findRuns(let backfill, let dag, let dates): .runs(backfill, dag: dag, dates: dates)
        case .findPrevious(let run, let dag, let date): .previous(run, dag: dag, before: date)
        case .findRuntimes(let run, let dag, let date, let limit): .runtimes(run, dag: dag, endedBy: date, limit: limit)
        case .start, .stop, .removeLogs, .notify: nil
        }
    }
}
