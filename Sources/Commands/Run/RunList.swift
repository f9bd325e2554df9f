import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import SchedulerCore

extension RunState: ExpressibleByArgument {}
extension RunType: ExpressibleByArgument {}

/// `cryptoflow run list [DAG]`.
struct RunList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List runs, newest first.",
        discussion: """
            Examples:
              cryptoflow run list
              cryptoflow run list candles_1h --state failed --limit 100 -o json
              cryptoflow run list candles_1h --type scheduled --from 2026-11-01 --to 2026-11-02
              cryptoflow run list --backfill 4294967299 --state failed
            """)

    @Argument(help: ArgumentHelp("Only runs of this DAG.", valueName: "dag"))
    var dag: String?

    @Option(help: ArgumentHelp("Only runs in this state; may be repeated.", valueName: "state"))
    var state: [RunState] = []

    @Option(help: ArgumentHelp("Only runs of this type; may be repeated.", valueName: "type"))
    var type: [RunType] = []

    @Option(help: ArgumentHelp("Only logical dates from this on.", valueName: "time"), transform: Instants.parse)
    var from: Timestamp?

    @Option(
        help: ArgumentHelp("Only logical dates up to this, included.", valueName: "time"), transform: Instants.parse)
    var to: Timestamp?

    @Option(help: ArgumentHelp("Only runs of this backfill.", valueName: "id"))
    var backfill: Int64?

    @Option(name: .shortAndLong, help: ArgumentHelp("At most so many runs.", valueName: "n"))
    var limit = 25

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    private static let mostRuns = 1_000_000

    func validate() throws {
        if let from, let to, to < from { throw ValidationError("--to (\(to)) lies before --from (\(from))") }
        guard (1...Self.mostRuns).contains(limit) else {
            throw ValidationError("--limit is between 1 and \(Self.mostRuns), not \(limit)")
        }
    }

    func run() async throws {
        let runs = try await database.withHistory { opened in
            if let dag { _ = try await HistoryLookup(opened).dag(dag) }
            if let backfill { _ = try await BackfillLookup.find(backfill, opened.history) }
            return try await read(opened.history)
        }
        let shapes = options.shapes
        try options.write(.array(runs.map { shapes.run($0) })) { isColourful in
            runs.isEmpty ? "no runs" : Self.table(runs, shapes).text(isColourful: isColourful)
        }
    }

    /// Page by page, since the history answers at most a thousand runs at once.
    private func read(_ history: any RunHistory) async throws -> [RunRecord] {
        var runs: [RunRecord] = []
        var cursor: RunCursor?
        repeat {
            let page = try await history.runs(
                RunQuery(
                    dag: dag.map { DAGID($0) }, limit: limit - runs.count, before: cursor,
                    states: state.isEmpty ? nil : Set(state), types: type.isEmpty ? nil : Set(type),
                    backfill: backfill.map { BackfillID(rawValue: $0) }, from: from, to: to))
            runs += page.runs
            cursor = page.runs.isEmpty ? nil : page.next
        } while cursor != nil && runs.count < limit
        return runs
    }

    static func table(_ runs: [RunRecord], _ shapes: RecordShapes) -> TextTable {
        var table = TextTable(
            .init("DAG"), .init("RUN"), .init("STATE"), .init("TYPE"), .init("LOGICAL DATE"),
            .init("STARTED"), .init("TOOK", .right))
        for run in runs {
            let took = run.startDate.flatMap { start in run.endDate.map { $0 - start } }
            table.add(
                .init(run.dag.rawValue), .init(run.runID), .init(run.state.rawValue, run.state.tone),
                .init(run.type.rawValue), .init(shapes.shortText(run.logicalDate)),
                .init(shapes.shortText(run.startDate)), .init(took?.humanText(units: 2)))
        }
        return table
    }
}
