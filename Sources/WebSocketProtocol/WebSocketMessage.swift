package import NIOCore

/// A whole WebSocket message, its fragments put together.
package enum WebSocketMessage: Sendable, Equatable {
    case text(String)
    case binary(ByteBuffer)
}
