import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow run cancel DAG RUN`.
struct RunCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Stop what a run still does; it ends in failed with the reason cancelled.",
        discussion: """
            Example:
              cryptoflow run cancel report r1
            """)

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Argument(help: ArgumentHelp("The run's id.", valueName: "run"))
    var runID: String

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(dag, runID)
            guard !detail.run.state.isFinished else {
                throw CommandFailure(
                    "run \"\(runID)\" of DAG \"\(dag)\" has ended already: \(detail.run.state.rawValue)")
            }
            let (number, outcome) = try await CommandDesk(opened).submit(.cancelRun(dag: detail.run.dag, runID: runID))
            let state = outcome == nil ? "waiting" : "cancelled"
            try options.write(
                ["dag_id": .string(dag), "run_id": .string(runID), "state": .string(state), "command_id": .int(number)]
            ) { _ in
                outcome == nil
                    ? "command \(number) waits for a scheduler" : "run \(runID) of DAG \(dag) is cancelled"
            }
        }
    }
}
