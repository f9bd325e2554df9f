import ArgumentParser
import CivilTime
import DAGModel
import Explanations
import RunStore
import SchedulerCore

/// `cryptoflow why DAG [RUN [TASK]]`.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say why a schedule, run, task or backfill waits.",
        discussion: """
            Every condition with its state, the one that blocks first, since when and until when. Without a run: why \
            the DAG's schedule has made none.

            Examples:
              cryptoflow why candles_1h
              cryptoflow why candles_1h scheduled__2026-11-20T05:00:00+00:00
              cryptoflow why report r1 load --output json
              cryptoflow why --backfill 3
            """)

    @Argument(help: ArgumentHelp("The DAG's id; not needed with --backfill.", valueName: "dag"))
    var named: String?

    @Argument(help: ArgumentHelp("The run's id.", valueName: "run"))
    var runID: String?

    @Argument(help: ArgumentHelp("The task's id.", valueName: "task"))
    var task: String?

    @Option(help: ArgumentHelp("Which instance of a mapped task.", valueName: "i"))
    var mapIndex: Int?

    @Option(help: ArgumentHelp("The number of a backfill, instead of a run.", valueName: "id"))
    var backfill: Int64?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        if named == nil, backfill == nil { throw ValidationError("name a DAG, or a backfill with --backfill") }
        if backfill != nil, runID != nil { throw ValidationError("--backfill goes without a run") }
        if mapIndex != nil, task == nil { throw ValidationError("--map-index goes with a task") }
    }

    func run() async throws {
        let explanation = try await database.withHistory { try await explain($0) }
        try options.write(shape(explanation)) { text(explanation, isColourful: $0) }
    }

    private func explain(_ opened: OpenedHistory) async throws -> Explanation {
        let lookup = HistoryLookup(opened)
        let now = CommandEnvironment.current.now()
        let history = opened.history
        let dag: String
        if let named { dag = named } else { dag = try await BackfillLookup.find(backfill ?? 0, history).dag.rawValue }
        let detail = try await lookup.dag(dag)
        let health = try await history.schedulerHealth()
        let active = try await history.runs(
            RunQuery(dag: DAGID(dag), limit: RunQuery.maximumLimit, states: [.queued, .running])
        ).runs
        if let backfill {
            guard let record = try await history.backfill(BackfillID(rawValue: backfill)),
                record.dag == detail.summary.id
            else {
                throw CommandFailure(
                    "DAG \"\(dag)\" has no backfill \(backfill)", nextStep: "See `cryptoflow backfill list`.")
            }
            return .backfill(record, of: detail.summary, health: health, active: active)
        }
        guard let runID else {
            return .schedule(
                detail, health: health, importErrors: try await history.importErrors(), active: active, now: now)
        }
        let run = try await lookup.run(dag, runID)
        let workers = try await history.workers()
        let status = try task.map { try lookup.task($0, mapIndex: mapIndex, in: run) }
        let pools = try await self.pools(of: run, status, history)
        var previous: StoredRun?
        if let date = run.run.logicalDate,
            run.definition.tasks.contains(where: { $0.dependsOnPast || $0.waitForDownstream })
        {
            previous = try await history.previousRun(dag: run.run.dag, before: date)
        }
        guard let status else {
            return .run(
                run, of: detail.summary, health: health, active: active, previous: previous, workers: workers,
                pools: pools, now: now)
        }
        return .task(
            status, in: run, of: detail.summary, health: health, active: active, previous: previous, workers: workers,
            pools: pools, now: now)
    }

    /// How the pool of a task is used, or all of them for a run.
    private func pools(
        of run: RunDetail, _ status: TaskStatus?, _ history: any RunHistory
    ) async throws -> [String: PoolUse] {
        guard let status else {
            return Dictionary(
                try await history.poolUses().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        guard let spec = run.definition.tasks.first(where: { $0.id == status.instance.task }),
            let use = try await history.poolUse(spec.pool)
        else { return [:] }
        return [use.name: use]
    }

    private func shape(_ explanation: Explanation) -> JSONValue {
        func time(_ instant: Timestamp?) -> JSONValue { instant.map { .string(options.shapes.text($0)) } ?? .null }
        func condition(_ condition: Explanation.Condition) -> JSONValue {
            [
                "name": .string(condition.name), "state": .string(condition.state.rawValue),
                "detail": .string(condition.detail), "since": time(condition.since), "until": time(condition.until),
                "advice": condition.advice.map { .string($0) } ?? .null,
            ]
        }
        return [
            "subject": .string(explanation.subject), "answer": .string(explanation.answer),
            "blocking": explanation.blocking.map { condition($0) } ?? .null,
            "conditions": .array(explanation.conditions.map(condition)),
        ]
    }

    private func text(_ explanation: Explanation, isColourful: Bool) -> String {
        let blocking = explanation.blocking
        var text = "\(explanation.subject): "
        text += (blocking == nil ? Tone.good : .warning).paint(DisplayText.oneLine(explanation.answer), isColourful)
        if let since = blocking?.since { text += "\n  since " + options.shapes.text(since) }
        if let until = blocking?.until { text += "\n  until " + options.shapes.text(until) }
        if let advice = blocking?.advice { text += "\n  try   " + advice }
        guard !explanation.conditions.isEmpty else { return text }
        var table = TextTable(.init("CONDITION"), .init("STATE"), .init("FOUND"), .init("UNTIL"))
        for condition in explanation.conditions {
            table.add(
                .init(condition.name),
                .init(condition.state.rawValue, condition.state == .holds ? .good : .warning),
                .init(condition.detail), .init(options.shapes.shortText(condition.until)))
        }
        return text + "\n\n" + table.text(isColourful: isColourful)
    }
}
