package import CivilTime
import DAGModel
package import RunStore
package import SchedulerCore
import Timetables

extension Explanation {
    /// Why a DAG's schedule has made no run now.
    ///
    /// - Parameter active: the DAG's runs in `queued` and `running`, backfills' included.
    package static func schedule(
        _ dag: DAGDetail, health: SchedulerHealth, importErrors: [ImportErrorRecord], active: [RunRecord],
        now: Timestamp
    ) -> Explanation {
        let summary = dag.summary
        let definition = dag.definition
        var conditions = [leads(health), document(summary, importErrors), unpaused(summary)]
        let timetable = summary.timetable
        guard timetable.isTimeBased else {
            let isByHand = !timetable.canBeScheduled
            conditions.append(
                Condition(
                    "schedule", holds: !isByHand,
                    isByHand
                        ? "the DAG has no schedule: it runs when somebody triggers it"
                        : "the DAG is started by \(timetable)",
                    advice: "cryptoflow dag trigger \(summary.id)"))
            conditions.append(capacity(definition, active))
            return Explanation(
                subject: "the schedule of DAG \(summary.id)", conditions: conditions,
                settled: "nothing blocks: the next run comes when its assets change")
        }
        let next = summary.nextDue(now: now)
        conditions.append(
            Condition(
                "schedule", holds: next != nil,
                next == nil
                    ? (timetable.neverFires
                        ? "the schedule (\(timetable)) never fires"
                        : "the schedule (\(timetable)) has no further instant") : "the schedule is \(timetable)",
                advice: "correct schedule or end_date in \(summary.file)"))
        if let start = summary.bounds.start {
            conditions.append(
                Condition(
                    "start_date", holds: start <= now,
                    start <= now ? "start_date has passed" : "start_date lies ahead", until: start))
        }
        conditions.append(capacity(definition, active))
        if let next {
            let isDue = next.due <= now
            // What holds it up for longer lets the next instant take its place.
            let mayPass = !definition.catchup && conditions.contains { $0.state == .blocks }
            conditions.append(
                Condition(
                    "due", holds: isDue,
                    isDue
                        ? "the instant \(next.due) is due" + (mayPass ? ": it waits until the next one comes" : "")
                        : "the next instant is not due yet",
                    since: summary.lastDue?.last, until: next.due))
        }
        let settled = "nothing blocks: the scheduler is about to make the run"
        return Explanation(
            subject: "the schedule of DAG \(summary.id)", conditions: conditions + lastFate(summary), settled: settled)
    }

    /// Why a backfill has not ended.
    package static func backfill(
        _ backfill: BackfillRecord, of summary: DAGSummary, health: SchedulerHealth, active: [RunRecord]
    ) -> Explanation {
        if let ended = backfill.endedAt {
            let left = backfill.total - backfill.created - backfill.skipped
            return Explanation(
                subject: "backfill \(backfill.id) of DAG \(summary.id)", conditions: [],
                settled:
                    "the backfill ended in \(backfill.state.rawValue) at \(ended.iso8601): \(backfill.created) run, "
                    + "\(backfill.skipped) left alone" + (left > 0 ? ", \(left) not come to" : ""))
        }
        let own = active.filter { $0.backfill == backfill.id }
        let live = active.filter { $0.backfill == nil }
        let done = backfill.created + backfill.skipped
        var conditions = [leads(health)]
        conditions.append(
            Condition(
                "wanted", holds: backfill.state == .running,
                backfill.state == .running ? "the backfill goes on" : Self.standing(backfill),
                advice: backfill.state == .paused ? "cryptoflow backfill resume \(backfill.id)" : nil))
        conditions.append(unpaused(summary))
        conditions.append(
            Condition(
                "max_active", holds: own.count < backfill.maxActive,
                "\(own.count) of its at most \(backfill.maxActive) runs at once are under way",
                since: own.compactMap(\.startDate).min()))
        if !live.isEmpty {
            conditions.append(
                Condition(
                    "live_runs", holds: true,
                    "\(live.count) live run\(live.count == 1 ? " of the DAG goes" : "s of the DAG go") first for free slots"
                ))
        }
        return Explanation(
            subject: "backfill \(backfill.id) of DAG \(summary.id)", conditions: conditions,
            settled: "nothing blocks: \(done) of \(backfill.total) logical dates are decided")
    }

    /// What a backfill that begins no more runs waits for.
    private static func standing(_ backfill: BackfillRecord) -> String {
        backfill.state == .cancelled
            ? "the backfill is cancelled and ends with its runs under way" : "the backfill is paused"
    }

    static func leads(_ health: SchedulerHealth) -> Condition {
        let lease = health.lease
        guard !health.isAlive else {
            return Condition("scheduler", holds: true, "a scheduler leads on \(lease?.holder.host ?? "this machine")")
        }
        return Condition(
            "scheduler", holds: false,
            lease == nil ? "no scheduler has ever run" : "no scheduler is running", since: lease?.expiresAt,
            advice: "start cryptoflow-scheduler, or cryptoflow standalone")
    }

    static func unpaused(_ summary: DAGSummary) -> Condition {
        Condition(
            "not_paused", holds: !summary.isPaused, summary.isPaused ? "the DAG is paused" : "the DAG is not paused",
            advice: "cryptoflow dag unpause \(summary.id)")
    }

    private static func document(_ summary: DAGSummary, _ errors: [ImportErrorRecord]) -> Condition {
        guard summary.isActive else {
            return Condition(
                "document", holds: false, "the document \(summary.file) is gone", advice: "bring the file back")
        }
        let found = errors.first { $0.file == summary.file }?.firstError(of: summary.id)
        guard let found else { return Condition("document", holds: true, "\(summary.file) is loaded") }
        return Condition(
            "document", holds: true,
            "\(summary.file) has an error and its last good version goes on: \(found.message)")
    }

    private static func capacity(_ definition: DAG, _ active: [RunRecord]) -> Condition {
        let counted = active.filter { $0.backfill == nil && $0.state == .running }
        let isFree = counted.count < definition.maxActiveRuns
        let oldest = counted.min { $0.runAfter < $1.runAfter }
        return Condition(
            "max_active_runs", holds: isFree,
            "\(counted.count) of at most \(definition.maxActiveRuns) runs are under way"
                + (isFree ? "" : ", the oldest is \(oldest?.runID ?? "")"),
            since: oldest?.startDate ?? oldest?.queuedAt,
            advice: oldest.map { "cryptoflow why \(definition.id) '\($0.runID)'" })
    }

    /// What became of the last instant, where that is not a run.
    private static func lastFate(_ summary: DAGSummary) -> [Condition] {
        guard let last = summary.lastDue else { return [] }
        let text: String
        switch last.fate {
        case .ran, .caughtUp, .backfilled: text = "the last instant has its run"
        case .skippedByOverlap: text = "the last instant was skipped: max_active_runs was reached, and catchup is off"
        case .missedWhileDown: text = "the last instant was missed: no scheduler was running, and catchup is off"
        case .paused: text = "the last instant was skipped: the DAG was paused, and catchup is off"
        case .beforeCatchupWindow: text = "the last instant lies before catchup_window"
        }
        return [Condition("last_instant", holds: true, "\(text) (\(last.last))")]
    }
}
