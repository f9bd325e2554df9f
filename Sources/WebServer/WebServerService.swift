package import Execution
import Glibc
import Hummingbird
package import LogFiles
package import Logging
import NIOCore
package import RunStore
import ServiceLifecycle
import WebSocketServer

/// The pages over the run history: an HTTP server on one address that ends on graceful shutdown.
///
/// It only reads.
package struct WebServerService: Service {
    let site: WebSite
    private let configuration: WebServerConfiguration
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - history: what the pages show.
    ///   - markets: the market pages; nil when there is no market data, which they then say.
    ///   - models: the model pages and the forecasts of the market pages; nil when there are no models.
    ///   - logs: where the logs of tries are.
    ///   - live: the real-time path; nil when none runs here, which its pages then say.
    ///   - programLogs: the programs' own logs; nil when there are none in files.
    ///   - onListening: called once, when connections are accepted, with the port.
    /// - Throws: when a template of the program is broken.
    package init(
        history: any RunHistory, markets: (any MarketPages)?, models: (any ModelPages)? = nil, logs: TaskLogDirectory,
        live: (any LiveMarkets)? = nil, programLogs: LogSearch? = nil,
        configuration: WebServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws {
        site = try WebSite(
            history: history, markets: markets, models: models, logs: logs, live: live, programLogs: programLogs,
            configuration: configuration, logger: logger)
        self.configuration = configuration
        // The HTTP server announces its start at info; `onListening` does that here.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        self.logger = quiet
        self.onListening = onListening
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: ``WebServerError`` when the address cannot be listened on.
    package func run() async throws {
        let application = Application(
            responder: SiteResponder(site: site),
            server: .webSocketUpgrade(settings: SocketGate.settings) { [gate = SocketGate(site: site)] request, _ in
                gate.decide(request)
            },
            configuration: .init(address: .hostname(configuration.host, port: configuration.port), serverName: nil),
            onServerRunning: { [onListening] channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
        do {
            try await serve(application)
        } catch let error as IOError {
            throw refusal(of: error.errnoCode)
        } catch is SocketAddressError {
            throw WebServerError(
                description: "the web page cannot be served: \"\(configuration.host)\" is no address of this machine")
        }
    }

    /// Serves, and keeps those who listen to live updates informed, who would otherwise never let the server end.
    private func serve(_ application: some ApplicationProtocol) async throws {
        guard let hub = site.live?.hub else { return try await application.run() }
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await hub.run() }
                defer {
                    hub.close()
                    group.cancelAll()
                }
                try await withTaskCancellationHandler {
                    try await application.run()
                } onCancel: {
                    hub.close()
                }
            }
        } onGracefulShutdown: {
            hub.close()
        }
    }

    private func refusal(of code: Int32) -> WebServerError {
        let place = "\(configuration.host):\(configuration.port)"
        switch code {
        case EADDRINUSE:
            return WebServerError(
                description: "port \(configuration.port) is taken, so the web page cannot be served at \(place); "
                    + "stop the other program or choose another port with --port N")
        case EACCES:
            return WebServerError(
                description: "port \(configuration.port) may not be used without privileges; "
                    + "choose one above 1023 with --port N")
        default:
            return WebServerError(
                description: "the web page cannot be served at \(place): \(String(cString: strerror(code))); "
                    + "choose another port with --port N")
        }
    }
}
