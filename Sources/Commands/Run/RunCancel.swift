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

    @OptionGroup var named: NamedRun

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(named)
            guard !detail.run.state.isFinished else {
                throw CommandFailure(
                    "run \"\(named.runID)\" of DAG \"\(named.dag)\" has ended already: \(detail.run.state.rawValue)")
            }
            let (number, outcome) = try await CommandDesk(opened).submit(
                .cancelRun(dag: named.dagID, runID: named.runID))
            let state = outcome == nil ? "waiting" : "cancelled"
            try options.write(
                [
                    "dag_id": .string(named.dag), "run_id": .string(named.runID), "state": .string(state),
                    "command_id": .int(number),
                ]
            ) { _ in
                outcome == nil
                    ? "command \(number) waits for a scheduler" : "\(named) is cancelled"
            }
        }
    }
}
