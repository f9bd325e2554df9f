import HTTPClient
import LoopbackHTTP
import Testing

@Suite("HTTP client in trouble", .timeLimit(.minutes(1))) struct HTTPClientFaultTests {
    let client = HTTPClient()

    private func failure(_ request: HTTPRequest) async -> HTTPClientError? {
        do {
            let response = try await client.send(request)
            Issue.record("expected an error, got status \(response.status)")
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "text that is no http or https URL is refused",
        arguments: [
            "", "example.org/path", "/path", "ftp://example.org/", "file:///etc/passwd", "http://", "http://a b/",
            "http://example.org:99999/", "http://example.org/\u{0}x", "http://exa\nmple.org/",
        ])
    func badURL(url: String) async {
        #expect(await failure(HTTPRequest(url: url))?.kind == .badURL)
    }

    @Test("a request that would not arrive as meant is refused")
    func invalidRequests() async {
        let url = "http://127.0.0.1:1/"
        let requests = [
            HTTPRequest(url: url, headers: ["Origin": "https://example.org"]),
            HTTPRequest(url: url, headers: ["origin": "https://example.org"]),
            HTTPRequest(url: url, headers: ["X-A": "1\r\nX-B: 2"]),
            HTTPRequest(url: url, headers: ["X A": "1"]),
            HTTPRequest(url: url, headers: ["": "1"]),
            HTTPRequest(.init(rawValue: "GET /"), url: url),
            HTTPRequest(url: url, timeout: .zero),
            HTTPRequest(url: url, maximumResponseBytes: -1),
        ]
        for request in requests {
            #expect(await failure(request)?.kind == .invalidRequest)
        }
    }

    @Test("a port where nobody listens is no connection")
    func refused() async throws {
        let port = try ClosedPort()
        let error = await failure(HTTPRequest(url: port.url + "/x?api_key=12345"))
        #expect(error?.kind == .connect)
        #expect(error?.description.contains("api_key=***") == true)
        #expect(error?.description.contains("12345") == false)
        #expect(error?.isRetryable == true)
    }

    @Test("a name that cannot exist has no address")
    func unresolved() async {
        // RFC 6761 reserves .invalid, so no name server knows it; without a network it fails the same way.
        let error = await failure(HTTPRequest(url: "https://nobody.invalid/"))
        #expect(error?.kind == .resolve || error?.kind == .timeout || error?.kind == .connect)
        #expect(error?.url == "https://nobody.invalid/")
    }

    @Test("a silent server is a timeout that says how long it took")
    func slow() async throws {
        let server = try LoopbackServer { _ in [.hang] }
        defer { server.stop() }
        let error = await failure(HTTPRequest(url: server.url, timeout: .milliseconds(300)))
        #expect(error?.kind == .timeout)
        #expect(error?.reason.hasPrefix("no answer within") == true)
        #expect(error?.partialResponse == nil)
    }

    @Test("a body that stops coming is a timeout with what had come")
    func slowBody() async throws {
        let server = try LoopbackServer { _ in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".utf8)), .hang]
        }
        defer { server.stop() }
        let error = await failure(HTTPRequest(url: server.url, timeout: .seconds(1)))
        #expect(error?.kind == .timeout)
        #expect(error?.partialResponse?.text == "half")
    }

    @Test("a reset before the answer breaks the connection")
    func reset() async throws {
        let server = try LoopbackServer { _ in [.reset] }
        defer { server.stop() }
        let error = await failure(HTTPRequest(url: server.url))
        #expect(error?.kind == .reset || error?.kind == .noReply)
        #expect(error?.isRetryable == true)
    }

    @Test("a server that hangs up without an answer is told apart")
    func noReply() async throws {
        let server = try LoopbackServer { _ in [.close] }
        defer { server.stop() }
        #expect(await failure(HTTPRequest(url: server.url))?.kind == .noReply)
    }

    @Test("a body that ends early is an error that carries the part")
    func truncated() async throws {
        let server = try LoopbackServer { _ in
            [.send(Array("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 100\r\n\r\n[1,2".utf8)), .close]
        }
        defer { server.stop() }
        let error = await failure(HTTPRequest(url: server.url))
        #expect(error?.kind == .truncated)
        #expect(error?.partialResponse?.text == "[1,2")
        #expect(error?.partialResponse?.headers["x-a"] == "b")
    }

    @Test("what is not HTTP is a protocol error")
    func garbage() async throws {
        let server = try LoopbackServer { _ in [.send(Array("SSH-2.0-OpenSSH\r\n".utf8)), .close] }
        defer { server.stop() }
        let error = await failure(HTTPRequest(url: server.url))
        #expect(error?.kind == .protocolError)
    }

    @Test("a body larger than the limit is refused, announced or not", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        let server = try LoopbackServer { _ in
            let body = [UInt8](repeating: 0x61, count: 2_000_000)
            if isAnnounced { return [.reply(body: body)] }
            return [.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + body), .close]
        }
        defer { server.stop() }
        let error = await failure(HTTPRequest(url: server.url, maximumResponseBytes: 100_000))
        #expect(error?.kind == .tooLarge)
        #expect(error?.isRetryable == false)
    }

    @Test("a body of exactly the limit is accepted")
    func justFits() async throws {
        let server = try LoopbackServer { _ in [.reply(body: [UInt8](repeating: 0x61, count: 1000))] }
        defer { server.stop() }
        let response = try await client.send(HTTPRequest(url: server.url, maximumResponseBytes: 1000))
        #expect(response.body.count == 1000)
    }

    @Test("TLS asked of a plain server fails as TLS")
    func tls() async throws {
        // The greeting is no HTTP request, so the server hangs up.
        let server = try LoopbackServer { _ in [.close] }
        defer { server.stop() }
        let url = "https" + server.url.dropFirst(4)
        let error = await failure(HTTPRequest(url: url, timeout: .milliseconds(500)))
        #expect(error?.kind == .tls || error?.kind == .timeout)
    }

    @Test("redirects are followed up to the limit and returned without one")
    func redirects() async throws {
        let server = try LoopbackServer { request in
            let left = Int(request.target.dropFirst()) ?? 0
            return left == 0
                ? [.reply(text: "there")]
                : [.reply(302, headers: [("Location", "/\(left - 1)"), ("X-Left", "\(left)")], text: "on and on")]
        }
        defer { server.stop() }
        let followed = try await client.send(HTTPRequest(url: server.url + "/3", maximumRedirects: 3))
        #expect(followed.text == "there")
        #expect(followed.url == server.url + "/0")
        #expect(followed.headers["X-Left"] == nil)
        let first = try await client.send(HTTPRequest(url: server.url + "/3"))
        #expect(first.status == 302)
        #expect(first.headers["Location"] == "/2")
        #expect(first.text == "on and on")
        #expect(
            await failure(HTTPRequest(url: server.url + "/3", maximumRedirects: 2))?.kind == .tooManyRedirects)
    }

    @Test("a redirect to a file is not followed")
    func redirectToFile() async throws {
        let server = try LoopbackServer { _ in [.reply(302, headers: [("Location", "file:///etc/passwd")])] }
        defer { server.stop() }
        #expect(await failure(HTTPRequest(url: server.url, maximumRedirects: 3))?.kind == .tooManyRedirects)
    }
}
