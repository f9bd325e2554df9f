import ArgumentParser
import Hosting
import LogFiles
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
        let logs = ProgramLogs(folder: try options.database.logFolder())
        LoggingSystem.bootstrap { logs.handler(label: $0, consoleLevel: $0 == "web" ? .warning : .info) }
        let (services, close) = try await options.open(logger: Logger(label: "collector"))
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "services"))
        // The last trades are stored within it, unless the database is away; then the next start asks for them again.
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            await logs.finish()
            throw error
        }
        await close()
        await logs.finish()
    }
}
