import Dispatch
import Glibc
import Lab

/// Reads a socket on a thread of its own and notes when each trade came.
final class BrowserListener: Sendable {
    private let descriptor: Int32
    private let queue: DispatchQueue

    /// Connects and sends a request, and what follows it.
    init(port: Int, name: String, request: [UInt8]) throws {
        queue = DispatchQueue(label: "benchmark.\(name)")
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
        guard connected == 0, send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw LabFailure("the web server does not answer on port \(port)")
        }
    }

    deinit { close(descriptor) }

    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// A trade's number, and when it came on the monotonic clock.
    struct Arrival: Sendable {
        let number: UInt64
        let at: UInt64
    }

    /// The trades that come, until the connection ends.
    func arrivals() async -> [Arrival] {
        await withCheckedContinuation { continuation in
            queue.async { [descriptor] in continuation.resume(returning: Self.read(descriptor)) }
        }
    }

    private static func read(_ descriptor: Int32) -> [Arrival] {
        let mark = Array("\"sequential_id\":\"".utf8)
        var arrivals: [Arrival] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var matched = 0
        var number: UInt64?
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return arrivals }
            let now = MonotonicClock.nanoseconds
            for byte in buffer[..<count] {
                if let known = number {
                    if byte >= 48 && byte <= 57 {
                        number = known &* 10 &+ UInt64(byte - 48)
                    } else {
                        arrivals.append(Arrival(number: known, at: now))
                        number = nil
                    }
                } else {
                    matched = byte == mark[matched] ? matched + 1 : byte == mark[0] ? 1 : 0
                    if matched == mark.count { (matched, number) = (0, 0) }
                }
            }
        }
    }

    static func eventRequest(_ market: String) -> [UInt8] {
        Array("GET /events/live?market=upbit:\(market) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)
    }

    /// The handshake, and right behind it the subscription as one masked frame (the mask is zero).
    static func socketRequest(_ markets: [String]) -> [UInt8] {
        let symbols = markets.map { "\"\($0)\"" }.joined(separator: ",")
        let subscribe = Array(#"{"action":"subscribe","symbols":[\#(symbols)]}"#.utf8)
        let head =
            "GET /ws/prices HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        return Array(head.utf8) + [0x81, 0x80 | UInt8(subscribe.count), 0, 0, 0, 0] + subscribe
    }
}
