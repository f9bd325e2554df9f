import ArgumentParser
import CLinux
import Execution
import Hosting
import LogFiles
import Logging
import ServiceLifecycle
import UnixSignals

@main
struct CryptoflowScheduler: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-scheduler",
        abstract: "Loads DAGs, makes runs, carries out tasks. One scheduler leads, others stand by.")

    @OptionGroup var options: SchedulerOptions

    func run() async throws {
        cryptoflow_share_heaps()
        let logs = ProgramLogs(folder: try options.database.logFolder())
        LoggingSystem.bootstrap { logs.handler(label: $0, consoleLevel: .notice) }
        let logger = Logger(label: "scheduler")
        ChildReaper.adoptOrphans()
        let (service, close) = try await options.open(
            terminal: Terminal(log: Logger(label: "events")), logger: logger)
        let group = ServiceGroup(
            services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "services"))
        do {
            try await group.run()
        } catch {
            await logs.finish()
            throw error
        }
        await close()
        await logs.finish()
    }
}
