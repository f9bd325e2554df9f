import Logging
import LoopbackHTTP
import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketServer

@Suite("End of a WebSocket", .timeLimit(.minutes(1))) struct ClosingTests {
    /// A server whose handler reads until the end and then tells how it was; `body` gets a connected client.
    private func closure(
        settings: WebSocketServerSettings = .init(),
        handler: @escaping @Sendable (WebSocketConnection) async -> Void = echo,
        after body: (FrameClient, _ stop: @escaping @Sendable () async -> Void) async throws -> Void
    ) async throws -> WebSocketClosure? {
        let (closures, continuation) = AsyncStream.makeStream(of: WebSocketClosure?.self)
        try await withWebSocketServer(
            settings: settings,
            handler: { connection in
                await handler(connection)
                continuation.yield(connection.closure)
                continuation.finish()
            }
        ) { port, stop in
            let client = try FrameClient(port: port)
            #expect(await client.shakeHands().hasPrefix("HTTP/1.1 101"))
            try await body(client, stop)
        }
        var iterator = closures.makeAsyncIterator()
        return await iterator.next() ?? nil
    }

    @Test("a client's close is answered with its code, and the handler sees code and reason")
    func byClient() async throws {
        let closure = try await closure { client, _ in
            client.sendClose(3001, reason: "기다려")
            #expect(await client.frame()?.closeCode == 3001)
            #expect(await client.frame() == nil)
        }
        #expect(closure == .byClient(.init(rawValue: 3001), reason: "기다려"))
    }

    @Test("a close without a code is answered without one")
    func byClientWithoutCode() async throws {
        let closure = try await closure { client, _ in
            client.send(opcode: 8)
            #expect(await client.frame() == .init(opcode: 8))
        }
        #expect(closure == .byClient(nil, reason: ""))
    }

    @Test("the server's close waits for the answer, and what is sent after it is refused")
    func byServer() async throws {
        let closure = try await closure(handler: { connection in
            async let closing: Void = connection.close(code: .policyViolation, reason: "no more")
            await connection.waitUntilClosed()
            await closing
            await #expect(throws: WebSocketServerError.closed) { try await connection.send(.text("late")) }
        }) { client, _ in
            let frame = await client.frame()
            #expect(frame?.closeCode == 1008 && frame?.payload.dropFirst(2).elementsEqual("no more".utf8) == true)
            client.sendClose(1008)
            #expect(await client.frame() == nil)
        }
        #expect(closure == .byServer(.policyViolation, reason: "no more"))
    }

    @Test("a client that does not answer a close is cut off")
    func unanswered() async throws {
        var settings = WebSocketServerSettings()
        settings.closeTimeout = .milliseconds(50)
        _ = try await closure(settings: settings, handler: { await $0.close() }) { client, _ in
            #expect(await client.frame()?.closeCode == 1000)
            #expect(await client.frame() == nil)
        }
    }

    @Test("a stopping server closes with 1001")
    func stopping() async throws {
        let closure = try await closure { client, stop in
            await stop()
            #expect(await client.frame()?.closeCode == 1001)
            client.sendClose(1001)
            #expect(await client.frame() == nil)
        }
        #expect(closure == .byServer(.goingAway, reason: "the server stops"))
    }

    @Test("a connection that just ends is lost")
    func lost() async throws {
        let closure = try await closure { client, _ in
            client.finishSending()
            #expect(await client.frame() == nil)
        }
        #expect(closure == .lost)
    }

    @Test("a reset ends the connection without a close frame")
    func reset() async throws {
        _ = try await closure(handler: { await $0.reset() }) { client, _ in
            #expect(await client.frame() == nil)
        }
    }

    @Test("an idle client is closed; pongs to the server's pings are traffic")
    func idle() async throws {
        var settings = WebSocketServerSettings()
        settings.idleTimeout = .milliseconds(100)
        settings.idleEnd = .disconnect
        let silent = try await closure(settings: settings) { client, _ in
            #expect(await client.frame() == nil)
        }
        #expect(silent == .idle)
        settings.idleTimeout = .seconds(20)
        settings.pingInterval = .milliseconds(20)
        _ = try await closure(settings: settings) { client, _ in
            for _ in 0..<10 {
                #expect(await client.frame()?.opcode == 9)
                client.send(opcode: 10)
            }
            client.sendClose(1000)
            while let frame = await client.frame(), frame.opcode == 9 {}
        }
    }

    @Test("two hundred connections at once")
    func many() async throws {
        try await withWebSocketServer(handler: echo) { port, stop in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let client = try FrameClient(port: port)
                        guard await client.shakeHands().hasPrefix("HTTP/1.1 101") else { return false }
                        for step in 0..<5 {
                            client.send(text: "\(number) \(step)")
                            guard await client.frame()?.text == "\(number) \(step)" else { return false }
                        }
                        client.sendClose(1000)
                        return await client.frame()?.closeCode == 1000
                    }
                }
                var good = 0
                for try await isGood in group where isGood { good += 1 }
                #expect(good == 200)
            }
        }
    }
}
