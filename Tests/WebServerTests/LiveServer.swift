import Dispatch
import Execution
import Glibc
import LogFiles
import Logging
import RunStore

@testable import WebServer

/// Serves on a free port while `body` runs.
func withLiveServer(
    _ live: FakeLive?, logs: LogSearch? = nil, _ body: (_ port: Int, _ site: WebSite) async throws -> Void
) async throws {
    let (ports, announce) = AsyncStream.makeStream(of: Int.self)
    let service = try WebServerService(
        history: FakeHistory(details: [Sample.detail(Sample.dag("candles_1h"))], health: Sample.health()),
        markets: nil, logs: TaskLogDirectory(root: "/nonexistent"), live: live, programLogs: logs,
        configuration: WebServerConfiguration(port: 0, version: "1", notice: "recorded data", now: { Sample.now }),
        logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) { port in
        announce.yield(port)
        announce.finish()
    }
    // Awaited below, after it is cancelled.
    let server = Task {
        defer { announce.finish() }
        try await service.run()
    }
    var problem: (any Error)?
    for await port in ports {
        do { try await body(port, service.site) } catch { problem = error }
    }
    server.cancel()
    _ = await server.result
    if let problem { throw problem }
}

/// A client made by hand: HTTP, event streams and WebSocket frames over one socket, blocking reads on a queue of its own.
final class LoopbackClient: Sendable {
    struct NoConnection: Error {}

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "loopback client")

    init(port: Int) throws {
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

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// Sends a request; the head of the answer, in lower case.
    func ask(_ path: String, headers: [String] = [], host: String = "127.0.0.1") async -> String {
        let lines = ["GET \(path) HTTP/1.1", "Host: \(host)"] + headers
        send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8), let byte = await read(1) { bytes += byte }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    /// Asks for a WebSocket; the head of the answer, in lower case.
    func shakeHands(_ path: String = "/ws/prices", origin: String? = nil, host: String = "127.0.0.1") async -> String {
        await ask(
            path,
            headers: [
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ] + (origin.map { ["Origin: \($0)"] } ?? []), host: host)
    }

    func send(opcode: UInt8, _ payload: [UInt8]) {
        var bytes = [0x80 | opcode]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        default: bytes += [0x80 | 126, UInt8(payload.count >> 8 & 0xFF), UInt8(payload.count & 0xFF)]
        }
        let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        send(bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] })
    }

    func send(text: String) { send(opcode: 1, Array(text.utf8)) }

    /// The next text message; nil when the connection ended or a close frame came.
    func message() async -> String? {
        while let start = await read(2) {
            var length = Int(start[1] & 0x7F)
            if length >= 126 {
                guard let more = await read(length == 126 ? 2 : 8) else { return nil }
                length = more.reduce(0) { $0 << 8 | Int($1) }
            }
            guard let payload = await read(length) else { return nil }
            switch start[0] & 0x0F {
            case 1: return String(decoding: payload, as: UTF8.self)
            case 8: return nil
            default: continue
            }
        }
        return nil
    }

    /// The next event of a stream, without those that only say that somebody is there; nil at the end.
    ///
    /// Every event comes in a chunk of its own, or several do.
    func events() async -> [String]? {
        var size: [UInt8] = []
        while !size.suffix(2).elementsEqual("\r\n".utf8) {
            guard let byte = await read(1) else { return nil }
            size += byte
        }
        let digits = String(decoding: size.dropLast(2), as: UTF8.self)
        guard let count = Int(digits, radix: 16), count > 0, let body = await read(count + 2) else { return nil }
        return String(decoding: body.dropLast(2), as: UTF8.self).split(separator: "\n\n").map(String.init)
    }

    /// The first event that contains a text; nil when the stream ends before.
    func event(with text: String) async -> String? {
        while let events = await events() {
            if let found = events.first(where: { $0.contains(text) }) { return found }
        }
        return nil
    }

    /// The first message that contains a text; nil when the connection ends before.
    func message(with text: String) async -> String? {
        while let message = await message() {
            if message.contains(text) { return message }
        }
        return nil
    }

    /// Exactly so many bytes; nil when the connection ends before.
    func read(_ count: Int) async -> [UInt8]? {
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
