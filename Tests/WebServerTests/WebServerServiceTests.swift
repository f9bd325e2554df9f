import CivilTime
import Execution
import Glibc
import Logging
import RunStore
import Testing

@testable import WebServer

@Suite("The web server", .timeLimit(.minutes(1)))
struct WebServerServiceTests {
    private func service(port: Int = 0, _ onListening: @escaping @Sendable (Int) async -> Void) throws
        -> WebServerService
    {
        try WebServerService(
            history: FakeHistory(health: Sample.health()), markets: nil, logs: TaskLogDirectory(root: "/nonexistent"),
            configuration: WebServerConfiguration(port: port, version: "1", now: { Sample.now }),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), onListening: onListening)
    }

    /// Serves on a free port while `body` runs.
    private func serving(_ body: (Int) async throws -> Void) async throws {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let service = try service { port in
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
            do { try await body(port) } catch { problem = error }
        }
        server.cancel()
        _ = await server.result
        if let problem { throw problem }
    }

    @Test("answers over a socket, with headers")
    func answers() async throws {
        try await serving { port in
            let answer = try await exchange(
                port, "GET /health HTTP/1.1\r\nHost: localhost:\(port)\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.lowercased().contains("x-content-type-options: nosniff"))
            #expect(answer.contains("\"status\": \"healthy\""))
        }
    }

    @Test("HEAD has headers alone, and a foreign name is refused")
    func head() async throws {
        try await serving { port in
            let head = try await exchange(port, "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200"))
            #expect(!head.contains("<html"))
            let foreign = try await exchange(port, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
            #expect(foreign.hasPrefix("HTTP/1.1 421"))
            let post = try await exchange(
                port, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
            #expect(post.hasPrefix("HTTP/1.1 405"))
            let broken = try await exchange(port, "GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            #expect(broken.hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test("a taken port is named, with what to do")
    func takenPort() async throws {
        try await serving { port in
            let second = try service(port: port) { _ in }
            let error = await #expect(throws: WebServerError.self) { try await second.run() }
            let text = try #require(error?.description)
            #expect(text.contains("port \(port) is taken") && text.contains("--port N"))
        }
    }

    /// Sends a request and reads until the server closes, on a thread of its own since both block.
    private func exchange(_ port: Int, _ request: String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detach { continuation.resume(with: Result { try Self.blockingExchange(port, request) }) }
        }
    }

    private struct Refused: Error { let code: Int32 }

    private static func blockingExchange(_ port: Int, _ request: String) throws -> String {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Refused(code: errno) }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Refused(code: errno) }
        let bytes = Array(request.utf8)
        guard send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw Refused(code: errno) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { break }
            answer += buffer[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }
}

/// A thread for one blocking call.
private enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                argument.map { Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        if code == 0 { pthread_detach(thread) } else { box.takeRetainedValue().body() }
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
