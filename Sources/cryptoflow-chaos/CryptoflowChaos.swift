import ArgumentParser
import Chaos
import Execution
import Lab

@main
struct CryptoflowChaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-chaos",
        abstract: "Kills schedulers, workers and PostgreSQL under load, then audits what the tasks wrote themselves.",
        discussion: """
            The tasks append their beginnings and ends to a file outside the database; the audit joins it with the history. The
            last line counts kills and violations; the exit status is 1 when there is one.
            """)

    @Option(help: "How long programs are killed, in seconds.") var seconds = 120
    @Option(help: "The seed of victims and moments (default: another each time).") var seed: UInt64?
    @Option(help: "A folder for the private PostgreSQL and everything else.") var folder = "/var/tmp"
    @Option(help: "The folder of migrations (default: found above the program).") var migrations: String?

    func validate() throws {
        if seconds < 1 || seconds > 86_400 { throw ValidationError("--seconds must be 1 ... 86400, not \(seconds)") }
    }

    func run() async throws {
        ChildReaper.adoptOrphans()
        let signals = StartedPrograms.endOnSignals()
        defer { signals.cancel() }
        let built = try BuiltPrograms()
        let chaos = ChaosRun(
            seconds: seconds, seed: seed ?? .random(in: 0...UInt64(UInt32.max)), folder: folder,
            programs: built.folder, migrations: try migrations ?? built.migrations(), say: LabProgress.say)
        let report = try await chaos.run()
        for violation in report.audit.violations { print("violation: \(violation)") }
        print(report.line)
        if !report.audit.violations.isEmpty { throw ExitCode(1) }
    }
}
