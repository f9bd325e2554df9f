import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow backfill show ID`.
struct BackfillShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a backfill and its newest runs.",
        discussion: """
            In a terminal --follow draws a bar with the rate and the time it will be through.

            Examples:
              cryptoflow backfill show 4294967299
              cryptoflow backfill show 4294967299 --follow
            """)

    @Argument(help: ArgumentHelp("The backfill's number.", valueName: "id"))
    var id: Int64

    @Flag(name: .shortAndLong, help: "Wait until the backfill and its runs have ended.")
    var follow = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    /// How many of its runs are shown.
    private static let shownRuns = 10

    func run() async throws {
        let (backfill, runs, states) = try await database.withHistory { opened in
            var backfill = try await BackfillLookup.find(id, opened.history)
            if follow, backfill.endedAt == nil {
                backfill = try await RunFollower(opened, limit: nil).end(of: backfill.id)
            }
            let query = RunQuery(dag: backfill.dag, limit: Self.shownRuns, backfill: backfill.id)
            let states = try await opened.history.runStates(of: [backfill.id])
            return (backfill, try await opened.history.runs(query).runs, states[backfill.id] ?? [:])
        }
        let shapes = options.shapes
        try options.write(shape(backfill, runs, states)) { isColourful in
            var list = FieldList()
            list.add("backfill", "\(backfill.id)")
            list.add("dag", backfill.dag.rawValue)
            list.add("state", backfill.state.rawValue, backfill.state.tone)
            list.add("from", shapes.text(backfill.from))
            list.add("to", shapes.text(backfill.to))
            list.add("order", backfill.backwards ? "backwards: the newest date first" : nil)
            list.add("reprocess", backfill.reprocess.rawValue)
            list.add("at once", "\(backfill.maxActive) runs")
            list.add("dates", "\(backfill.total): \(backfill.created) begun, \(backfill.skipped) left alone")
            let counts = BackfillRuns(states)
            list.add(
                "runs", "\(counts.succeeded) succeeded, \(counts.failed) failed, \(counts.active) active",
                counts.failed > 0 ? .bad : .plain)
            list.add("created", shapes.text(backfill.createdAt))
            list.add("ended", shapes.text(backfill.endedAt))
            list.add("asked by", backfill.triggeredBy)
            let text = list.text(isColourful: isColourful)
            return runs.isEmpty ? text : text + "\n\n" + RunList.table(runs, shapes).text(isColourful: isColourful)
        }
    }

    private func shape(
        _ backfill: BackfillRecord, _ runs: [RunRecord], _ states: [RunState: Int]
    ) -> JSONValue {
        var members = options.shapes.backfill(backfill, runs: states).objectValue ?? [:]
        members["last_runs"] = .array(runs.map { options.shapes.run($0) })
        return .object(members)
    }
}

/// Finds a backfill by its number.
enum BackfillLookup {
    static func find(_ id: Int64, _ history: any RunHistory) async throws -> BackfillRecord {
        guard let backfill = try await history.backfill(BackfillID(rawValue: id)) else {
            throw CommandFailure("there is no backfill \(id)", nextStep: "See `cryptoflow backfill list`.")
        }
        return backfill
    }
}
