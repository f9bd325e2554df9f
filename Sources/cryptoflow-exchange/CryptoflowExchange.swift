import ArgumentParser
import CivilTime
import FoundationEssentials
import Logging
import RecordedExchange
import ServiceLifecycle
import UnixSignals

@main
struct CryptoflowExchange: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-exchange",
        abstract: "Upbit's REST API on loopback, spoken from recorded candles.",
        discussion: "Prints \"listening on http://HOST:PORT\" when it is ready. See Resources/recorded/NOTICE.")

    @OptionGroup var options: ExchangeOptions

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let service = try options.service(logger: Logger(label: "exchange"))
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [.init(service: service)]
        if options.exitWithParent {
            services.append(
                .init(service: ParentWatch(), successTerminationBehavior: .gracefullyShutdownGroup))
        }
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "services"))
        group.maximumGracefulShutdownDuration = .seconds(3)
        try await ServiceGroup(configuration: group).run()
    }
}
