import HTTPClient
import LoopbackHTTP
import Testing

@Suite("HTTP client's life", .timeLimit(.minutes(1))) struct HTTPClientLifeTests {
    /// Starts a request and returns how it ended.
    private func outcome(_ client: HTTPClient, _ url: String) async -> HTTPClientError.Kind? {
        do throws(HTTPClientError) {
            _ = try await client.send(HTTPRequest(url: url))
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("cancelling the task ends the transfer, and the server sees the connection close")
    func cancellation() async throws {
        let client = HTTPClient()
        let server = try LoopbackServer { _ in [.hang] }
        defer { server.stop() }
        var arrivals = server.requests.makeAsyncIterator()
        var departures = server.departures.makeAsyncIterator()
        let task = Task { await outcome(client, server.url) }
        _ = await arrivals.next()
        task.cancel()
        #expect(await task.value == .cancelled)
        await departures.next()
    }

    @Test("a task cancelled beforehand sends nothing")
    func cancelledBefore() async throws {
        let client = HTTPClient()
        let server = try LoopbackServer { _ in [.reply()] }
        defer { server.stop() }
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for await _ in gate {}
            return await outcome(client, server.url)
        }
        task.cancel()
        opener.finish()
        #expect(await task.value == .cancelled)
    }

    @Test("many cancellations at any moment neither hang nor crash")
    func cancellationStorm() async throws {
        let client = HTTPClient()
        let server = try LoopbackServer { _ in [.reply(text: "quick")] }
        defer { server.stop() }
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let task = Task { await self.outcome(client, server.url) }
                    for _ in 0..<(index % 20) { await Task.yield() }
                    task.cancel()
                    let kind = await task.value
                    #expect(kind == nil || kind == .cancelled)
                }
            }
        }
        #expect(await outcome(client, server.url) == nil)
    }

    @Test("a shutdown without grace ends what is under way")
    func shutDownNow() async throws {
        let client = HTTPClient()
        let server = try LoopbackServer { _ in [.hang] }
        defer { server.stop() }
        var arrivals = server.requests.makeAsyncIterator()
        async let running = outcome(client, server.url)
        _ = await arrivals.next()
        await client.shutDown()
        #expect(await running == .shutDown)
        #expect(await outcome(client, server.url) == .shutDown)
        await client.shutDown()
    }

    @Test("a shutdown with grace lets what is under way finish")
    func shutDownGracefully() async throws {
        let client = HTTPClient()
        let server = try LoopbackServer { request in
            let half = LoopbackStep.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no".utf8))
            return request.target == "/slow" ? [half, .hang] : [.reply(204)]
        }
        var arrivals = server.requests.makeAsyncIterator()
        async let running = outcome(client, server.url + "/slow")
        _ = await arrivals.next()
        async let ended: Void = client.shutDown(grace: .seconds(3600))
        while await outcome(client, server.url) != .shutDown { await Task.yield() }
        // New requests are refused by now, and yet the first still hears how its connection ends.
        server.stop()
        let kind = await running
        #expect(kind == .truncated || kind == .reset)
        await ended
    }

    @Test("a client never used shuts down at once")
    func unused() async {
        await HTTPClient().shutDown(grace: .seconds(3600))
    }

    @Test("clients come and go without leaving their thread behind")
    func comeAndGo() async throws {
        let server = try LoopbackServer { _ in [.reply(text: "x")] }
        defer { server.stop() }
        for _ in 0..<20 {
            #expect(await outcome(HTTPClient(), server.url) == nil)
        }
    }
}
