import NIOCore
import NIOWebSocket

/// Puts a client's frames together to messages: a value that decides and does nothing.
struct MessageAssembler {
    enum Event: Equatable {
        case message(WebSocketServerMessage)
        case ping(ByteBuffer)
        case close(WebSocketCloseCode?, reason: String)
        /// The client broke the protocol: close with this.
        case violation(WebSocketCloseCode, reason: String)
        /// Nothing to tell yet.
        case none
    }

    private enum Partial {
        case text(ByteBuffer), binary(ByteBuffer)

        var count: Int {
            switch self {
            case .text(let bytes), .binary(let bytes): bytes.readableBytes
            }
        }
    }

    let maxMessageBytes: Int
    private var partial: Partial?

    init(maxMessageBytes: Int) { self.maxMessageBytes = maxMessageBytes }

    mutating func take(_ frame: WebSocketFrame) -> Event {
        guard frame.maskKey != nil else { return .violation(.protocolError, reason: "a client's frames are masked") }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return .violation(.protocolError, reason: "no extension was agreed on")
        }
        let data = frame.unmaskedData
        switch frame.opcode {
        case .text: return begin(.text(data), isWhole: frame.fin)
        case .binary: return begin(.binary(data), isWhole: frame.fin)
        case .continuation: return go(on: data, isLast: frame.fin)
        case .ping: return .ping(data)
        case .pong: return .none
        case .connectionClose: return closing(data)
        default: return .violation(.protocolError, reason: "unknown kind of frame")
        }
    }

    private mutating func begin(_ data: Partial, isWhole: Bool) -> Event {
        guard partial == nil else {
            return .violation(.protocolError, reason: "a message began inside another")
        }
        guard data.count <= maxMessageBytes else { return tooBig }
        if isWhole { return message(data) }
        partial = data
        return .none
    }

    private mutating func go(on data: ByteBuffer, isLast: Bool) -> Event {
        guard var whole = partial else {
            return .violation(.protocolError, reason: "a fragment without a beginning")
        }
        partial = nil
        guard whole.count + data.readableBytes <= maxMessageBytes else { return tooBig }
        switch whole {
        case .text(var bytes):
            bytes.writeImmutableBuffer(data)
            whole = .text(bytes)
        case .binary(var bytes):
            bytes.writeImmutableBuffer(data)
            whole = .binary(bytes)
        }
        if isLast { return message(whole) }
        partial = whole
        return .none
    }

    private func message(_ whole: Partial) -> Event {
        switch whole {
        case .binary(let bytes): return .message(.binary(bytes))
        case .text(let bytes):
            guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
                return .violation(.inconsistentData, reason: "text is not UTF-8")
            }
            return .message(.text(text))
        }
    }

    private func closing(_ data: ByteBuffer) -> Event {
        var data = data
        guard data.readableBytes > 0 else { return .close(nil, reason: "") }
        guard let number = data.readInteger(as: UInt16.self) else {
            return .violation(.protocolError, reason: "a close code has two bytes")
        }
        let code = WebSocketCloseCode(rawValue: number)
        guard code.mayBeSent else { return .violation(.protocolError, reason: "no such close code") }
        guard let reason = String(validating: data.readableBytesView, as: UTF8.self) else {
            return .violation(.inconsistentData, reason: "the close reason is not UTF-8")
        }
        return .close(code, reason: reason)
    }

    private var tooBig: Event {
        .violation(.messageTooBig, reason: "a message has at most \(maxMessageBytes) bytes")
    }
}
