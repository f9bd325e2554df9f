import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow run clear DAG RUN`.
struct RunClear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Make the tasks of a run that exists run again.",
        discussion: """
            The run keeps the version of the DAG it was made from, unless --latest gives it the present one: it then has \
            the tasks of the document as it is now, and those that are new run, too. The answer says which version it \
            is. Earlier tries stay in the history. \
            Each task may be tried once more and as often again as its retries say. What runs is stopped first.

            Examples:
              cryptoflow run clear report r1 --only-failed
              cryptoflow run clear report r1 --task load --downstream --dry-run
              cryptoflow run clear report r1 --latest
            """, aliases: ["rerun"])

    @OptionGroup var named: NamedRun

    @Option(
        name: .customLong("task"),
        help: ArgumentHelp("Only this task, or ID[INDEX] of a mapped one; may be repeated.", valueName: "task"))
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

    @Flag(help: "By the DAG's present version; only for runs that have ended.")
    var latest = false

    @Flag(help: "Only say what would be cleared.")
    var dryRun = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let names = tasks.map { TaskName($0) }
        let request = ClearRequest(
            dag: named.dagID, runID: named.runID,
            tasks: names.filter { $0.mapIndex == nil }.map { TaskID($0.id) },
            instances: names.compactMap { name in
                name.mapIndex.map { .init(task: TaskID(name.id), mapIndex: $0) }
            }, upstream: upstream,
            downstream: downstream, onlyFailed: onlyFailed, past: past, future: future, latest: latest, dryRun: dryRun)
        try await Self.clear(request, database, options)
    }

    /// Asks for it, and says by which version of the DAG the tasks run again.
    static func clear(_ request: ClearRequest, _ database: DatabaseOptions, _ options: OutputOptions) async throws {
        try await database.withHistory { opened in
            let lookup = HistoryLookup(opened)
            let before = try await lookup.run(request.dag.rawValue, request.runID)
            let present = try await lookup.dag(request.dag.rawValue).summary
            let (number, outcome) = try await CommandDesk(opened).submit(.clear(request))
            // What has been cleared says itself which version it has now.
            let isDone = outcome != nil && !request.dryRun
            let after = isDone ? try await lookup.run(request.dag.rawValue, request.runID) : before
            let version = request.latest && !isDone ? present.versionNumber : after.versionNumber
            var shape = ChangeReport.json(number, outcome, dryRun: request.dryRun).objectValue ?? [:]
            shape["version_number"] = .int(Int64(version))
            shape["present_version_number"] = .int(Int64(present.versionNumber))
            try options.write(.object(shape)) { _ in
                let text = ChangeReport.text(number, outcome, dryRun: request.dryRun, done: "cleared")
                return text + "\n" + sentence(request, version: version, present: present.versionNumber)
            }
        }
    }

    private static func sentence(_ request: ClearRequest, version: Int, present: Int) -> String {
        let others = request.past || request.future ? "; each other run \(request.latest ? "too" : "by its own")" : ""
        if version == present { return "by version \(version) of the DAG, the present one\(others)" }
        return "by version \(version) of the DAG, the run's own; the present one is \(present) (--latest)\(others)"
    }
}
