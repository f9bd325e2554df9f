import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow run mark DAG RUN success|failed`.
struct RunMark: AsyncParsableCommand {
    enum Mark: String, CaseIterable, ExpressibleByArgument {
        case success, failed
    }

    static let configuration = CommandConfiguration(
        commandName: "mark", abstract: "Set the state of a whole run.",
        discussion: """
            After success every task of the run is a success, what runs is stopped. After failed what runs is stopped and
            fails, what has not started is skipped, and what has ended stays as it is.

            Examples:
              cryptoflow run mark report r1 success --dry-run
              cryptoflow run mark report r1 failed
            """)

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Argument(help: ArgumentHelp("The run's id.", valueName: "run"))
    var runID: String

    @Argument(help: ArgumentHelp("The state.", valueName: "state"))
    var mark: Mark

    @Flag(help: "Only say which tasks would be changed.")
    var dryRun = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let state: RunState = mark == .success ? .success : .failed
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(dag, runID)
            let (number, outcome) = try await CommandDesk(opened).submit(
                .markRun(dag: detail.run.dag, runID: runID, state: state, dryRun: dryRun))
            try options.write(ChangeReport.json(number, outcome, dryRun: dryRun)) { _ in
                let run = "run \(runID) of DAG \(dag)"
                guard case .changed(0, _)? = outcome else {
                    return ChangeReport.text(
                        number, outcome, dryRun: dryRun, done: "marked \(state.rawValue) with its run")
                }
                return dryRun ? "\(run) would be marked \(state.rawValue)" : "\(run) is marked \(state.rawValue)"
            }
        }
    }
}
