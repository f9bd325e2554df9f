import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow backfill list [DAG]`.
struct BackfillList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List backfills, newest first.",
        discussion: """
            Example:
              cryptoflow backfill list candles_1h
            """)

    @Argument(help: ArgumentHelp("Only backfills of this DAG.", valueName: "dag"))
    var dag: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 25

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is between 1 and 1000, not \(limit)") }
    }

    func run() async throws {
        let (backfills, states) = try await database.withHistory { opened in
            if let dag { _ = try await HistoryLookup(opened).dag(dag) }
            let backfills = try await opened.history.backfills(dag: dag.map { DAGID($0) }, limit: limit)
            return (backfills, try await opened.history.runStates(of: backfills.map(\.id)))
        }
        let shapes = options.shapes
        let json = backfills.map { shapes.backfill($0, runs: states[$0.id] ?? [:]) }
        try options.write(.array(json)) { isColourful in
            guard !backfills.isEmpty else { return "no backfills" }
            var table = TextTable(
                .init("BACKFILL"), .init("DAG"), .init("STATE"), .init("FROM"), .init("TO"), .init("DATES", .right),
                .init("BEGUN", .right), .init("LEFT ALONE", .right), .init("SUCCEEDED", .right),
                .init("FAILED", .right),
                .init("ACTIVE", .right))
            for backfill in backfills {
                let runs = BackfillRuns(states[backfill.id] ?? [:])
                table.add(
                    .init("\(backfill.id)"), .init(backfill.dag.rawValue),
                    .init(backfill.state.rawValue, backfill.state.tone), .init(shapes.text(backfill.from)),
                    .init(shapes.text(backfill.to)), .init(String(backfill.total)), .init(String(backfill.created)),
                    .init(String(backfill.skipped)), .init(String(runs.succeeded)),
                    .init(String(runs.failed), runs.failed > 0 ? .bad : .plain), .init(String(runs.active)))
            }
            return table.text(isColourful: isColourful)
        }
    }
}

/// How the runs of a backfill stand.
struct BackfillRuns {
    let succeeded: Int
    let failed: Int
    let active: Int

    init(_ states: [RunState: Int]) {
        succeeded = states[.success, default: 0]
        failed = states[.failed, default: 0]
        active = states[.running, default: 0] + states[.queued, default: 0]
    }
}

extension RecordShapes {
    /// A backfill with how its runs stand.
    func backfill(_ backfill: BackfillRecord, runs states: [RunState: Int]) -> JSONValue {
        let runs = BackfillRuns(states)
        var members = self.backfill(backfill).objectValue ?? [:]
        members["succeeded"] = .int(Int64(runs.succeeded))
        members["failed"] = .int(Int64(runs.failed))
        members["active"] = .int(Int64(runs.active))
        return .object(members)
    }
}
