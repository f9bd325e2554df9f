import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import SchedulerCore

extension ReprocessBehavior: ExpressibleByArgument {}

/// `cryptoflow dag backfill ID`.
struct DAGBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "Make runs for a range of logical dates.",
        discussion: """
            Every logical date of the DAG's schedule from --from to --to gets a run, both ends included. A date \
            without a time is its midnight in UTC: the last hour of 31 October is --to 2026-10-31T23:00:00Z. Dates that \
            are not due yet are left to the schedule, since their data is not there. With \
            --dry-run nothing is made: each date is listed with what would become of it, exactly as the scheduler would \
            decide on the history as it is now.

            Examples:
              cryptoflow dag backfill candles_1h --from 2026-10-01 --to 2026-10-31
              cryptoflow dag backfill candles_1h --from 2026-10-01 --to 2026-10-31 --dry-run
              cryptoflow dag backfill candles_1h --from 2026-10-01 --to 2026-10-02 \\
                --reprocess completed --wait

            Exit codes: 0 done, with --wait only if no run failed; 1 refused, or a run failed; 2 wrong command line; \
            with --wait also 3 not ended within --timeout, and 4 no scheduler took the command (within --timeout, or \
            a minute).
            """)

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Option(help: ArgumentHelp("First logical date.", valueName: "time"), transform: Instants.parse)
    var from: Timestamp

    @Option(help: ArgumentHelp("Last logical date, included.", valueName: "time"), transform: Instants.parse)
    var to: Timestamp

    @Option(help: ArgumentHelp("Which runs that exist already are run again.", valueName: "which"))
    var reprocess = ReprocessBehavior.none

    @Option(help: ArgumentHelp("Runs of this backfill at once (default: the DAG's max_active_runs).", valueName: "n"))
    var maxActive: Int?

    @Flag(help: "The newest logical date first (Airflow's --run-backwards); not with depends_on_past.")
    var backwards = false

    @Option(help: ArgumentHelp("The runs' configuration, a JSON object.", valueName: "json"), transform: Conf.parse)
    var conf: JSONValue = .object([:])

    @Flag(help: "Only say what would run, what would be left alone, and why.")
    var dryRun = false

    @Flag(help: "Wait until the backfill and its runs have ended.")
    var wait = false

    @Option(
        help: ArgumentHelp(
            "How long --wait waits at most, such as 2h (default: as long as it takes).", valueName: "time"),
        transform: Durations.parse)
    var timeout: Duration?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        guard from <= to else { throw ValidationError("--to (\(to)) lies before --from (\(from))") }
        if let maxActive, maxActive < 1 { throw ValidationError("--max-active is 1 or more, not \(maxActive)") }
        if dryRun, wait { throw ValidationError("--dry-run makes nothing to --wait for") }
        if timeout != nil, !wait { throw ValidationError("--timeout goes with --wait") }
        if let timeout, timeout <= .zero { throw ValidationError("--timeout must be longer than nothing") }
    }

    func run() async throws {
        let console = CommandEnvironment.current.console
        try await database.withHistory { opened in
            let clock = ContinuousClock()
            let start = clock.now
            let detail = try await HistoryLookup(opened).dag(dag)
            let summary = detail.summary
            if dryRun { return try await BackfillPreview(self, detail, opened).write(options) }
            let desk = CommandDesk(opened)
            let patience = timeout ?? CommandDesk.patience
            let command = Command.backfill(
                dag: summary.id, from: from, to: to, reprocess: reprocess, maxActive: maxActive, conf: conf,
                backwards: backwards ? true : nil)
            let (number, outcome) = try await desk.submit(command, limit: wait ? patience : nil)
            guard case .backfill(let id, let total, let lastDue)? = outcome else {
                if wait { throw desk.notTaken(number, after: patience) }
                return try options.write(["command_id": .int(number), "dag_id": .string(dag), "state": "waiting"]) {
                    _ in
                    "command \(number) waits for a scheduler"
                }
            }
            let sentence =
                "backfill \(id) of DAG \(summary.id): \(total) logical date\(total == 1 ? "" : "s")"
                + (backwards ? ", the newest first" : "")
            if wait { try console.error(sentence) }
            if let lastDue { try console.error("note: \(BackfillPreview.ends(at: lastDue, options.shapes))") }
            if summary.isPaused {
                try console.error(
                    "note: DAG \"\(summary.id)\" is paused: the backfill waits for `cryptoflow dag unpause \(summary.id)`"
                )
            }
            guard wait else {
                var shape: JSONValue = ["id": .int(id.rawValue), "total": .int(Int64(total))]
                if let backfill = try await opened.history.backfill(id) {
                    shape = try await self.shape(of: backfill, opened)
                }
                return try options.write(shape) { _ in sentence }
            }
            let rest = timeout.map { $0 - (clock.now - start) }
            do {
                try await reportEnd(try await RunFollower(opened, limit: rest, asked: timeout).end(of: id), opened)
            } catch let failure as CommandFailure where failure.exitCode == ExitStatus.timedOut {
                let present = try await BackfillLookup.find(id.rawValue, opened.history)
                let shape = try await self.shape(of: present, opened)
                try options.write(shape) { _ in
                    "backfill \(id) is \(present.state.rawValue): \(present.created) of \(present.total) begun"
                }
                throw failure
            }
        }
    }

    private func shape(of backfill: BackfillRecord, _ opened: OpenedHistory) async throws -> JSONValue {
        let states = try await opened.history.runStates(of: [backfill.id])
        return options.shapes.backfill(backfill, runs: states[backfill.id] ?? [:])
    }

    private func reportEnd(_ backfill: BackfillRecord, _ opened: OpenedHistory) async throws {
        let shape = try await self.shape(of: backfill, opened)
        try options.write(shape) { isColourful in
            backfill.state.tone.paint(
                "backfill \(backfill.id) is \(backfill.state.rawValue): \(backfill.created) run, "
                    + "\(backfill.skipped) left alone",
                isColourful)
        }
        if backfill.state == .cancelled { throw CommandFailure("backfill \(backfill.id) was cancelled") }
        let failed = try await opened.history.runs(
            RunQuery(dag: backfill.dag, limit: RunQuery.maximumLimit, states: [.failed], backfill: backfill.id))
        guard let first = failed.runs.first else { return }
        let count = failed.next == nil ? "\(failed.runs.count)" : "more than \(failed.runs.count)"
        throw CommandFailure(
            "\(count) run\(failed.runs.count == 1 ? "" : "s") of backfill \(backfill.id) failed",
            nextStep: "See `cryptoflow run show \(backfill.dag) '\(first.runID)'`.")
    }
}
