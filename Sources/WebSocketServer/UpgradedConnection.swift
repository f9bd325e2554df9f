import NIOCore
import WebSocketProtocol

/// A connection that has become a WebSocket and waits for its handler to run.
struct UpgradedConnection: Sendable {
    let messages: NIOAsyncChannel<WebSocketMessage, Never>
    let acceptance: FirstRequestGate.Acceptance
    let state: ConnectionState

    /// Runs the handler until it returns or the connection ends, then closes what is still open.
    func run(settings: WebSocketServerSettings) async {
        let channel = messages.channel
        // Errors of the channel have ended the messages, and `closure` tells them.
        try? await messages.executeThenClose { inbound in
            let connection = WebSocketConnection(
                request: acceptance.request, messages: WebSocketMessages(inbound: inbound), channel: channel,
                state: state, maxOutgoingBytes: settings.maxOutgoingBytes)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await acceptance.handler(connection)
                    await connection.close()
                }
                await connection.waitUntilClosed()
                group.cancelAll()
            }
        }
    }
}
