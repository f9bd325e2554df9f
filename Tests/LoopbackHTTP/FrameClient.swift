import Dispatch
import Glibc

/// A WebSocket client that can also do everything wrong: a socket, frames made by hand, blocking reads on a thread of its
/// own.
package final class FrameClient: Sendable {
    /// A frame as it came.
    package struct Frame: Sendable, Equatable {
        package var opcode: UInt8
        package var isLast: Bool
        package var payload: [UInt8]

        package init(opcode: UInt8, isLast: Bool = true, payload: [UInt8] = []) {
            self.opcode = opcode
            self.isLast = isLast
            self.payload = payload
        }

        package var text: String { String(decoding: payload, as: UTF8.self) }
        /// The code of a close frame.
        package var closeCode: UInt16? {
            opcode == 8 && payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
        }
    }

    struct NoConnection: Error {}

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "frame client")

    /// Connects to a port of this machine.
    package init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw NoConnection() }
    }

    deinit { close(descriptor) }

    package static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    /// Asks for a WebSocket; the head of the answer.
    package func shakeHands(path: String = "/ws", headers: [String]? = nil) async -> String {
        let asked = headers ?? ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(Self.key)"]
        let lines = ["GET \(path) HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade"] + asked
        send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        return await head()
    }

    package func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    package func send(opcode: UInt8, _ payload: [UInt8] = [], isLast: Bool = true, masked: Bool = true, rsv: UInt8 = 0)
    {
        var bytes = [(isLast ? 0x80 : 0) | rsv << 4 | opcode]
        let flag: UInt8 = masked ? 0x80 : 0
        switch payload.count {
        case ..<126: bytes.append(flag | UInt8(payload.count))
        case ..<65_536: bytes += [flag | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [flag | 127] + (0..<8).reversed().map { UInt8(payload.count >> ($0 * 8) & 0xFF) }
        }
        let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        if masked { bytes += mask }
        bytes += masked ? payload.enumerated().map { $1 ^ mask[$0 % 4] } : payload
        send(bytes)
    }

    package func send(text: String) { send(opcode: 1, Array(text.utf8)) }

    package func sendClose(_ code: UInt16, reason: String = "") {
        send(opcode: 8, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
    }

    /// Ends the sending side only.
    package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next frame; nil when the connection ended, in whatever way.
    package func frame() async -> Frame? {
        guard let start = await read(2) else { return nil }
        var length = Int(start[1] & 0x7F)
        if length >= 126 {
            guard let more = await read(length == 126 ? 2 : 8) else { return nil }
            length = more.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let payload = await read(length) else { return nil }
        return Frame(opcode: start[0] & 0x0F, isLast: start[0] & 0x80 != 0, payload: payload)
    }

    /// Everything up to an empty line.
    package func head() async -> String {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8), let byte = await read(1) { bytes += byte }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Exactly so many bytes; nil when the connection ends before.
    package func read(_ count: Int) async -> [UInt8]? {
        guard count > 0 else { return [] }
        return await withCheckedContinuation { continuation in
            queue.async { [self] in
                var bytes = [UInt8](repeating: 0, count: count)
                var got = 0
                while got < count {
                    let step = bytes.withUnsafeMutableBytes {
                        recv(descriptor, $0.baseAddress?.advanced(by: got), count - got, 0)
                    }
                    guard step > 0 else { return continuation.resume(returning: nil) }
                    got += step
                }
                continuation.resume(returning: bytes)
            }
        }
    }
}
