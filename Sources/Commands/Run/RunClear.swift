import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow run clear DAG RUN`.
struct RunClear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Make the tasks of a run that exists run again.",
        discussion: """
            The run keeps the version of the DAG it was made from, and its earlier tries stay in the history.
            Each task may be tried once more and as often again as its retries say. What runs is stopped first.

            Examples:
              cryptoflow run clear report r1 --only-failed
              cryptoflow run clear report r1 --task load --downstream --dry-run
            """, aliases: ["rerun"])

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Argument(help: ArgumentHelp("The run's id.", valueName: "run"))
    var runID: String

    @Option(name: .customLong("task"), help: ArgumentHelp("Only this task; may be repeated.", valueName: "task"))
    var tasks: [String] = []

    @Flag(help: "Also the tasks above.")
    var upstream = false

    @Flag(help: "Also the tasks below.")
    var downstream = false

    @Flag(help: "Only tasks that failed, or could not run because another had.")
    var onlyFailed = false

    @Flag(help: "Also in runs with earlier logical dates.")
    var past = false

    @Flag(help: "Also in runs with later logical dates.")
    var future = false

    @Flag(help: "Only say what would be cleared.")
    var dryRun = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(dag, runID)
            let request = ClearRequest(
                dag: detail.run.dag, runID: detail.run.runID, tasks: tasks.map { TaskID($0) }, upstream: upstream,
                downstream: downstream, onlyFailed: onlyFailed, past: past, future: future, dryRun: dryRun)
            let (number, outcome) = try await CommandDesk(opened).submit(.clear(request))
            try options.write(ChangeReport.json(number, outcome, dryRun: dryRun)) { _ in
                ChangeReport.text(number, outcome, dryRun: dryRun, done: "cleared")
            }
        }
    }
}
