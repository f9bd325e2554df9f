package import NIOCore
package import NIOWebSocket

/// Puts the other side's frames together to messages, and refuses what RFC 6455 forbids: a value that decides and does
/// nothing.
package struct MessageAssembler: Sendable {
    /// Whose frames they are: a client's are masked, a server's are not.
    package enum Sender: Sendable {
        case client, server
    }

    /// What a frame means.
    package enum Event: Sendable, Equatable {
        /// A part of a message, or a pong.
        case nothing
        case message(WebSocketMessage)
        case ping(ByteBuffer)
        /// Nil for a close without a code.
        case close(WebSocketCloseCode?, reason: String)
        /// The other side broke the protocol: close with this.
        case violation(WebSocketCloseCode, reason: String)
    }

    private let sender: Sender
    private let maximumBytes: Int
    private var isText = false
    private var fragments: ByteBuffer?

    /// - Parameter maximumBytes: the largest message, its fragments together.
    package init(of sender: Sender, maximumBytes: Int) {
        self.sender = sender
        self.maximumBytes = maximumBytes
    }

    package mutating func take(_ frame: WebSocketFrame) -> Event {
        guard frame.reservedBits.isEmpty else {
            return .violation(.protocolError, reason: "a frame uses an extension that was not agreed on")
        }
        switch (sender, isMasked: frame.maskKey != nil) {
        case (.client, false): return .violation(.protocolError, reason: "a client's frame is not masked")
        case (.server, true): return .violation(.protocolError, reason: "a server's frame is masked")
        case (.client, true), (.server, false): break
        }
        let data = frame.unmaskedData
        switch frame.opcode {
        case .text, .binary:
            guard fragments == nil else {
                return .violation(.protocolError, reason: "a message begins before the last one has ended")
            }
            isText = frame.opcode == .text
            return take(data, isLast: frame.fin)
        case .continuation:
            guard var whole = fragments else {
                return .violation(.protocolError, reason: "a message goes on that never began")
            }
            // Held once, so that it grows in its place.
            fragments = nil
            guard whole.readableBytes + data.readableBytes <= maximumBytes else { return tooLarge }
            whole.writeImmutableBuffer(data)
            return take(whole, isLast: frame.fin)
        case .ping: return .ping(data)
        case .pong: return .nothing
        case .connectionClose: return close(data)
        default: return .violation(.protocolError, reason: "a frame of an unknown kind")
        }
    }

    private mutating func take(_ data: ByteBuffer, isLast: Bool) -> Event {
        guard data.readableBytes <= maximumBytes else { return tooLarge }
        guard isLast else {
            fragments = data
            return .nothing
        }
        guard isText else { return .message(.binary(data)) }
        guard let text = String(validating: data.readableBytesView, as: UTF8.self) else {
            return .violation(.inconsistentData, reason: "a text message is not UTF-8")
        }
        return .message(.text(text))
    }

    private var tooLarge: Event {
        .violation(.messageTooBig, reason: "a message is larger than \(maximumBytes) bytes")
    }

    private func close(_ data: ByteBuffer) -> Event {
        var data = data
        guard data.readableBytes > 0 else { return .close(nil, reason: "") }
        guard let number = data.readInteger(as: UInt16.self) else {
            return .violation(.protocolError, reason: "a close of one byte")
        }
        let code = WebSocketCloseCode(rawValue: number)
        guard code.mayBeSent else {
            return .violation(.protocolError, reason: "a close with the code \(number), which is reserved")
        }
        guard let reason = String(validating: data.readableBytesView, as: UTF8.self) else {
            return .violation(.inconsistentData, reason: "a close's reason is not UTF-8")
        }
        return .close(code, reason: reason)
    }
}
