import CivilTime
import HTTPClient
import LoopbackHTTP
import Markets
import Synchronization
import Testing

@Suite("Candles page by page", .timeLimit(.minutes(1))) struct CandlePagingTests {
    /// Upbit's candle call over hours of which some have no candle.
    private struct History: Sendable {
        let hours: [Timestamp]

        func answer(_ request: LoopbackRequest) -> [LoopbackStep] {
            var parameters: [Substring: String] = [:]
            for pair in request.target.split(separator: "?").last?.split(separator: "&") ?? [] {
                let parts = pair.split(separator: "=", maxSplits: 1)
                parameters[parts[0]] = parts[1].split(separator: "%3A").joined(separator: ":")
            }
            let to = parameters["to"].flatMap { Timestamp(iso8601: $0) } ?? .distantFuture
            let count = Int(parameters["count"] ?? "") ?? 1
            guard count <= 200 else { return [.reply(400)] }
            let rows = hours.filter { $0 < to }.suffix(count).reversed().map { hour in
                "{\"market\":\"KRW-BTC\",\"candle_date_time_utc\":\"\(hour.iso8601.dropLast())\",\"opening_price\":10,"
                    + "\"high_price\":12,\"low_price\":9,\"trade_price\":11,\"timestamp\":1767246000000,"
                    + "\"candle_acc_trade_price\":100,\"candle_acc_trade_volume\":9,\"unit\":60}"
            }
            return [.reply(text: "[\(rows.joined(separator: ","))]")]
        }
    }

    private let start: Timestamp
    private let bitcoin: MarketCode

    init() throws {
        start = try #require(Timestamp(iso8601: "2026-01-01T00:00:00Z"))
        bitcoin = try #require(MarketCode("KRW-BTC"))
    }

    private func hour(_ index: Int) -> Timestamp { start + .seconds(index * 3600) }

    private func client(_ server: LoopbackServer) -> MarketREST {
        let settings = RateLimiterSettings(limit: .init(requests: 100_000, per: .seconds(1)))
        return MarketREST(
            dialect: UpbitDialect(), http: HTTPClient(), limiter: RateLimiter(exchange: .upbit, settings: settings),
            baseURL: server.url)
    }

    @Test(
        "every candle of the interval comes once, oldest first, over gaps and pages",
        arguments: [
            (0, 1000), (100, 101), (100, 300), (99, 301), (0, 1), (450, 460), (990, 1100), (1200, 1300), (7, 7),
        ])
    func whole(from: Int, to: Int) async throws {
        // Gaps of single hours, of ten, and one longer than a page.
        let hours = (0..<1000).filter { $0 % 7 != 3 && !(440..<455).contains($0) && !(600..<850).contains($0) }
        let history = History(hours: hours.map(hour))
        let server = try LoopbackServer { history.answer($0) }
        defer { server.stop() }
        var replies = 0
        let candles = try await client(server).candles(
            market: bitcoin, unit: .oneHour, in: DataInterval(start: hour(from), end: hour(to))
        ) { reply in
            replies += 1
            #expect(reply.raw.status == 200)
        }
        #expect(candles.map(\.openTime) == hours.filter { (from..<to).contains($0) }.map(hour))
        #expect(replies <= (to - from) / 200 + 3)
    }

    @Test("one hour asks for one candle, once")
    func oneHour() async throws {
        let history = History(hours: (0..<10).map(hour))
        let server = try LoopbackServer { history.answer($0) }
        defer { server.stop() }
        var endpoints: [String] = []
        let candles = try await client(server).candles(
            market: bitcoin, unit: .oneHour, in: DataInterval(start: hour(5), end: hour(6))
        ) { endpoints.append($0.raw.endpoint) }
        #expect(candles.map(\.openTime) == [hour(5)])
        #expect(endpoints == ["/v1/candles/minutes/60?market=KRW-BTC&count=1&to=2026-01-01T06%3A00%3A00Z"])
    }

    @Test("the market's beginning ends the paging")
    func beginning() async throws {
        let history = History(hours: (500..<510).map(hour))
        let server = try LoopbackServer { history.answer($0) }
        defer { server.stop() }
        let candles = try await client(server).candles(
            market: bitcoin, unit: .oneHour, in: DataInterval(start: hour(0), end: hour(510)))
        #expect(candles.count == 10)
    }

    @Test("a failing page fails the whole, after its reply was shown")
    func failingPage() async throws {
        let history = History(hours: (0..<1000).map(hour))
        let count = Mutex(0)
        let server = try LoopbackServer { request in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 3 ? [.reply(500, text: "oops")] : history.answer(request)
        }
        defer { server.stop() }
        let client = client(server)
        var statuses: [Int] = []
        let error = await #expect(throws: MarketError.self) {
            try await client.candles(
                market: bitcoin, unit: .oneHour, in: DataInterval(start: hour(0), end: hour(1000))
            ) { statuses.append($0.raw.status) }
        }
        guard case .server(500) = error?.kind else {
            Issue.record("expected status 500, got \(String(describing: error))")
            return
        }
        #expect(statuses == [200, 200, 500])
    }

    @Test("a server that ignores `to` is an error, not an endless loop")
    func endless() async throws {
        let history = History(hours: (0..<300).map(hour))
        let server = try LoopbackServer { request in
            var request = request
            request.target = String(request.target.prefix { $0 != "?" }) + "?count=200"
            return history.answer(request)
        }
        defer { server.stop() }
        let client = client(server)
        let error = await #expect(throws: MarketError.self) {
            try await client.candles(
                market: bitcoin, unit: .oneHour, in: DataInterval(start: hour(0), end: hour(300)))
        }
        guard case .malformed(let problem) = error?.kind else {
            Issue.record("expected malformed, got \(String(describing: error))")
            return
        }
        #expect(problem.field == "candle_date_time_utc")
    }
}
