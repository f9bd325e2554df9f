import ArgumentParser
import DAGModel
import SchedulerCore

/// `cryptoflow run retry DAG RUN`.
struct RunRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Run again what failed in a run, and what could not run because of it.",
        discussion: """
            The same as `run clear --only-failed`: what has succeeded stays as it is.

            Examples:
              cryptoflow run retry report r1
              cryptoflow run retry report r1 --latest
            """)

    @OptionGroup var named: NamedRun

    @Flag(help: "By the DAG's present version, not the one the run was made from.")
    var latest = false

    @Flag(help: "Only say what would run again.")
    var dryRun = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let request = ClearRequest(
            dag: named.dagID, runID: named.runID, onlyFailed: true, latest: latest, dryRun: dryRun)
        try await RunClear.clear(request, database, options)
    }
}
