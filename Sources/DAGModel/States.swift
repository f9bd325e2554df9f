/// The state of a run, with Airflow's tokens.
///
///     queued -> running -> success | failed
///
/// A run leaves `queued` when its DAG has a free place (`max_active_runs`). It ends `success` when every leaf task ended
/// `success` or `skipped`, else `failed`. A clear brings an ended run back to `queued`.
package enum RunState: String, Sendable, Codable, CaseIterable {
    case queued, running, success, failed

    /// Whether nothing further happens to the run by itself.
    package var isFinished: Bool { self == .success || self == .failed }
}

/// The state of a task instance, with Airflow's tokens.
///
///     none -> (queued) -> running -> success | failed | skipped | up_for_retry -> (queued) -> running …
///     none -> skipped | upstream_failed                           decided by the trigger rule, without an attempt
///     running -> up_for_reschedule | deferred -> (queued) -> running …    the same try, without a slot while it waits
///
/// `queued` is derived, never stored: all conditions hold and only a free slot is missing.
package enum TaskState: String, Sendable, Codable, CaseIterable {
    case none, queued, running, success, failed, skipped
    case upForRetry = "up_for_retry"
    case upstreamFailed = "upstream_failed"
    case upForReschedule = "up_for_reschedule"
    case deferred, removed, restarting, scheduled

    /// Whether nothing further happens to the task by itself.
    package var isFinished: Bool {
        switch self {
        case .success, .failed, .skipped, .upstreamFailed, .removed: true
        default: false
        }
    }
}

/// How one try stands: `running` until it ends, then one of the others for good.
///
/// `lost` is ours: the process that ran the attempt vanished (its leader was killed, its machine went away). A lost
/// attempt does not use up one of the task's `retries`.
package enum AttemptState: String, Sendable, Codable, CaseIterable {
    case running, success, failed, skipped, lost
}

/// What asked for a run, with Airflow's tokens.
package enum RunType: String, Sendable, Codable, CaseIterable {
    case scheduled, manual, backfill
    case assetTriggered = "asset_triggered"
}

/// When a task may start, by the states of its upstream tasks: Airflow's thirteen rules.
///
/// Source: Airflow 3 documentation, "Trigger Rules".
package enum TriggerRule: String, Sendable, Codable, CaseIterable {
    case allSuccess = "all_success"
    case allFailed = "all_failed"
    case allDone = "all_done"
    case allDoneMinOneSuccess = "all_done_min_one_success"
    case allDoneSetupSuccess = "all_done_setup_success"
    case allSkipped = "all_skipped"
    case oneFailed = "one_failed"
    case oneSuccess = "one_success"
    case oneDone = "one_done"
    case noneFailed = "none_failed"
    case noneFailedMinOneSuccess = "none_failed_min_one_success"
    case noneSkipped = "none_skipped"
    case always
}

/// How a task's effective priority follows from its own and its neighbours' weights, as in Airflow.
package enum WeightRule: String, Sendable, Codable, CaseIterable {
    case downstream, upstream, absolute
}

/// What became of one instant at which a schedule was due: the ledger's vocabulary.
package enum DueFate: String, Sendable, Codable, CaseIterable {
    /// A run was made when the instant came.
    case ran
    /// A run was made later, by catchup.
    case caughtUp = "caught_up"
    /// Left to a backfill, which made the run of this instant; it has none when the backfill was cancelled before.
    case backfilled
    /// `max_active_runs` was reached, and a later instant took the place (only without catchup).
    case skippedByOverlap = "skipped_by_overlap"
    /// No scheduler was running (only without catchup).
    case missedWhileDown = "missed_while_down"
    /// The DAG was paused (only without catchup).
    case paused
    /// The instant lies before the DAG's `catchup_window`.
    case beforeCatchupWindow = "before_catchup_window"
}

/// Which existing runs a backfill runs again, with Airflow's tokens.
package enum ReprocessBehavior: String, Sendable, Codable, CaseIterable {
    /// Only instants without a run.
    case none
    /// Those, and runs that failed.
    case failed
    /// Those, and runs that succeeded or failed.
    case completed
}
