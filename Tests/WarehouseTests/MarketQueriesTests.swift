import CivilTime
import DAGModel
import Markets
import PostgresClient
import Testing

@testable import Warehouse

@Suite("Reading the warehouse", .timeLimit(.minutes(2)))
struct MarketQueriesTests {
    @Test("an empty warehouse has no prices, no lines and nothing due")
    func empty() async throws {
        try await WarehouseDatabase.use { (database: WarehouseDatabase) async throws in
            let queries = database.queries
            #expect(try await queries.latestPrices().isEmpty)
            #expect(try await queries.priceLine(exchange: "upbit", market: "KRW-BTC", hours: 24).isEmpty)
            #expect(try await queries.indicators(exchange: "upbit", market: "KRW-BTC") == nil)
            #expect(try await queries.coverage(until: .now(), hours: 24).isEmpty)
            #expect(try await queries.refinementDue() == RefinementDue(replies: 0, markets: 0))
        }
    }

    @Test("prices, lines with gaps, indicators and coverage are those of the candles")
    func filled() async throws {
        try await WarehouseDatabase.use { database in
            let stretch = span("2026-01-05T00:00:00Z", hours: 30)
            let gap = stretch.start + .seconds(28 * 3600)
            let upbit = try FakeUpbit()
            upbit.fill("KRW-BTC", stretch, except: [gap])
            upbit.fill("KRW-ETH", stretch)
            let task = try FetchTask(database, upbit: upbit, now: stretch.end + .seconds(86_400))
            let arguments: [String: JSONValue] = [
                "exchange": "upbit", "endpoint": "candles", "markets": ["KRW-BTC", "KRW-ETH"],
            ]
            try await task.run(arguments, interval: stretch)
            let queries = database.queries
            #expect(try await queries.refinementDue() == RefinementDue(replies: 2, markets: 0))
            #expect(
                try await queries.coverage(until: stretch.end, hours: 100).map { [$0.notRefined, $0.withoutTrade] }
                    == [[29, 1], [30, 0]])
            try await database.refine("silver_candles")
            #expect(try await queries.refinementDue() == RefinementDue(replies: 0, markets: 2))
            try await database.refine("gold_trend_volatility")

            let last = stretch.end - .seconds(3600)
            let prices = try await queries.latestPrices()
            #expect(prices.map(\.market) == ["KRW-BTC", "KRW-ETH"])
            let close = try #require(prices.first).close
            #expect(close == ExactDecimal("\(1_001 + last.seconds / 3600 % 97).25"))
            #expect(prices.allSatisfy { $0.openTime == last && $0.change24h != nil })

            let line = try await queries.priceLine(exchange: "upbit", market: "KRW-BTC", hours: 5)
            #expect(line.map(\.hour) == (25...29).map { stretch.start + .seconds($0 * 3600) })
            #expect(line.map { $0.close == nil } == [false, false, false, true, false])
            #expect(line.last?.close == close)
            #expect(line.last?.ma7 != nil)

            let indicators = try #require(try await queries.indicators(exchange: "upbit", market: "KRW-BTC"))
            #expect(indicators.close == close)
            #expect(indicators.missing24h == 1)
            #expect(indicators.ma99 == nil)
            #expect(indicators.warmUpCandles == 28)

            let coverage = try await queries.coverage(until: stretch.end + .seconds(2 * 3600), hours: 10)
            let bitcoin = try #require(coverage.first)
            #expect(bitcoin.candles == 7)
            #expect(bitcoin.withoutTrade == 1)
            #expect(bitcoin.notFetched == 2)
            #expect(bitcoin.newest == last)
            #expect(!bitcoin.isComplete)
        }
    }

    @Test("the role of the warehouse may add to Bronze and not change it")
    func privileges() async throws {
        try await WarehouseDatabase.use { database in
            for sql in [
                "UPDATE crypto_24hr_rawingest_landing SET failure = ''", "DELETE FROM crypto_24hr_rawingest_events",
            ] {
                await #expect { try await database.pool.execute(sql) } throws: {
                    ($0 as? PostgresError)?.sqlState == .insufficientPrivilege
                }
            }
        }
    }
}
