package import CivilTime
package import SchedulerCore

/// How long the run history and the tasks' logs are kept.
///
/// The newest run of each outcome of a DAG and whatever has not ended are always kept; market data are no part of it.
package struct RetentionSettings: Hashable, Sendable {
    /// How long a run is kept after its end; nil for ever.
    package var runsFor: Duration? = .seconds(180 * 86_400)
    /// How many runs of each DAG are kept, the newest; nil for all.
    package var runs: Int? = 50_000
    /// How long the logs of a run are kept after the last line; nil as long as the run.
    package var logsFor: Duration? = .seconds(60 * 86_400)
    /// How often the leader looks.
    package var interval = Duration.seconds(600)
    /// Runs that are forgotten in one commit, at most.
    package var batch = 100
    /// The pause between two batches, in which others work.
    package var pause = Duration.milliseconds(200)

    package init() {}

    package func rule(now: Timestamp) -> RetentionRule {
        RetentionRule(endedBefore: runsFor.map { now - $0 }, keptRuns: runs)
    }
}
