import NIOCore
import NIOWebSocket
package import WebSocketProtocol

/// Encoded frames, ready for the wire of any number of connections.
///
/// A server's frames are not masked, so their bytes are the same for every client: a message is encoded once and its
/// bytes are shared. Several frames in one value go out with one flush.
package struct WebSocketFrames: Sendable {
    private(set) var bytes: ByteBuffer
    /// How many messages there are.
    package private(set) var count = 0

    /// No frame yet.
    package init(reservingBytes capacity: Int = 0) {
        bytes = ByteBufferAllocator().buffer(capacity: capacity)
    }

    package init(_ message: WebSocketMessage) {
        switch message {
        case .text(let text):
            self.init(reservingBytes: text.utf8.count + Self.longestHeader)
            append(text: text)
        case .binary(let payload):
            self.init(reservingBytes: payload.readableBytes + Self.longestHeader)
            append(binary: payload.readableBytesView)
        }
    }

    package var byteCount: Int { bytes.readableBytes }
    /// The bytes on the wire.
    package var wireBytes: [UInt8] { Array(bytes.readableBytesView) }
    package var isEmpty: Bool { count == 0 }

    package mutating func append(text: String) {
        Self.writeHeader(.text, length: text.utf8.count, to: &bytes)
        bytes.writeString(text)
        count += 1
    }

    package mutating func append(binary payload: some Collection<UInt8>) {
        Self.writeHeader(.binary, length: payload.count, to: &bytes)
        bytes.writeBytes(payload)
        count += 1
    }

    package mutating func append(_ other: WebSocketFrames) {
        bytes.writeImmutableBuffer(other.bytes)
        count += other.count
    }

    package mutating func removeAll() {
        bytes.clear()
        count = 0
    }

    private static let longestHeader = 10

    /// The header of an unfragmented, unmasked frame (RFC 6455 §5.2).
    static func writeHeader(_ opcode: WebSocketOpcode, length: Int, to buffer: inout ByteBuffer) {
        buffer.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        switch length {
        case ..<126: buffer.writeInteger(UInt8(length))
        case ..<65_536:
            buffer.writeInteger(126 as UInt8)
            buffer.writeInteger(UInt16(length))
        default:
            buffer.writeInteger(127 as UInt8)
            buffer.writeInteger(UInt64(length))
        }
    }

    /// A control frame; longer payloads than the 125 bytes allowed are cut.
    static func control(_ opcode: WebSocketOpcode, payload: some Collection<UInt8>) -> ByteBuffer {
        let payload = payload.prefix(125)
        var buffer = ByteBufferAllocator().buffer(capacity: payload.count + 2)
        writeHeader(opcode, length: payload.count, to: &buffer)
        buffer.writeBytes(payload)
        return buffer
    }

    static func close(_ code: WebSocketCloseCode?, reason: String) -> ByteBuffer {
        control(.connectionClose, payload: WebSocketCloseCode.payload(code, reason: reason))
    }
}
