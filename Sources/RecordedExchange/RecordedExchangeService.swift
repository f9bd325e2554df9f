import Glibc
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
import WebSocketServer

/// The recorded exchange as a long-lived service: REST and WebSocket on one port, until graceful shutdown.
package struct RecordedExchangeService: Service {
    private let desk: ExchangeDesk
    private let stream: ExchangeStream
    private let configuration: ExchangeConfiguration
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - logger: takes what goes wrong, from notice on.
    ///   - onListening: called once, when connections are accepted, with the port.
    package init(
        recording: Recording, clock: RecordedClock, configuration: ExchangeConfiguration, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        let start = ContinuousClock.now
        desk = ExchangeDesk(recording: recording, clock: clock, configuration: configuration) {
            let elapsed = (ContinuousClock.now - start).components
            return elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
        }
        stream = ExchangeStream(desk: desk)
        self.configuration = configuration
        // The HTTP server announces its start at info; `onListening` does that here.
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: `RecordingError` when the address cannot be listened on.
    package func run() async throws {
        var settings = WebSocketServerSettings()
        settings.idleTimeout = configuration.streamIdleTimeout
        settings.idleEnd = .disconnect
        settings.maxOutgoingBytes = 32 * 1024 * 1024
        let application = Application(
            responder: ExchangeResponder(desk: desk),
            server: .webSocketUpgrade(settings: settings) { [stream] request, _ in stream.upgrade(request) },
            configuration: .init(address: .hostname(configuration.host, port: configuration.port), serverName: nil),
            onServerRunning: { [onListening] channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await stream.run() }
                defer { group.cancelAll() }
                try await application.run()
            }
        } catch let error as IOError {
            throw refusal(
                String(cString: strerror(error.errnoCode)), "choose another port with --port (0 takes a free one)")
        } catch is SocketAddressError {
            throw refusal("the address is unknown", "name one of this machine with --bind")
        }
    }

    private func refusal(_ reason: String, _ advice: String) -> RecordingError {
        RecordingError("cannot listen on \(configuration.host):\(configuration.port): \(reason); \(advice)")
    }
}
