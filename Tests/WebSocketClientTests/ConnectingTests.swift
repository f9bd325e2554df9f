import LoopbackHTTP
import LoopbackWebSocket
import Testing
import WebSocketClient
import WebSocketProtocol

@Suite("Connecting a WebSocket", .timeLimit(.minutes(1))) struct ConnectingTests {
    private func failure(
        _ url: String, settings: WebSocketSettings = WebSocketSettings(),
        headers: [(name: String, value: String)] = []
    ) async -> WebSocketError? {
        do {
            let connection = try await WebSocketConnection.connect(url: url, headers: headers, settings: settings)
            await connection.close()
            return nil
        } catch {
            return error
        }
    }

    /// The address of an HTTP server, as a WebSocket's.
    private func address(_ server: LoopbackServer) -> String { "ws" + server.url.dropFirst(4) + "/stream" }

    @Test("over TLS, with a certificate that is trusted")
    func secure() async throws {
        let server = try await LoopbackSocketServer(isSecure: true)
        let settings = WebSocketSettings(trust: .only(pem: LoopbackCertificate.certificate))
        let connection = try await WebSocketConnection.connect(url: server.url + "/v1", settings: settings)
        var peers = server.peers.makeAsyncIterator()
        let peer = try #require(await peers.next())
        try await connection.send(.text("secret"))
        var frames = peer.frames.makeAsyncIterator()
        #expect(await frames.next()?.text == "secret")
        peer.send(text: "answer")
        guard case .text("answer") = try await connection.nextBatches().first?.messages.first else {
            Issue.record("no answer came")
            return
        }
        await connection.close()
        await server.stop()
    }

    @Test("a certificate that nobody vouches for is refused, and so is one for another name")
    func untrusted() async throws {
        let server = try await LoopbackSocketServer(isSecure: true)
        let unknown = await failure(server.url)
        #expect(unknown?.kind == .tls)
        #expect(unknown?.description.contains("certificate") == true, "\(unknown?.description ?? "")")
        let settings = WebSocketSettings(trust: .only(pem: LoopbackCertificate.certificate))
        let misnamed = await failure("wss://127.0.0.1:\(server.port)", settings: settings)
        // Where localhost is ::1 first, nothing listens on the other address.
        if misnamed?.kind != .connect {
            #expect(misnamed?.kind == .tls)
            #expect(misnamed?.description.contains("127.0.0.1") == true, "\(misnamed?.description ?? "")")
        }
        await server.stop()
    }

    @Test("TLS with a server that speaks none says so")
    func notTLS() async throws {
        let server = try LoopbackServer { _ in [.reply(text: "hello")] }
        defer { server.stop() }
        let settings = WebSocketSettings(handshakeTimeout: .milliseconds(300))
        let error = await failure("wss" + server.url.dropFirst(4), settings: settings)
        #expect(error?.kind == .tls || error?.kind == .timeout || error?.kind == .lost)
    }

    @Test(
        "a refused upgrade tells the status and an excerpt of the body",
        arguments: [(400, "check the address"), (429, "wait"), (503, "later"), (200, "later")])
    func refused(status: Int, advice: String) async throws {
        let server = try LoopbackServer { _ in
            [.reply(status, text: "{\"error\":\n  \"NO_TICKET\"}" + String(repeating: "x", count: 5000))]
        }
        defer { server.stop() }
        let error = await failure(address(server))
        #expect(error?.kind == .refused(status: status))
        #expect(error?.reason.contains("{\"error\": \"NO_TICKET\"}") == true)
        #expect(error?.advice.contains(advice) == true)
        #expect((error?.description.utf8.count ?? 0) < 700)
    }

    @Test("a refusal that never ends is told without it")
    func endlessRefusal() async throws {
        let server = try LoopbackServer { _ in
            [.send(Array("HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\nno".utf8)), .hang]
        }
        defer { server.stop() }
        let error = await failure(address(server), settings: WebSocketSettings(handshakeTimeout: .seconds(600)))
        #expect(error?.kind == .refused(status: 403))
        #expect(error?.reason.hasSuffix("no") == true)
    }

    @Test(
        "an upgrade that is no agreement is refused",
        arguments: [
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n", "",
        ])
    func noAgreement(fields: String) async throws {
        let server = try LoopbackServer { _ in
            [.send(Array("HTTP/1.1 101 Switching Protocols\r\n\(fields)\r\n".utf8)), .hang]
        }
        defer { server.stop() }
        #expect(await failure(address(server))?.kind == .protocolError)
    }

    @Test("silence, garbage and an early end are told apart")
    func brokenAnswers() async throws {
        let silent = try LoopbackServer { _ in [.hang] }
        defer { silent.stop() }
        let settings = WebSocketSettings(handshakeTimeout: .milliseconds(50))
        #expect(await failure(address(silent), settings: settings)?.kind == .timeout)
        let garbage = try LoopbackServer { _ in [.send(Array("\u{1}\u{2}nonsense\r\n\r\n".utf8)), .hang] }
        defer { garbage.stop() }
        #expect(await failure(address(garbage))?.kind == .lost)
        let ending = try LoopbackServer { _ in [.close] }
        defer { ending.stop() }
        #expect(await failure(address(ending))?.reason.contains("instead of answering") == true)
        let resetting = try LoopbackServer { _ in [.reset] }
        defer { resetting.stop() }
        #expect(await failure(address(resetting)) != nil)
    }

    @Test("a port where nobody listens refuses, and a name without an address is not found")
    func nobody() async throws {
        let closed = try ClosedPort()
        let refused = await failure("ws" + closed.url.dropFirst(4))
        #expect(refused?.kind == .connect)
        #expect(refused?.advice.isEmpty == false)
        // A name that is reserved for this (RFC 6761).
        #expect(await failure("ws://no-such-host.invalid/")?.kind == .resolve)
    }

    @Test("a cancelled attempt ends at once")
    func cancelled() async throws {
        let (arrivals, source) = AsyncStream.makeStream(of: Void.self)
        let server = try LoopbackServer { _ in
            source.yield()
            return [.hang]
        }
        defer { server.stop() }
        let url = address(server)
        let attempt = Task { await failure(url) }
        var arrived = arrivals.makeAsyncIterator()
        await arrived.next()
        attempt.cancel()
        #expect(await attempt.value?.kind == .cancelled)
    }

    @Test(
        "other addresses are refused before anything is sent",
        arguments: [
            "", "http://localhost", "ws://", "ws:///path", "ws://user@host/", "ws://host:0/", "ws://host:99999/",
            "ws://host:x/", "ws://[::1/", "ws://ho st/", "wss://호스트/",
        ])
    func badAddresses(url: String) async {
        #expect(await failure(url)?.kind == .badURL)
    }

    @Test(
        "header fields that must not be sent are refused",
        arguments: [("Origin", "https://upbit.com"), ("origin", "x"), ("A\r\nB", "x"), ("A", "x\r\nB: y"), ("", "x")])
    func badHeaders(name: String, value: String) async {
        #expect(await failure("ws://localhost:1/", headers: [(name, value)])?.kind == .invalidRequest)
    }
}
