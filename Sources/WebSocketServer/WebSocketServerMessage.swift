package import NIOCore

/// A whole message of a WebSocket peer, its fragments put together.
package enum WebSocketServerMessage: Sendable, Equatable {
    case text(String)
    case binary(ByteBuffer)
}
