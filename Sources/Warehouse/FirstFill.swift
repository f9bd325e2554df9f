import CivilTime
import DAGModel
import SchedulerCore

/// Fills an empty warehouse at the first start: warm-up, the last 14 days, Silver and Gold, one ticker.
///
/// Every command has a fixed key, so a first fill that was killed is simply run again with the same plan: what was done
/// is found done. A step that fails is reported and does not keep the later ones from running.
package struct FirstFill: Sendable {
    private let plan: FirstFillPlan
    private let control: any FillControl
    private let clock: any Clock<Duration>
    private let report: @Sendable (FirstFillProgress) -> Void

    /// Between two looks at a run, a backfill or a command.
    static let pollInterval = Duration.milliseconds(250)
    /// How often a refused command is given, and the pause between.
    static let attempts = 5
    static let refusalPause = Duration.seconds(2)
    /// Looks without any active run after which what is still due gets a run of its own: 10 s.
    static let looksBeforeTrigger = 40
    /// Looks without any active run after which it is left to the schedule and told as a problem: 1 min.
    static let looksBeforeGivingUp = 240

    /// - Parameter report: called at the start of each step and whenever a number changes.
    package init(
        plan: FirstFillPlan, control: any FillControl, clock: any Clock<Duration> = ContinuousClock(),
        report: @escaping @Sendable (FirstFillProgress) -> Void
    ) {
        self.plan = plan
        self.control = control
        self.clock = clock
        self.report = report
    }

    /// Runs all steps; returns when Gold and the first tickers are there, or cannot be had for now.
    ///
    /// Waits as long as no scheduler leads. Throws what the control throws, and `CancellationError`; then the DAGs that
    /// are held back stay paused until it is run again.
    package func run() async throws -> FirstFillReport {
        var problems: [String] = []
        for dag in FirstFillPlan.heldBack { try await control.setPaused(dag, true) }
        try await fetchHistory(&problems)
        try await backfill(&problems)
        try await refine(&problems)
        try await fetchTickers(&problems)
        return FirstFillReport(problems: problems)
    }

    private func fetchHistory(_ problems: inout [String]) async throws {
        tell(.history, 0, of: 1, rest: plan.requests)
        let advice =
            "fetch it with `cryptoflow dag trigger candles_history --conf "
            + "'{\"start\": \"\(plan.history.start.iso8601)\", \"end\": \"\(plan.history.end.iso8601)\"}'`"
        if let problem = try await runOnce(plan.historyCommand, key: "history", of: FirstFillPlan.candleHistory) {
            problems.append("the warm-up of \(plan.history) is not complete: \(problem); \(advice)")
        }
        tell(.history, 1, of: 1, rest: hourRequests + 1)
    }

    private func backfill(_ problems: inout [String]) async throws {
        let total = Int(FirstFillPlan.backfillHours)
        tell(.backfill, 0, of: total, rest: hourRequests + 1)
        let advice =
            "see `cryptoflow run list candles_1h`, then `cryptoflow dag backfill candles_1h --from "
            + "\(plan.backfill.start.iso8601) --to \((plan.backfill.end - .seconds(3600)).iso8601) --reprocess failed`"
        let outcome = try await outcome(of: plan.backfillCommand, key: "backfill")
        // The backfill has claimed its hours; a paused DAG's backfill would wait, and the schedule takes what follows.
        try await control.setPaused(FirstFillPlan.candles, false)
        switch outcome {
        case .backfill(let id, _, _):
            var known = -1
            while let progress = try await control.progress(of: id) {
                if progress.finished != known {
                    known = progress.finished
                    let left = max(progress.total - progress.finished, 0)
                    tell(.backfill, progress.finished, of: progress.total, rest: left * plan.markets + 1)
                }
                if progress.state == .completed || progress.state == .cancelled {
                    if progress.state == .cancelled {
                        problems.append("the backfill of \(plan.backfill) was cancelled; \(advice)")
                    } else if progress.failed > 0 {
                        let runs = progress.failed == 1 ? "1 hour" : "\(progress.failed) hours"
                        problems.append("\(runs) of \(plan.backfill) failed; \(advice)")
                    }
                    return
                }
                try await pause()
            }
        case .refused(let reason):
            problems.append("the backfill of \(plan.backfill) was refused: \(reason)")
        case .run, .done, .changed:
            problems.append("the backfill of \(plan.backfill) was answered as another command; \(advice)")
        }
    }

    /// Waits until Silver and Gold have caught up.
    ///
    /// They are started by Bronze's and Silver's events. Should such a run have failed, what it left is due still: then
    /// it gets one run more.
    private func refine(_ problems: inout [String]) async throws {
        tell(.refinement, 0, of: 1, rest: 1)
        var quietLooks = 0
        while true {
            let due = try await control.refinementDue()
            var active = 0
            for dag in [FirstFillPlan.silver, FirstFillPlan.gold] { active += try await control.activeRuns(of: dag) }
            if due.isNothing && active == 0 { break }
            quietLooks = active == 0 ? quietLooks + 1 : 0
            if quietLooks == Self.looksBeforeTrigger {
                let dag = due.replies > 0 ? FirstFillPlan.silver : FirstFillPlan.gold
                _ = try await control.submit(plan.trigger(dag), key: plan.key("refine:\(dag)"))
            } else if quietLooks >= Self.looksBeforeGivingUp {
                let dag = due.replies > 0 ? FirstFillPlan.silver : FirstFillPlan.gold
                problems.append(
                    "\(due.replies) replies and \(due.markets) markets wait to be refined and no run does it; see "
                        + "`cryptoflow run list \(dag)`, then `cryptoflow dag trigger \(dag)`")
                break
            }
            try await pause()
        }
        tell(.refinement, 1, of: 1, rest: 1)
    }

    private func fetchTickers(_ problems: inout [String]) async throws {
        tell(.tickers, 0, of: 1, rest: 1)
        let command = plan.trigger(FirstFillPlan.tickers)
        // Asked for first, so that it comes before the schedule's own run; a paused DAG's run would wait.
        _ = try await outcome(of: command, key: "tickers")
        try await control.setPaused(FirstFillPlan.tickers, false)
        if let problem = try await runOnce(command, key: "tickers", of: FirstFillPlan.tickers) {
            problems.append("the first tickers are missing: \(problem); the next full hour brings the next ones")
        }
        tell(.tickers, 1, of: 1, rest: 0)
    }

    /// Makes a run, waits for its end and answers what went wrong; nil for a success.
    private func runOnce(_ command: Command, key: String, of dag: DAGID) async throws -> String? {
        switch try await outcome(of: command, key: key) {
        case .run(let dag, let runID, _):
            while let state = try await control.runState(dag, runID: runID) {
                switch state {
                case .success: return nil
                case .failed: return "run \(runID) of \(dag) failed"
                case .queued, .running: try await pause()
                }
            }
            return "run \(runID) of \(dag) is gone"
        case .refused(let reason): return reason
        case .backfill, .done, .changed: return "the command to run \(dag) was answered as another one"
        }
    }

    /// The outcome of a command; a refusal only when it was refused several times.
    ///
    /// The scheduler may take the first command before it has read the documents. A refusal stands under its key for
    /// good, so each further attempt has a key of its own; a resumed fill comes past the same refusals at once.
    private func outcome(of command: Command, key: String) async throws -> CommandOutcome {
        var attempt = 1
        while true {
            let id = try await control.submit(command, key: plan.key(attempt == 1 ? key : "\(key)#\(attempt)"))
            let outcome = try await waitForOutcome(of: id)
            guard case .refused = outcome, attempt < Self.attempts else { return outcome }
            attempt += 1
            try await clock.sleep(for: Self.refusalPause)
        }
    }

    private func waitForOutcome(of command: Int64) async throws -> CommandOutcome {
        while true {
            if let outcome = try await control.outcome(of: command) { return outcome }
            try await pause()
        }
    }

    private func pause() async throws {
        try await clock.sleep(for: Self.pollInterval)
    }

    private var hourRequests: Int { Int(FirstFillPlan.backfillHours) * plan.markets }

    private func tell(_ step: FirstFillProgress.Step, _ done: Int, of total: Int, rest: Int) {
        let summary =
            switch step {
            case .history: "\(FirstFillPlan.warmUpHours) hours of warm-up, by pages"
            case .backfill: "\(FirstFillPlan.backfillHours) hours of \(plan.markets) markets, one by one"
            case .refinement: "Silver and Gold"
            case .tickers: "24-hour tickers"
            }
        report(
            FirstFillProgress(
                step: step, done: done, total: total, shortestRest: plan.shortestTime(requests: rest),
                summary: summary))
    }
}
