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
        let backfills = try await database.withHistory { opened in
            if let dag { _ = try await HistoryLookup(opened).dag(dag) }
            return try await opened.history.backfills(dag: dag.map { DAGID($0) }, limit: limit)
        }
        let shapes = options.shapes
        try options.write(.array(backfills.map { shapes.backfill($0) })) { isColourful in
            guard !backfills.isEmpty else { return "no backfills" }
            var table = TextTable(
                .init("BACKFILL"), .init("DAG"), .init("STATE"), .init("FROM"), .init("TO"), .init("DATES", .right),
                .init("BEGUN", .right), .init("LEFT ALONE", .right))
            for backfill in backfills {
                table.add(
                    .init("\(backfill.id)"), .init(backfill.dag.rawValue),
                    .init(backfill.state.rawValue, backfill.state.tone), .init(shapes.text(backfill.from)),
                    .init(shapes.text(backfill.to)), .init(String(backfill.total)), .init(String(backfill.created)),
                    .init(String(backfill.skipped)))
            }
            return table.text(isColourful: isColourful)
        }
    }
}
