package import Execution
import Glibc
import Hummingbird
package import Logging
import NIOCore
package import RunStore
import ServiceLifecycle

/// The pages over the run history: an HTTP server on one address that ends on graceful shutdown.
///
/// It only reads.
package struct WebServerService: Service {
    private let site: WebSite
    private let configuration: WebServerConfiguration
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - history: what the pages show.
    ///   - markets: the market pages; nil when there is no market data, which they then say.
    ///   - models: the model pages and the forecasts of the market pages; nil when there are no models.
    ///   - logs: where the logs of tries are.
    ///   - onListening: called once, when connections are accepted, with the port.
    /// - Throws: when a template of the program is broken.
    package init(
        history: any RunHistory, markets: (any MarketPages)?, models: (any ModelPages)? = nil, logs: TaskLogDirectory,
        configuration: WebServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws {
        // The HTTP server announces its start at info; `onListening` does that here.
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        site = try WebSite(
            history: history, markets: markets, models: models, logs: logs, configuration: configuration, logger: logger
        )
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: ``WebServerError`` when the address cannot be listened on.
    package func run() async throws {
        let application = Application(
            responder: SiteResponder(site: site),
            configuration: .init(address: .hostname(configuration.host, port: configuration.port), serverName: nil),
            onServerRunning: { [onListening] channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw refusal(of: error.errnoCode)
        } catch is SocketAddressError {
            throw WebServerError(
                description: "the web page cannot be served: \"\(configuration.host)\" is no address of this machine")
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
