import ArgumentParser
import Execution
import Logging
import Programs
import ServiceLifecycle
import UnixSignals

@main
struct CryptoflowScheduler: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-scheduler",
        abstract: "Loads DAGs, makes runs, carries out tasks. One scheduler leads, others stand by.")

    @OptionGroup var options: SchedulerOptions

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "scheduler")
        logger.logLevel = .notice
        ChildReaper.adoptOrphans()
        let (service, close) = try await options.open(terminal: Terminal(), logger: logger)
        let group = ServiceGroup(
            services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "services"))
        try await group.run()
        await close()
    }
}
