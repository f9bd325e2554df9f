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

    @OptionGroup var named: NamedRun

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(named)
            let (number, outcome) = try await CommandDesk(opened).submit(
                .deleteRun(dag: detail.run.dag, runID: named.runID))
            try options.write(ChangeReport.json(number, outcome, dryRun: false)) { _ in
                ChangeReport.text(number, outcome, dryRun: false, done: "\(named) is deleted")
            }
        }
    }
}
