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
        abstract: "Upbit's REST API and WebSocket on loopback, spoken from recorded candles.",
        discussion: """
            Prints "listening on http://HOST:PORT" when it is ready; the WebSocket is ws://HOST:PORT/websocket/v1. Trades \
            and order books are made from the recorded candles, the same ones every time, and add up to them exactly. \
            GET /v1/_recorded tells the shift, the span and the speed, Resources/recorded/NOTICE what is recorded and what \
            is made.

            GET /v1/_sent?market=KRW-BTC&from=...&to=... lists the trades of a stretch (CSV, or format=json), for audits of \
            what was stored.

            Faults can also be set up while it runs: POST /faults with {"kind":"500","path":"/v1/candles","count":3} or \
            {"kind":"disconnect","probability":0.001}; GET /faults lists them, DELETE /faults ends them all.
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
