package import WebSocketProtocol

/// How a WebSocket connection ended.
package enum WebSocketClosure: Sendable, Equatable {
    /// The client sent a close frame; without a code it stands for 1005.
    case byClient(WebSocketCloseCode?, reason: String)
    /// This side sent a close frame first.
    case byServer(WebSocketCloseCode, reason: String)
    /// The connection ended without a close frame, which clients see as 1006.
    case lost
    /// This side ended the connection without a close frame, because no traffic came.
    case idle
}
