import NIOCore
import NIOWebSocket

/// Puts a server's frames together to messages, and refuses what RFC 6455 forbids.
struct MessageAssembler {
    /// What a frame means.
    enum Outcome {
        /// A part of a message, or a pong.
        case nothing
        case message(WebSocketMessage)
        case ping(ByteBuffer)
        /// Code 1005 stands for none given.
        case close(code: Int, reason: String)
    }

    /// What is wrong, and the code to close with.
    struct Violation: Error {
        let code: WebSocketErrorCode
        let reason: String
    }

    private let maximumBytes: Int
    private var isText = false
    private var fragments: ByteBuffer?

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    mutating func take(_ frame: WebSocketFrame) throws(Violation) -> Outcome {
        guard frame.reservedBits.isEmpty else {
            throw Violation(code: .protocolError, reason: "a frame uses an extension that was not agreed on")
        }
        guard frame.maskKey == nil else {
            throw Violation(code: .protocolError, reason: "a server's frame is masked")
        }
        switch frame.opcode {
        case .text, .binary:
            guard fragments == nil else {
                throw Violation(code: .protocolError, reason: "a message begins before the last one has ended")
            }
            isText = frame.opcode == .text
            guard !frame.fin else { return .message(try message(frame.data)) }
            try check(frame.data.readableBytes)
            fragments = frame.data
            return .nothing
        case .continuation:
            guard var whole = fragments else {
                throw Violation(code: .protocolError, reason: "a message goes on that never began")
            }
            fragments = nil
            try check(whole.readableBytes + frame.data.readableBytes)
            var part = frame.data
            whole.writeBuffer(&part)
            guard !frame.fin else { return .message(try message(whole)) }
            fragments = whole
            return .nothing
        case .ping: return .ping(frame.data)
        case .pong: return .nothing
        case .connectionClose: return try close(frame.data)
        default:
            throw Violation(code: .protocolError, reason: "a frame of an unknown kind")
        }
    }

    private func check(_ count: Int) throws(Violation) {
        guard count <= maximumBytes else {
            throw Violation(code: .messageTooLarge, reason: "a message is larger than \(maximumBytes) bytes")
        }
    }

    private func message(_ buffer: ByteBuffer) throws(Violation) -> WebSocketMessage {
        try check(buffer.readableBytes)
        guard isText else { return .binary(buffer) }
        guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
            throw Violation(code: .dataInconsistentWithMessage, reason: "a text message is not UTF-8")
        }
        return .text(text)
    }

    private func close(_ data: ByteBuffer) throws(Violation) -> Outcome {
        var data = data
        guard data.readableBytes > 0 else { return .close(code: 1005, reason: "") }
        guard let code = data.readInteger(as: UInt16.self) else {
            throw Violation(code: .protocolError, reason: "a close of one byte")
        }
        return .close(code: Int(code), reason: String(decoding: data.readableBytesView, as: UTF8.self))
    }
}
