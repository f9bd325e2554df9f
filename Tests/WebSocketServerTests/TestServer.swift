import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import WebSocketServer

/// A server with a WebSocket at `/ws` and an ordinary answer everywhere else.
func withWebSocketServer(
    settings: WebSocketServerSettings = .init(),
    handler: @escaping @Sendable (WebSocketConnection) async -> Void,
    _ body: (_ port: Int, _ stop: @escaping @Sendable () async -> Void) async throws -> Void
) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let router = Router()
    router.get("/hello") { _, _ in "hello" }
    let application = Application(
        router: router,
        server: .webSocketUpgrade(settings: settings) { request, _ in
            switch request.path {
            case "/ws": .upgrade([.server: "test"], handler: handler)
            case "/full": .reject(.serviceUnavailable, [.retryAfter: "1"], body: "full")
            default: .refuse
            }
        },
        configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in
            continuation.yield(channel.localAddress?.port ?? 0)
            continuation.finish()
        },
        logger: logger)
    let group = ServiceGroup(services: [application], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { continuation.finish() }
            try await group.run()
        }
        for await port in ports { try await body(port) { await group.triggerGracefulShutdown() } }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

/// Sends back whatever comes.
@Sendable func echo(_ connection: WebSocketConnection) async {
    for await message in connection.messages { try? await connection.send(message) }
}
