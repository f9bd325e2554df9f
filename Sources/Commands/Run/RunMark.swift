import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow run mark DAG RUN success|failed`.
struct RunMark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark", abstract: "Set the state of a whole run.",
        discussion: """
            After success every task of the run is a success, what runs is stopped. After failed what runs is stopped and \
            fails, what has not started is skipped, and what has ended stays as it is.

            Examples:
              cryptoflow run mark report r1 success --dry-run
              cryptoflow run mark report r1 failed
            """)

    @OptionGroup var named: NamedRun

    @Argument(help: ArgumentHelp("The state.", valueName: "state"))
    var mark: Mark

    @Flag(help: "Only say which tasks would be changed.")
    var dryRun = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let state: RunState = mark == .success ? .success : .failed
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(named)
            let (number, outcome) = try await CommandDesk(opened).submit(
                .markRun(dag: detail.run.dag, runID: named.runID, state: state, dryRun: dryRun))
            try options.write(ChangeReport.json(number, outcome, dryRun: dryRun)) { _ in
                guard case .changed(0, _)? = outcome else {
                    return ChangeReport.text(
                        number, outcome, dryRun: dryRun, done: "marked \(state.rawValue) with its run")
                }
                return dryRun ? "\(named) would be marked \(state.rawValue)" : "\(named) is marked \(state.rawValue)"
            }
        }
    }
}
