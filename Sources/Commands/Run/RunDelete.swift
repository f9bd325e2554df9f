import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow run delete DAG RUN`.
struct RunDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Forget a run that has ended, with its tasks, tries and outputs.",
        discussion: """
            Example:
              cryptoflow run delete report r1
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
            let (number, outcome) = try await CommandDesk(opened).submit(.deleteRun(dag: detail.run.dag, runID: runID))
            try options.write(ChangeReport.json(number, outcome, dryRun: false)) { _ in
                ChangeReport.text(number, outcome, dryRun: false, done: "run \(runID) of DAG \(dag) is deleted")
            }
        }
    }
}
