import CivilTime
import DAGModel
import Markets
import PostgresClient
import Synchronization
import Testing

@testable import Warehouse

@Suite("From the exchange to the indicators", .timeLimit(.minutes(5)))
struct PipelineTests {
    private let fixture: IndicatorFixture
    private let later = instant("2023-05-01T00:00:00Z")

    init() throws { fixture = try IndicatorFixture.load() }

    private func arguments(_ market: String, _ stretch: DataInterval) -> [String: JSONValue] {
        [
            "exchange": "upbit", "endpoint": "candles", "unit": 60, "markets": [.string(market)],
            "start": .string(stretch.start.iso8601), "end": .string(stretch.end.iso8601),
        ]
    }

    @Test("indicators of fetched candles equal pandas' to 1e-9")
    func indicators() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try fixture.upbit(), now: later)
            for (market, stretch) in IndicatorFixture.stretches { try await task.run(arguments(market, stretch)) }
            try await database.refineCandles()

            let columns = fixture.expected.first?.values.keys.filter { $0 != "market" && $0 != "open_time_utc" } ?? []
            #expect(columns.count == 22)
            var compared = 0
            for (market, hour, values) in fixture.expected {
                let sql = "SELECT * FROM gold_trend_volatility WHERE market = $1 AND open_time = $2"
                let row = try #require(try await database.pool.query(sql, [market, hour]).first)
                for column in columns {
                    let text = try #require(values[column])
                    let found = try Self.value(column, row)
                    guard let expected = Double(text) else {
                        #expect(found == nil, "\(market) \(hour.iso8601) \(column)")
                        continue
                    }
                    let value = try #require(found, "\(market) \(hour.iso8601) \(column)")
                    // MACD crosses zero: there the price's own size is the scale.
                    let scale = column.hasPrefix("macd") ? abs(try Self.value("ema_12", row) ?? 0) : abs(expected)
                    #expect(abs(value - expected) <= 1e-9 * max(scale, 1e-300), "\(market) \(hour.iso8601) \(column)")
                    compared += 1
                }
            }
            #expect(compared > 4_000)
        }
    }

    private static func value(_ column: String, _ row: PostgresRow) throws -> Double? {
        column.hasPrefix("missing")
            ? Double(try row.decode(column, as: Int32.self)) : try row.decode(column, as: Double?.self)
    }

    @Test("neither the order nor the repetition of runs changes Gold's checksum")
    func order() async throws {
        let whole = Mutex("")
        let stretch = span("2022-12-30T00:00:00Z", hours: 240)
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try fixture.upbit(), now: later)
            try await task.run(arguments("KRW-DOGE", stretch))
            try await database.refineCandles()
            let sum = try await database.queries.goldChecksum()
            whole.withLock { $0 = sum }
        }
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try fixture.upbit(), now: later)
            let queries = database.queries
            // Later pieces first, one piece twice, Silver and Gold after each as its event would start them.
            for start in [120, 160, 40, 120, 200, 0, 80] as [Int64] {
                let from = stretch.start + .seconds(start * 3600)
                let piece = DataInterval(start: from, end: from + .seconds(40 * 3600))
                try await task.run(arguments("KRW-DOGE", piece))
                try await database.refineCandles(since: piece.start.iso8601, until: piece.end.iso8601)
            }
            #expect(try await queries.goldChecksum() == whole.withLock { $0 })
            try await database.refineCandles()
            #expect(try await queries.goldChecksum() == whole.withLock { $0 })
            #expect(try await queries.refinementDue().isNothing)
            #expect(
                try await queries.goldChecksum(over: span("2022-12-30T00:00:00Z", hours: 1)) != whole.withLock { $0 })
        }
    }
}
