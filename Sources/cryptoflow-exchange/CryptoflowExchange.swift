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
        discussion: """
            Prints "listening on http://HOST:PORT" when it is ready. GET /v1/_recorded tells the shift and the span; \
            Resources/recorded/NOTICE what is recorded and what is computed.

            Faults can also be set up while it runs: POST /faults with {"kind":"500","path":"/v1/candles","count":3}; \
            GET /faults lists them, DELETE /faults ends them all.
            """)

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
