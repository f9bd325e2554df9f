package import ArgumentParser
import Execution
import Hosting
import LogFiles
import Logging
import PrivateCluster
import ServiceLifecycle
import UnixSignals

/// `cryptoflow standalone`.
package struct StandaloneCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "standalone",
        abstract: "Starts everything on this machine: database, scheduler, web page.",
        discussion: """
            The database lives in the home folder, with a PostgreSQL of its own. The first start fetches history; \
            Ctrl-C stops everything, and the next start goes on where this one stopped. What happens is in logs/server.log \
            and logs/collector.log of the home; cryptoflow logs searches them.

            Set CRYPTOFLOW_DATABASE_URL to use a PostgreSQL of yours instead.

            Example: cryptoflow standalone --home /srv/cryptoflow --port 9000 --feed live
            """)

    @OptionGroup package var options: StandaloneOptions

    package init() {}

    package func run() async throws {
        let logs = ProgramLogs(folder: try CryptoflowHome(path: options.home).logs)
        // Files get what happens, standard error only what is critical: the terminal has its own lines.
        LoggingSystem.bootstrap { logs.handler(label: $0) }
        let logger = Logger(label: "cryptoflow")
        ChildReaper.adoptOrphans()
        var group = ServiceGroupConfiguration(
            services: [
                StandaloneService(options: options, terminal: Terminal(log: Logger(label: "events")), logger: logger)
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // The inner services get 3.5 s, then the database under four; a task that goes on after nine is cancelled, and after ten
        // `LastResort` ends the program, whatever stands still.
        group.maximumGracefulShutdownDuration = .seconds(9)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            logger.error("ended", metadata: ["error.message": "\(error)"])
            await logs.finish()
            // Told already by the service that ended.
            if error is ServiceGroupError { throw ExitCode.failure }
            throw error
        }
        await logs.finish()
    }
}
