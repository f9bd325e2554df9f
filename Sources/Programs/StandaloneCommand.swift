package import ArgumentParser
import Execution
import Logging
import ServiceLifecycle
import UnixSignals

/// `cryptoflow standalone`.
package struct StandaloneCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "standalone",
        abstract: "Starts everything on this machine: database, scheduler, web page.",
        discussion: """
            The database lives in the home folder, with a PostgreSQL of its own. The first start fetches history; \
            Ctrl-C stops everything, and the next start goes on where this one stopped.

            Set CRYPTOFLOW_DATABASE_URL to use a PostgreSQL of yours instead.

            Example: cryptoflow standalone --home /srv/cryptoflow --port 9000 --feed live
            """)

    @OptionGroup package var options: StandaloneOptions

    package init() {}

    package func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "cryptoflow")
        logger.logLevel = .critical
        ChildReaper.adoptOrphans()
        var group = ServiceGroupConfiguration(
            services: [StandaloneService(options: options, terminal: Terminal(), logger: logger)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // The inner services get 3.5 s, the database what is left of 5 s.
        group.maximumGracefulShutdownDuration = .seconds(9)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch is ServiceGroupError {
            // Told already by the service that ended.
            throw ExitCode.failure
        }
    }
}
