import ArgumentParser
import Logging
import Programs
import ServiceLifecycle
import UnixSignals

@main
struct CryptoflowStream: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-stream",
        abstract: "Collects trades, tickers and order books as they happen. Several workers share the markets.")

    @OptionGroup var options: StreamOptions

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let (services, close) = try await options.open(logger: Logger(label: "stream"))
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "services"))
        // The last trades are stored within it, unless the database is away; then the next start asks for them again.
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
        await close()
    }
}
