import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow dag trigger ID`.
struct DAGTrigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger", abstract: "Start a run of a DAG.",
        discussion: """
            The run is made by the scheduler; without one the command waits in the queue, and standard error says so. \
            With --wait the command ends when the run does, with the run's progress on standard error where that is a \
            terminal.

            Examples:
              cryptoflow dag trigger gold_trend_volatility
              cryptoflow dag trigger candles_1h --wait --timeout 10m
              cryptoflow dag trigger candles_1h --logical-date 2026-11-20T05:00:00Z
              cryptoflow dag trigger report --conf '{"market": "KRW-BTC"}' --run-id r1
              cryptoflow dag trigger report --run-after 2026-11-20T22:00:00+09:00

            Exit codes: 0 done, with --wait only if the run succeeded; 1 refused, or the run failed; 2 wrong command \
            line; with --wait also 3 the run has not ended within --timeout, and 4 no scheduler took the command \
            (within --timeout, or a minute).
            """)

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Option(help: ArgumentHelp("The run's id (default: made from its date).", valueName: "id"))
    var runID: String?

    @Option(
        help: ArgumentHelp("The run's logical date; without an offset in UTC (default: now).", valueName: "time"),
        transform: Instants.parse)
    var logicalDate: Timestamp?

    @Option(
        help: ArgumentHelp(
            "Start no earlier than this; without an offset in UTC (default: the logical date).", valueName: "time"),
        transform: Instants.parse)
    var runAfter: Timestamp?

    @Flag(help: "Make a run without a logical date.")
    var noLogicalDate = false

    @Option(help: ArgumentHelp("The run's configuration, a JSON object.", valueName: "json"), transform: Conf.parse)
    var conf: JSONValue = .object([:])

    @Flag(help: "Wait for the run's end.")
    var wait = false

    @Option(
        help: ArgumentHelp(
            "How long --wait waits at most, such as 10m (default: as long as it takes).", valueName: "time"),
        transform: Durations.parse)
    var timeout: Duration?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        if noLogicalDate, logicalDate != nil {
            throw ValidationError("--logical-date and --no-logical-date contradict each other")
        }
        if timeout != nil, !wait { throw ValidationError("--timeout goes with --wait") }
        if let timeout, timeout <= .zero { throw ValidationError("--timeout must be longer than nothing") }
        if let runID, runID.isEmpty { throw ValidationError("--run-id is empty") }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        try await database.withHistory { opened in
            let clock = ContinuousClock()
            let start = clock.now
            let summary = try await HistoryLookup(opened).dag(dag).summary
            let desk = CommandDesk(opened)
            let patience = timeout ?? CommandDesk.patience
            let date = noLogicalDate ? nil : logicalDate ?? environment.now()
            let (number, outcome) = try await desk.submit(
                .trigger(dag: summary.id, runID: runID, logicalDate: date, conf: conf, runAfter: runAfter),
                limit: wait ? patience : nil)
            guard case .run(let id, let runID, _)? = outcome else {
                if wait { throw desk.notTaken(number, after: patience) }
                return try reportWaiting(number)
            }
            if summary.isPaused {
                try environment.console.error(
                    "note: DAG \"\(id)\" is paused: the run waits for `cryptoflow dag unpause \(id)`")
            }
            if let runAfter, runAfter > environment.now() {
                try environment.console.error(
                    "note: the run starts at \(options.shapes.text(runAfter)) at the earliest")
            }
            guard wait else {
                let detail = try await HistoryLookup(opened).run(id.rawValue, runID)
                return try report(detail, "run \(runID) of DAG \(id) is \(detail.run.state.rawValue)")
            }
            let rest = timeout.map { $0 - (clock.now - start) }
            let detail: RunDetail
            do {
                detail = try await RunFollower(opened, limit: rest, asked: timeout).end(of: id, runID)
            } catch let failure as CommandFailure where failure.exitCode == ExitStatus.timedOut {
                // Whoever reads the result can go on with the run's id.
                let present = try await HistoryLookup(opened).run(id.rawValue, runID)
                try report(present, "run \(runID) of DAG \(id) is \(present.run.state.rawValue)")
                throw failure
            }
            let took = (detail.run.endDate ?? detail.run.queuedAt) - (detail.run.startDate ?? detail.run.queuedAt)
            try report(
                detail,
                "run \(runID) of DAG \(id) ended in \(detail.run.state.rawValue) after \(took.humanText(units: 2))")
            if detail.run.state != .success { throw Self.failure(of: detail) }
        }
    }

    private func report(_ detail: RunDetail, _ sentence: String) throws {
        try options.write(options.shapes.run(detail.run)) { detail.run.state.tone.paint(sentence, $0) }
    }

    private func reportWaiting(_ number: Int64) throws {
        try options.write(["command_id": .int(number), "dag_id": .string(dag), "state": "waiting"]) { _ in
            "command \(number) waits for a scheduler"
        }
    }

    /// Names the tasks that failed, with their reasons.
    static func failure(of detail: RunDetail) -> CommandFailure {
        let failed = detail.tasks.filter { $0.state == .failed }
        var sentence = "run \"\(detail.run.runID)\" of DAG \"\(detail.run.dag)\" failed"
        if let reason = detail.run.reason { sentence += ": \(reason)" }
        for task in failed.prefix(5) {
            sentence += "; task \"\(task.instance.task)\": \(task.reason ?? "failed")"
        }
        let log = failed.first.map {
            "See `cryptoflow task logs \(detail.run.dag) '\(detail.run.runID)' \($0.instance.task)`."
        }
        return CommandFailure(sentence, nextStep: log)
    }
}
