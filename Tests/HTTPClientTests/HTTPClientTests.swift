import HTTPClient
import LoopbackHTTP
import Testing

@Suite("HTTP client", .timeLimit(.minutes(1))) struct HTTPClientTests {
    let client = HTTPClient()

    @Test("an answer comes with status, headers, body and timing")
    func answer() async throws {
        let server = try LoopbackServer { _ in
            [.reply(headers: [("X-One", "1"), ("x-one", " 2 "), ("Remaining-Req", "group=a; sec=9")], text: "hello")]
        }
        defer { server.stop() }
        let response = try await client.send(HTTPRequest(url: server.url + "/path?a=1"))
        #expect(response.status == 200)
        #expect(response.isSuccess)
        #expect(response.httpVersion == "1.1")
        #expect(response.text == "hello")
        #expect(response.headers.values("X-ONE") == ["1", "2"])
        #expect(response.headers["remaining-req"] == "group=a; sec=9")
        #expect(response.timing.total > .zero)
        #expect(!response.timing.reusedConnection)
    }

    @Test("the request line, headers and body arrive as given, with the client's own fields")
    func request() async throws {
        let server = try LoopbackServer { request in
            [.reply(text: request.headers.map { "\($0.name)=\($0.value)" }.joined(separator: "\n") + "\n")]
        }
        defer { server.stop() }
        var arrivals = server.requests.makeAsyncIterator()
        _ = try await client.send(
            HTTPRequest(
                .post, url: server.url + "/a?b=%20c", headers: ["Content-Type": "application/json", "X-Empty": ""],
                body: Array(#"{"a":1}"#.utf8)))
        let arrived = try #require(await arrivals.next())
        #expect(arrived.method == "POST")
        #expect(arrived.target == "/a?b=%20c")
        #expect(arrived.body == Array(#"{"a":1}"#.utf8))
        #expect(arrived.header("user-agent")?.hasPrefix("cryptoflow/") == true)
        #expect(arrived.header("accept-encoding") == "gzip")
        #expect(arrived.header("content-type") == "application/json")
        #expect(arrived.header("x-empty") == "")
        #expect(arrived.header("origin") == nil)
        #expect(arrived.header("expect") == nil)
    }

    @Test("every method is sent as it is", arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "REPORT"])
    func methods(name: String) async throws {
        let server = try LoopbackServer { _ in [.reply(204)] }
        defer { server.stop() }
        var arrivals = server.requests.makeAsyncIterator()
        let response = try await client.send(HTTPRequest(.init(rawValue: name), url: server.url))
        let arrived = try #require(await arrivals.next())
        #expect(arrived.method == name)
        #expect(arrived.header("content-type") == nil)
        #expect(response.status == 204)
        #expect(response.body.isEmpty)
    }

    @Test("a body with any method and any bytes arrives whole", arguments: [HTTPRequest.Method.put, .post, .get])
    func bodies(method: HTTPRequest.Method) async throws {
        let server = try LoopbackServer { request in [.reply(body: request.body)] }
        defer { server.stop() }
        let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let response = try await client.send(HTTPRequest(method, url: server.url, body: body))
        #expect(response.body == body)
    }

    @Test("an error status is an answer", arguments: [400, 404, 418, 429, 500, 503])
    func statuses(status: Int) async throws {
        let server = try LoopbackServer { _ in [.reply(status, text: "no")] }
        defer { server.stop() }
        let response = try await client.send(HTTPRequest(url: server.url))
        #expect(response.status == status)
        #expect(response.text == "no")
        #expect(!response.isSuccess)
    }

    @Test("a gzip body is decompressed, and its limit counts the decompressed bytes")
    func gzip() async throws {
        // 1,000 times "a", by gzip -9n.
        let zipped: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF, 0x4B, 0x4C, 0x1C, 0x05, 0xA3, 0x60, 0x14, 0x0C,
            0x77, 0x00, 0x00, 0x03, 0xDA, 0x38, 0x9A, 0xE8, 0x03, 0x00, 0x00,
        ]
        let server = try LoopbackServer { _ in [.reply(headers: [("Content-Encoding", "gzip")], body: zipped)] }
        defer { server.stop() }
        let response = try await client.send(HTTPRequest(url: server.url, maximumResponseBytes: 1000))
        #expect(response.text == String(repeating: "a", count: 1000))
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(HTTPRequest(url: server.url, maximumResponseBytes: 999))
        }
        #expect(error?.kind == .tooLarge)
    }

    @Test("a second request uses the first one's connection")
    func reuse() async throws {
        let server = try LoopbackServer { request in [.reply(text: "\(request.connection)")] }
        defer { server.stop() }
        #expect(try await client.send(HTTPRequest(url: server.url)).text == "1")
        let second = try await client.send(HTTPRequest(url: server.url))
        #expect(second.text == "1")
        #expect(second.timing.reusedConnection)
    }

    @Test("a connection that the server closed meanwhile is replaced without an error")
    func staleConnection() async throws {
        let server = try LoopbackServer { request in [.reply(text: "\(request.connection)"), .close] }
        defer { server.stop() }
        var departures = server.departures.makeAsyncIterator()
        #expect(try await client.send(HTTPRequest(url: server.url)).text == "1")
        await departures.next()
        #expect(try await client.send(HTTPRequest(url: server.url)).text == "2")
    }

    @Test("a hundred requests run at once")
    func concurrency() async throws {
        let server = try LoopbackServer { request in [.reply(text: request.target)] }
        defer { server.stop() }
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<100 {
                group.addTask { try await self.client.send(HTTPRequest(url: server.url + "/\(index)")).text }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(texts == Set((0..<100).map { "/\($0)" }))
    }

    @Test("connections to one host stay within the limit")
    func connectionLimit() async throws {
        let client = HTTPClient(configuration: .init(maximumConnectionsPerHost: 3))
        let server = try LoopbackServer { request in [.reply(text: "\(request.connection)")] }
        defer { server.stop() }
        let connections = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await client.send(HTTPRequest(url: server.url)).text } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(connections.count <= 3)
    }
}
