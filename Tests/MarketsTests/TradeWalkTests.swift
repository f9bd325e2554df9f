import CivilTime
import HTTPClient
import LoopbackHTTP
import Markets
import Synchronization
import Testing

@Suite("Past trades and order books over REST", .timeLimit(.minutes(1))) struct TradeWalkTests {
    private let upbit = UpbitDialect()
    private let bitcoin: MarketCode

    init() throws {
        bitcoin = try #require(MarketCode("KRW-BTC"))
    }

    private func client(_ server: LoopbackServer) -> MarketREST {
        let settings = RateLimiterSettings(limit: .init(requests: 100_000, per: .seconds(1)))
        return MarketREST(
            dialect: upbit, http: HTTPClient(), limiter: RateLimiter(exchange: .upbit, settings: settings),
            baseURL: server.url)
    }

    /// A trade row whose number is its time in milliseconds.
    private func row(_ milliseconds: Int64) -> String {
        #"{"market":"KRW-BTC","timestamp":\#(milliseconds),"trade_price":1,"trade_volume":1,"prev_closing_price":1,"#
            + #""change_price":0,"ask_bid":"BID","sequential_id":\#(milliseconds)}"#
    }

    /// The number in a query.
    private func number(_ name: String, _ target: String) -> Int64? {
        target.split(whereSeparator: { $0 == "?" || $0 == "&" }).first { $0.hasPrefix(name + "=") }
            .flatMap { Int64($0.dropFirst(name.count + 1)) }
    }

    /// What a server was asked.
    private final class Targets: Sendable {
        private let targets = Mutex<[String]>([])
        func add(_ target: String) { targets.withLock { $0.append(target) } }
        var all: [String] { targets.withLock { $0 } }
    }

    /// Answers as Upbit does, from the times of all trades, newest first; `days` holds them by days ago.
    private func server(_ days: [[Int64]], _ asked: Targets) throws -> LoopbackServer {
        let (row, number) = (row, number)
        return try LoopbackServer { request in
            asked.add(request.target)
            let day = Int(number("days_ago", request.target) ?? 0)
            let before = number("cursor", request.target) ?? .max
            let count = Int(number("count", request.target) ?? 1)
            let rows = day < days.count ? days[day].filter { $0 < before }.prefix(count) : []
            return [.reply(text: "[" + rows.map(row).joined(separator: ",") + "]")]
        }
    }

    private func walk(
        _ days: [[Int64]], backTo milliseconds: Int64, count: Int? = nil
    ) async throws -> (ids: [Int64], asked: [String]) {
        let asked = Targets()
        let server = try server(days, asked)
        defer { server.stop() }
        var ids: [Int64] = []
        try await client(server).walkTrades(
            market: bitcoin, backTo: Timestamp(microseconds: milliseconds * 1000), count: count
        ) { reply in ids += try reply.values().map(\.sequentialID) }
        return (ids, asked.all)
    }

    @Test("a walk goes back page by page until it is far enough")
    func pages() async throws {
        let now = Timestamp.now().microseconds / 1000
        let trades = (0..<1200).map { now - Int64($0) * 10 }
        let (ids, asked) = try await walk([trades], backTo: trades[700], count: 50)
        #expect(ids == Array(trades[..<1050]))
        #expect(
            asked == [
                "/v1/trades/ticks?market=KRW-BTC&count=50",
                "/v1/trades/ticks?market=KRW-BTC&count=500&cursor=\(trades[49])",
                "/v1/trades/ticks?market=KRW-BTC&count=500&cursor=\(trades[549])",
            ])
    }

    @Test("one page is enough when it is")
    func onePage() async throws {
        let now = Timestamp.now().microseconds / 1000
        let (ids, asked) = try await walk([[now, now - 10, now - 20]], backTo: now - 15)
        #expect(ids.count == 3)
        #expect(asked.count == 1)
    }

    @Test("a walk crosses days, and ends with the exchange's history")
    func days() async throws {
        let now = Timestamp.now().microseconds / 1000
        let day: Int64 = 86_400_000
        let (ids, asked) = try await walk([[now], [now - day], [], [now - 3 * day]], backTo: now - 20 * day)
        #expect(ids == [now, now - day, now - 3 * day])
        #expect(asked.last == "/v1/trades/ticks?market=KRW-BTC&count=500&days_ago=7")
        let (none, few) = try await walk([[], []], backTo: now)
        #expect(none.isEmpty)
        // Now may be in the first moments of a day.
        #expect(few.count <= 2)
    }

    @Test("an exchange whose day has begun already is asked for the day before, although ours has not ended")
    func earlyMidnight() async throws {
        let day: Int64 = 86_400_000
        // The exchange is three days ahead, and some seconds into its day.
        let midnight = (Timestamp.now().microseconds / 1000 / day + 3) * day
        let (ids, asked) = try await walk(
            [[midnight + 5_000], [midnight - 5_000, midnight - 90_000]], backTo: midnight - 60_000)
        #expect(ids == [midnight + 5_000, midnight - 5_000, midnight - 90_000])
        #expect(asked.last == "/v1/trades/ticks?market=KRW-BTC&count=500&days_ago=1")
    }

    @Test("a server that repeats itself does not hold a walk for ever")
    func repeating() async throws {
        let now = Timestamp.now().microseconds / 1000
        let row = row(now)
        let server = try LoopbackServer { _ in [.reply(text: "[\(row)]")] }
        defer { server.stop() }
        var pages = 0
        try await client(server).walkTrades(market: bitcoin, backTo: .epoch) { _ in pages += 1 }
        #expect(pages == 2)
    }

    @Test("a page that cannot be had is an error, after the pages before it were seen")
    func failing() async throws {
        let now = Timestamp.now().microseconds / 1000
        let row = row(now)
        let server = try LoopbackServer { request in
            request.target.contains("cursor") ? [.reply(503, text: "busy")] : [.reply(text: "[\(row)]")]
        }
        defer { server.stop() }
        var seen: [Int] = []
        await #expect(throws: MarketError.self) {
            try await client(server).walkTrades(market: bitcoin, backTo: .epoch) { seen.append($0.raw.status) }
        }
        #expect(seen == [200, 503])
    }

    @Test("an order book")
    func orderBook() async throws {
        let body = try Fixture.bytes("rest_orderbook.json")
        let server = try LoopbackServer { _ in [.reply(body: body)] }
        defer { server.stop() }
        let reply = try await client(server).orderBooks(markets: [bitcoin])
        #expect(reply.raw.endpoint == "/v1/orderbook?markets=KRW-BTC")
        let book = try #require(try reply.values().first)
        #expect(book.market == bitcoin)
        #expect(book.asks.count <= 30 && book.asks.count > 20 && book.bids.count > 20)
        let text = String(decoding: body, as: UTF8.self)
        let best = try #require(book.asks.first)
        #expect(text.contains(best.price.description))
        #expect(zip(book.asks, book.asks.dropFirst()).allSatisfy { $0.price < $1.price })
        #expect(zip(book.bids, book.bids.dropFirst()).allSatisfy { $0.price > $1.price })
        let other = try #require(MarketCode("KRW-ETH"))
        #expect(throws: MarketError.self) {
            try MarketReply(
                raw: reply.raw, outcome: .success(try upbit.orderBooks(markets: [other]).decode(body))
            ).rows()
        }
    }
}
