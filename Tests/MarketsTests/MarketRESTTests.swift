import CivilTime
import HTTPClient
import LoopbackHTTP
import Markets
import Synchronization
import TestClocks
import Testing

@Suite("Market data over REST", .timeLimit(.minutes(1))) struct MarketRESTTests {
    private let bitcoin: MarketCode

    init() throws {
        bitcoin = try #require(MarketCode("KRW-BTC"))
    }

    /// A client of its own limiter, wide enough not to wait.
    private func client(_ server: LoopbackServer, limiter: RateLimiter? = nil) -> MarketREST {
        let settings = RateLimiterSettings(limit: .init(requests: 100_000, per: .seconds(1)))
        return MarketREST(
            dialect: UpbitDialect(), http: HTTPClient(),
            limiter: limiter ?? RateLimiter(exchange: .upbit, settings: settings), baseURL: server.url + "/")
    }

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    @Test("a reply comes with its evidence and its values")
    func evidence() async throws {
        let body = try Fixture.bytes("rest_candles_minutes_1.json")
        let server = try LoopbackServer { _ in
            [.reply(headers: [("Remaining-Req", "group=candles; min=600; sec=9")], body: body)]
        }
        defer { server.stop() }
        var arrivals = server.requests.makeAsyncIterator()
        let before = Timestamp.now()
        let reply = try await client(server).candles(
            market: bitcoin, unit: .oneMinute, to: try time("2022-09-01T12:24:00Z"), count: 5,
            .init(attempt: 3))
        #expect(try reply.values().count == 5)
        #expect(reply.raw.body == body)
        #expect(reply.raw.status == 200)
        #expect(reply.raw.attempt == 3)
        #expect(reply.raw.exchange == .upbit)
        #expect(reply.raw.headers["remaining-req"] == "group=candles; min=600; sec=9")
        #expect(reply.raw.endpoint == "/v1/candles/minutes/1?market=KRW-BTC&count=5&to=2022-09-01T12%3A24%3A00Z")
        #expect(reply.raw.url == server.url + reply.raw.endpoint)
        #expect(before <= reply.raw.callTime && reply.raw.callTime <= reply.raw.receivedAt)
        let row = try #require(try reply.rows().first)
        #expect(reply.text(of: row.payload).hasPrefix("{\"market\":\"KRW-BTC\""))
        let request = try #require(await arrivals.next())
        #expect(request.header("origin") == nil)
        #expect(request.target == reply.raw.endpoint)
    }

    @Test("truncated JSON is an error that keeps the raw reply")
    func truncatedJSON() async throws {
        let body = Array(try Fixture.bytes("rest_ticker.json").prefix(700))
        let server = try LoopbackServer { _ in [.reply(body: body)] }
        defer { server.stop() }
        let reply = try await client(server).tickers(quotes: ["KRW"])
        #expect(reply.raw.body == body)
        let error = #expect(throws: MarketError.self) { try reply.values() }
        guard case .malformed(let problem) = error?.kind else {
            Issue.record("expected malformed, got \(String(describing: error))")
            return
        }
        #expect(problem.offset == 700)
        #expect(error?.isRetryable == true)
        #expect(error?.description.contains("/v1/ticker/all?quote_currencies=KRW") == true)
    }

    @Test("a connection that breaks within the body keeps the part")
    func brokenConnection() async throws {
        let server = try LoopbackServer { _ in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{\"market\":".utf8)), .close]
        }
        defer { server.stop() }
        let reply = try await client(server).markets()
        #expect(reply.raw.body == Array("[{\"market\":".utf8))
        let error = #expect(throws: MarketError.self) { try reply.values() }
        guard case .transport(let cause) = error?.kind else {
            Issue.record("expected transport, got \(String(describing: error))")
            return
        }
        #expect(cause.kind == .truncated)
    }

    @Test("without any reply the call throws", arguments: [LoopbackStep.close, .reset])
    func noReply(step: LoopbackStep) async throws {
        let server = try LoopbackServer { _ in [step] }
        defer { server.stop() }
        let client = client(server)
        let error = await #expect(throws: MarketError.self) { try await client.markets() }
        guard case .transport = error?.kind else {
            Issue.record("expected transport, got \(String(describing: error))")
            return
        }
        #expect(error?.isRetryable == true)
    }

    @Test(
        "error statuses are told apart, whatever their body",
        arguments: [
            (400, "rest_error_400.json", false), (404, "rest_error_404.json", false), (401, nil, false),
            (408, nil, true),
            (429, nil, true), (500, nil, true), (503, nil, true), (301, nil, false),
        ] as [(Int, String?, Bool)])
    func statuses(status: Int, fixture: String?, isRetryable: Bool) async throws {
        let body = try fixture.map { try Fixture.bytes($0) } ?? Array("<html>oops".utf8)
        let server = try LoopbackServer { _ in [.reply(status, body: body)] }
        defer { server.stop() }
        let reply = try await client(server).tickers(markets: [bitcoin])
        #expect(reply.raw.status == status)
        #expect(reply.raw.body == body)
        let error = try #require(throws: MarketError.self) { try reply.values() }
        #expect(error.isRetryable == isRetryable)
        switch (status, error.kind) {
        case (400, .exchangeError(400, "400")), (401, .exchangeError(401, "unnamed")), (404, .notFound),
            (408, .exchangeError), (429, .rateLimited), (500, .server(500)), (503, .server(503)),
            (301, .exchangeError):
            break
        default: Issue.record("status \(status) became \(error.kind)")
        }
        if status == 404 { #expect(error.message == "\"Code not found\"") }
    }

    @Test("a 418 stops the exchange's other calls until its end")
    func blocked() async throws {
        let clock = ManualClock()
        let start = Timestamp(seconds: 1_800_000_000)
        let limiter = RateLimiter(
            exchange: .upbit, clock: clock, wallClock: { start + clock.now.offset })
        let server = try LoopbackServer { request in
            request.target.hasPrefix("/v1/ticker")
                ? [.reply(418, headers: [("Retry-After", "120")])] : [.reply(text: "[]")]
        }
        defer { server.stop() }
        let client = client(server, limiter: limiter)
        let reply = try await client.tickers(quotes: ["KRW"])
        let refused = try #require(throws: MarketError.self) { try reply.values() }
        guard case .blocked(let until) = refused.kind else {
            Issue.record("expected a block, got \(refused.kind)")
            return
        }
        #expect(until == start + .seconds(120))
        let error = await #expect(throws: MarketError.self) {
            try await client.markets(.init(maximumWait: .seconds(60)))
        }
        guard case .blocked(until) = error?.kind else {
            Issue.record("expected the same block, got \(String(describing: error))")
            return
        }
        async let patient = client.markets(.init(maximumWait: .seconds(600)))
        await clock.sleeper(until: .seconds(120))
        clock.advance(to: .seconds(120))
        #expect(try await patient.values().isEmpty)
    }

    @Test("a 429 delays the group's next call, which then succeeds")
    func limited() async throws {
        let clock = ManualClock()
        let limiter = RateLimiter(exchange: .upbit, clock: clock)
        let count = Mutex(0)
        let server = try LoopbackServer { _ in
            let isFirst = count.withLock { count in
                count += 1
                return count == 1
            }
            return isFirst ? [.reply(429)] : [.reply(text: "[]")]
        }
        defer { server.stop() }
        let client = client(server, limiter: limiter)
        let refused = try await client.markets()
        #expect(throws: MarketError.self) { try refused.values() }
        async let second = client.markets(.init(attempt: 2))
        await clock.sleeper(until: .seconds(1))
        clock.advance(to: .seconds(1))
        #expect(try await second.values().isEmpty)
        #expect(try await second.raw.attempt == 2)
    }

    @Test("the header's word that nothing remains delays the group's next call")
    func nothingRemains() async throws {
        let clock = ManualClock()
        let limiter = RateLimiter(exchange: .upbit, clock: clock)
        let server = try LoopbackServer { _ in
            [.reply(headers: [("Remaining-Req", "group=market; min=600; sec=0")], text: "[]")]
        }
        defer { server.stop() }
        let client = client(server, limiter: limiter)
        _ = try await client.markets()
        async let second = client.markets()
        await clock.sleeper(until: .seconds(1))
        clock.advance(to: .seconds(1))
        #expect(try await second.values().isEmpty)
    }

    @Test("a cancelled call is cancelled, not failed")
    func cancellation() async throws {
        let server = try LoopbackServer { _ in [.hang] }
        defer { server.stop() }
        var arrivals = server.requests.makeAsyncIterator()
        let client = client(server)
        let task = Task { () -> Bool in
            do throws(MarketError) {
                _ = try await client.markets()
                return false
            } catch {
                return error.isCancellation
            }
        }
        _ = await arrivals.next()
        task.cancel()
        #expect(await task.value)
    }
}
