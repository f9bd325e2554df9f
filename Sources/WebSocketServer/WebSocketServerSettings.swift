package import WebSocketProtocol

/// What a WebSocket endpoint allows its clients.
package struct WebSocketServerSettings: Sendable {
    /// What happens to a connection without traffic from its client.
    package enum IdleEnd: Sendable {
        /// A close frame with this code.
        case close(WebSocketCloseCode)
        /// The connection just ends.
        case disconnect
    }

    /// The largest message taken, its fragments together; more closes with 1009.
    package var maxMessageBytes = 64 * 1024
    /// How many bytes may wait for a client that reads slowly, beyond one message.
    package var maxOutgoingBytes = 4 * 1024 * 1024
    /// A client is idle that has sent nothing, not even a ping or a pong, for so long; nil for no limit.
    package var idleTimeout: Duration?
    package var idleEnd = IdleEnd.close(.goingAway)
    /// How often the server pings, so that a living client's pongs are traffic; nil for never.
    package var pingInterval: Duration?
    /// How long a close frame waits for its answer before the connection is ended.
    package var closeTimeout = Duration.seconds(2)

    package init() {}
}
