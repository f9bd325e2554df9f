import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore
import Timetables

/// `cryptoflow dag list`.
struct DAGList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the DAGs with their schedule, last and next run.",
        discussion: """
            Documents that could not be loaded are named on standard error, with the reasons.

            Examples:
              cryptoflow dag list
              cryptoflow dag list --output json
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let now = environment.now()
        let (dags, broken) = try await database.withHistory { opened in
            (try await opened.history.dags(lastRuns: 1), try await opened.history.importErrors())
        }
        let shapes = options.shapes
        try options.write(.array(dags.map { shapes.dag($0, now: now) })) { isColourful in
            var table = TextTable(.init("DAG"), .init("STATE"), .init("SCHEDULE"), .init("LAST RUN"), .init("NEXT RUN"))
            for dag in dags {
                let last = dag.lastRuns.first
                let next = dag.isActive && !dag.isPaused ? dag.nextDue(now: now) : nil
                table.add(
                    .init(dag.id.rawValue), dag.stateCell, .init(dag.timetable.description),
                    .init(
                        last.map { "\($0.state.rawValue) \(shapes.shortText($0.runAfter))" }, last?.state.tone ?? .plain
                    ),
                    .init(shapes.shortText(next?.due)))
            }
            return dags.isEmpty ? "no DAGs: the scheduler has loaded none yet" : table.text(isColourful: isColourful)
        }
        for diagnostic in broken.flatMap(\.diagnostics) {
            try environment.console.error(DisplayText.oneLine(diagnostic.description))
        }
    }
}

extension DAGSummary {
    /// `active`, `paused`, or `gone` when its document is.
    var stateCell: TextTable.Cell {
        if !isActive { return .init("gone", .bad) }
        return isPaused ? .init("paused", .warning) : .init("active", .good)
    }
}
