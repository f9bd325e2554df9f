import LoopbackWebSocket
import NIOCore
import Testing
import WebSocketClient
import WebSocketProtocol

@Suite("WebSocket connection", .timeLimit(.minutes(1))) struct ConnectionTests {
    /// A connection and the server's end of it.
    private func connected(
        _ server: LoopbackSocketServer, path: String = "/", settings: WebSocketSettings = WebSocketSettings(),
        headers: [(name: String, value: String)] = []
    ) async throws -> (WebSocketConnection, LoopbackPeer) {
        let connection = try await WebSocketConnection.connect(
            url: server.url + path, headers: headers, settings: settings)
        var peers = server.peers.makeAsyncIterator()
        return (connection, try #require(await peers.next()))
    }

    /// The next messages, until there are so many.
    private func messages(_ count: Int, of connection: WebSocketConnection) async throws -> [WebSocketMessage] {
        var messages: [WebSocketMessage] = []
        while messages.count < count {
            let batches = try await connection.nextBatches()
            guard !batches.isEmpty else { break }
            messages += batches.flatMap(\.messages)
        }
        return messages
    }

    private func text(_ message: WebSocketMessage?) -> String? {
        switch message {
        case .text(let text): text
        case .binary(let buffer): String(decoding: buffer.readableBytesView, as: UTF8.self)
        case nil: nil
        }
    }

    /// How the connection's sequence ends.
    private func end(of connection: WebSocketConnection) async -> WebSocketError? {
        do {
            for try await _ in connection {}
            return nil
        } catch {
            return error
        }
    }

    @Test("messages go both ways; the client's frames are masked, and it sends no Origin")
    func bothWays() async throws {
        let server = try await LoopbackSocketServer()
        let (connection, peer) = try await connected(
            server, path: "/websocket/v1?key=1", headers: [("X-Test", "yes")])
        #expect(peer.target == "/websocket/v1?key=1")
        #expect(peer.header("x-test") == "yes")
        #expect(peer.header("host") == "localhost:\(server.port)")
        #expect(peer.header("user-agent")?.hasPrefix("cryptoflow/") == true)
        #expect(peer.header("origin") == nil)
        #expect(peer.header("sec-websocket-extensions") == nil)
        try await connection.send(.text("[{\"ticket\":\"비트코인\"}]"))
        try await connection.send(.binary(ByteBuffer(bytes: [1, 2, 3])))
        try await connection.ping()
        var frames = peer.frames.makeAsyncIterator()
        #expect(
            await frames.next()
                == LoopbackFrame(opcode: 1, isMasked: true, bytes: Array("[{\"ticket\":\"비트코인\"}]".utf8)))
        #expect(await frames.next() == LoopbackFrame(opcode: 2, isMasked: true, bytes: [1, 2, 3]))
        #expect(await frames.next() == LoopbackFrame(opcode: 9, isMasked: true, bytes: []))
        peer.send(text: "안녕")
        peer.send(opcode: 2, Array("{}".utf8))
        let received = try await messages(2, of: connection)
        #expect(received.map { text($0) } == ["안녕", "{}"])
        guard case .text = received.first, case .binary = received.last else {
            Issue.record("a text and a binary message were sent")
            return
        }
        await connection.close()
        await server.stop()
    }

    @Test("fragments are joined, also with a ping in between, which is answered")
    func fragments() async throws {
        let server = try await LoopbackSocketServer()
        let (connection, peer) = try await connected(server)
        let whole = Array("비트코인".utf8)
        peer.send(opcode: 1, Array(whole[..<4]), isLast: false)
        peer.send(opcode: 9, [7])
        peer.send(opcode: 0, Array(whole[4..<5]), isLast: false)
        peer.send(opcode: 0, Array(whole[5...]))
        #expect(text(try await messages(1, of: connection).first) == "비트코인")
        var frames = peer.frames.makeAsyncIterator()
        #expect(await frames.next() == LoopbackFrame(opcode: 10, isMasked: true, bytes: [7]))
        await connection.close()
        await server.stop()
    }

    @Test("what is read in one go is delivered together, with its time")
    func batches() async throws {
        let server = try await LoopbackSocketServer()
        let (connection, peer) = try await connected(server)
        let before = WebSocketBatch.monotonicNanoseconds()
        peer.send(binary: (0..<50).map { Array("message \($0)".utf8) })
        var iterator = connection.makeAsyncIterator()
        let batch = try #require(await iterator.next())
        // Loopback hands one small write over in one reading.
        #expect(batch.messages.count == 50)
        #expect(text(batch.messages.last) == "message 49")
        #expect(batch.receivedNanoseconds >= before)
        #expect(batch.receivedNanoseconds <= WebSocketBatch.monotonicNanoseconds())
        await connection.close()
        await server.stop()
    }

    @Test("a close of this side ends the sequence without an error and tells the other side")
    func ownClose() async throws {
        let server = try await LoopbackSocketServer()
        let (connection, peer) = try await connected(server)
        async let ended = end(of: connection)
        let closing = Task { await connection.close(reason: "done") }
        var frames = peer.frames.makeAsyncIterator()
        let frame = await frames.next()
        #expect(frame?.opcode == 8)
        #expect(frame?.bytes == [3, 232] + Array("done".utf8))
        await closing.value
        #expect(await ended == nil)
        #expect(await frames.next() == nil)
        await server.stop()
    }

    @Test("a server that never answers the close is left after the time for it")
    func unansweredClose() async throws {
        let server = try await LoopbackSocketServer(answersClose: false)
        let settings = WebSocketSettings(closeTimeout: .milliseconds(20))
        let (connection, _) = try await connected(server, settings: settings)
        await connection.close()
        let error = await #expect(throws: WebSocketError.self) { try await connection.send(.text("late")) }
        #expect(error?.kind == .notOpen)
        await server.stop()
    }

    @Test("a close of the server comes with its code and reason, after what came before it")
    func serverClose() async throws {
        let server = try await LoopbackSocketServer()
        let (connection, peer) = try await connected(server)
        peer.send(text: "last words")
        peer.close(code: 1001, reason: "점검")
        #expect(text(try await messages(1, of: connection).first) == "last words")
        let error = await end(of: connection)
        #expect(error?.kind == .closed(code: 1001))
        #expect(error?.reason.contains("with code 1001, \"점검\"") == true)
        var frames = peer.frames.makeAsyncIterator()
        let answer = await frames.next()
        #expect(answer?.opcode == 8)
        #expect(answer?.bytes == [3, 233])
        await server.stop()
    }

    @Test("a connection that breaks off is lost")
    func lost() async throws {
        let server = try await LoopbackSocketServer()
        let (connection, peer) = try await connected(server)
        peer.disconnect()
        #expect(await end(of: connection)?.kind == .lost)
        await server.stop()
    }

    @Test(
        "what the protocol forbids ends the connection and is said",
        arguments: [
            (LoopbackPeer.frame(opcode: 0, [1]), "never began", [UInt8](arrayLiteral: 3, 234)),
            (LoopbackPeer.frame(opcode: 1, [0xFF]), "not UTF-8", [3, 239]),
            (LoopbackPeer.frame(opcode: 3, [1]), "unknown kind", [3, 234]),
            (LoopbackPeer.frame(opcode: 2, [1], firstBits: 0x40), "extension", [3, 234]),
            (LoopbackPeer.frame(opcode: 9, [1], isLast: false), "control frame", [3, 234]),
            (LoopbackPeer.frame(opcode: 8, [1]), "one byte", [3, 234]),
            (LoopbackPeer.frame(opcode: 2, [UInt8](repeating: 0, count: 1001)), "larger", [3, 241]),
            (
                LoopbackPeer.frame(opcode: 2, [UInt8](repeating: 0, count: 600), isLast: false)
                    + LoopbackPeer.frame(opcode: 0, [UInt8](repeating: 0, count: 600)), "larger", [3, 241]
            ),
            (
                LoopbackPeer.frame(opcode: 1, [0x61], isLast: false) + LoopbackPeer.frame(opcode: 1, [0x61]),
                "before the last one has ended", [3, 234]
            ),
            ([0x82, 0x81, 1, 2, 3, 4, 5], "masked", [3, 234]),
        ])
    func violations(bytes: [UInt8], reason: String, code: [UInt8]) async throws {
        let server = try await LoopbackSocketServer()
        let (connection, peer) = try await connected(
            server, settings: WebSocketSettings(maximumMessageBytes: 1000))
        peer.send(raw: bytes)
        let error = await end(of: connection)
        #expect(error?.kind == .protocolError)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "no error")")
        var frames = peer.frames.makeAsyncIterator()
        let answer = await frames.next()
        #expect(answer?.opcode == 8)
        #expect(answer.map { Array($0.bytes.prefix(2)) } == code)
        await server.stop()
    }

    @Test("a reader that is late gets everything, in order, although little of it waits")
    func backPressure() async throws {
        let server = try await LoopbackSocketServer()
        let settings = WebSocketSettings(maximumWaitingMessages: 4, maximumWaitingBytes: 100_000)
        let (connection, peer) = try await connected(server, settings: settings)
        let size = 200_000
        for number in 0..<100 {
            peer.send(opcode: 2, [UInt8(number)] + [UInt8](repeating: 0x20, count: size))
        }
        var numbers: [UInt8] = []
        while numbers.count < 100 {
            let batches = try await connection.nextBatches()
            // One reading may exceed the bound by what it reads at once, never by all that is there.
            #expect(batches.flatMap(\.messages).count < 20)
            for case .binary(let buffer) in batches.flatMap(\.messages) {
                #expect(buffer.readableBytes == size + 1)
                numbers.append(buffer.getInteger(at: buffer.readerIndex) ?? 0)
            }
        }
        #expect(numbers == Array(0..<100))
        await connection.close()
        await server.stop()
    }

    @Test("a cancelled reader gets an end, and the connection stays open")
    func cancelledReader() async throws {
        let server = try await LoopbackSocketServer()
        let (connection, peer) = try await connected(server)
        let reader = Task { try await connection.nextBatches() }
        reader.cancel()
        #expect(try await reader.value.isEmpty)
        peer.send(text: "still there")
        #expect(text(try await messages(1, of: connection).first) == "still there")
        await connection.close()
        await server.stop()
    }
}
