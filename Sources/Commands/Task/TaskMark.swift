import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow task mark DAG RUN TASK STATE`.
struct TaskMark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark", abstract: "Give a task of a run the state success or failed.",
        discussion: """
            What runs is stopped first. After a success, tasks below that had failed for its sake run again.

            Examples:
              cryptoflow task mark report r1 load success
              cryptoflow task mark report r1 fetch failed --map-index 3
            """)

    @OptionGroup var named: NamedRun

    @Argument(help: ArgumentHelp("The task's id.", valueName: "task"))
    var task: String

    @Argument(help: ArgumentHelp("success or failed.", valueName: "state"))
    var state: Mark

    @Option(help: "Only this instance of a mapped task.")
    var mapIndex: Int?

    @Flag(help: "Only say what would be marked.")
    var dryRun = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(named)
            let name = TaskName(task, mapIndex: mapIndex)
            let (number, outcome) = try await CommandDesk(opened).submit(
                .markTask(
                    dag: detail.run.dag, runID: named.runID, task: TaskID(name.id), mapIndex: name.mapIndex,
                    state: state == .success ? .success : .failed, dryRun: dryRun))
            try options.write(ChangeReport.json(number, outcome, dryRun: dryRun)) { _ in
                ChangeReport.text(number, outcome, dryRun: dryRun, done: "marked \(state.rawValue)")
            }
        }
    }
}
