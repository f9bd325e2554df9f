import CivilTime
import Markets
import PostgresClient
import Testing

@testable import Streaming

@Suite("Trade store", .timeLimit(.minutes(2))) struct TradeStoreTests {
    @Test("a trade is stored once, whoever brings it and however often")
    func once() async throws {
        try await StreamDatabase.use { database in
            let (one, other) = (TradeStore(pool: database.pool), TradeStore(pool: database.pool))
            let trades = try [
                Sample.trade(at: 100, id: 1, price: "100.5", volume: "0.00000001"),
                Sample.trade(at: 100, id: 2, price: "101"), Sample.trade(at: 100, id: 1, price: "100.5"),
                Sample.trade("KRW-ETH", at: 100, id: 1, origin: .fill), Sample.book(at: 1),
            ]
            #expect(try await one.store(trades) == TradeStore.Outcome(stored: 3, duplicates: 1))
            #expect(try await one.store(trades) == TradeStore.Outcome(stored: 0, duplicates: 4))
            #expect(try await other.store(Array(trades.reversed())) == TradeStore.Outcome(stored: 0, duplicates: 4))
            #expect(
                try await database.rows(
                    "market; sequential_id; price; volume; taker_side; origin; received_at - traded_at",
                    "FROM warehouse.silver_trade ORDER BY 1") == [
                        "KRW-BTC|1|100.5|0.00000001|bid|realtime|00:00:00.005",
                        "KRW-BTC|2|101|1|bid|realtime|00:00:00.005", "KRW-ETH|1|100|1|bid|fill|00:00:00.005",
                    ])
            #expect(try await one.store([Sample.ticker(at: 1)]) == TradeStore.Outcome(stored: 0, duplicates: 0))
        }
    }

    @Test("candles are those of the stored trades, late ones included")
    func candles() async throws {
        try await StreamDatabase.use { database in
            let store = TradeStore(pool: database.pool)
            _ = try await store.store([
                Sample.trade(at: 61_000, id: 5, price: "7", volume: "2"),
                Sample.trade(at: 62_500, id: 6, price: "9", volume: "0.5"),
            ])
            // Late: the minute's first and last trade, and one of an earlier minute.
            _ = try await store.store([
                Sample.trade(at: 119_999, id: 4, price: "8"), Sample.trade(at: 60_000, id: 9, price: "3"),
                Sample.trade(at: 59_999, id: 1, price: "1"), Sample.trade(at: 62_500, id: 6, price: "9", volume: "0.5"),
            ])
            let candles = try await database.rows(
                "to_char(open_time, 'MI:SS'); open; high; low; close; volume; value; trades",
                "FROM warehouse.stream_candle WHERE unit_seconds = 60 ORDER BY open_time")
            #expect(candles == ["00:00|1|1|1|1|1|1|1", "01:00|3|9|3|8|4.5|29.5|4"])
            #expect(try await database.count("FROM warehouse.stream_candle WHERE unit_seconds = 1") == 5)
            #expect(try await CandleAudit.differences(database).isEmpty)
        }
    }

    @Test("any order and division of the same trades gives the same candles")
    func purity() async throws {
        var random = SystemRandomNumberGenerator()
        let trades = try (0..<300).map { index in
            // Few instants, so that many trades share one and the ids decide.
            try Sample.trade(
                index % 3 == 0 ? "KRW-ETH" : "KRW-BTC", at: Int64.random(in: 0..<40) * 100, id: Int64(index),
                price: "\(Int.random(in: 1...50)).\(Int.random(in: 0...99))", volume: "0.0\(Int.random(in: 1...999))")
        }
        var results: Set<[String]> = []
        for _ in 0..<3 {
            try await StreamDatabase.use { database in
                let store = TradeStore(pool: database.pool)
                var rest = trades.shuffled(using: &random)[...]
                while !rest.isEmpty {
                    let count = Int.random(in: 1...80, using: &random)
                    _ = try await store.store(Array(rest.prefix(count)))
                    rest = rest.dropFirst(count)
                }
                results.insert(try await database.rows("t", "FROM warehouse.stream_candle AS t ORDER BY t::text"))
                #expect(try await CandleAudit.differences(database).isEmpty)
            }
        }
        #expect(results.count == 1)
    }

    @Test("a trade of any month finds its partition, and makes it without waiting for others")
    func partitions() async throws {
        try await StreamDatabase.use { database in
            let store = TradeStore(pool: database.pool)
            let month: Int64 = 31 * 86_400_000
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        let own = TradeStore(pool: database.pool)
                        for step in Int64(0)..<6 {
                            _ = try await own.store([Sample.trade(at: -step * month, id: Int64(worker))])
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.count("FROM warehouse.silver_trade") == 24)
            // One that was taken away is made again.
            try await database.asOwner("DROP TABLE warehouse.silver_trade_2026_03")
            _ = try await store.store([Sample.trade(at: 5, id: 77)])
            try await database.asOwner("DROP TABLE warehouse.silver_trade_2026_03")
            #expect(try await store.store([Sample.trade(at: 5, id: 77)]).stored == 1)
        }
    }

    @Test("workers that store the same trades at once neither double nor block each other")
    func concurrency() async throws {
        try await StreamDatabase.use { database in
            let trades = try (0..<2_000).map { index in
                try Sample.trade(
                    ["KRW-BTC", "KRW-ETH", "KRW-XRP"][index % 3], at: Int64(index) * 7, id: Int64(index),
                    price: "\(1_000 + index % 97)")
            }
            let stored = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let store = TradeStore(pool: database.pool)
                        var stored = 0
                        var rest = trades[...]
                        while !rest.isEmpty {
                            let count = Int.random(in: 1...200)
                            stored += try await store.store(rest.prefix(count).shuffled()).stored
                            rest = rest.dropFirst(count)
                        }
                        return stored
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(stored == 2_000)
            #expect(try await database.count("FROM warehouse.silver_trade") == 2_000)
            #expect(try await CandleAudit.differences(database).isEmpty)
        }
    }

    @Test("the last stored trade is the newest by time, then by id")
    func lastStored() async throws {
        try await StreamDatabase.use { database in
            let store = TradeStore(pool: database.pool)
            #expect(try await store.lastStoredTrade(Sample.key()) == nil)
            _ = try await store.store([
                Sample.trade(at: 40, id: 2), Sample.trade(at: 40, id: 9), Sample.trade(at: -40 * 86_400_000, id: 11),
                Sample.trade("KRW-ETH", at: 90, id: 1),
            ])
            let last = try await store.lastStoredTrade(Sample.key())
            #expect(last == TradeStore.Key(tradedAt: Sample.start + .milliseconds(40), sequentialID: 9))
        }
    }

    @Test("the worker's role can add trades and neither change nor remove them")
    func privileges() async throws {
        try await StreamDatabase.use { database in
            _ = try await TradeStore(pool: database.pool).store([Sample.trade(at: 1, id: 1)])
            for sql in ["DELETE FROM warehouse.silver_trade", "UPDATE warehouse.silver_trade SET price = 1"] {
                let error = await #expect(throws: PostgresError.self) { try await database.pool.query(sql) }
                #expect(error?.sqlState == .insufficientPrivilege)
            }
        }
    }
}

/// Compares the stored candles with those computed anew from the stored trades.
enum CandleAudit {
    /// Candles that one side has and the other has not, or has otherwise.
    static func differences(_ database: StreamDatabase) async throws -> [String] {
        try await database.rows(
            "d",
            """
            FROM (
                (SELECT * FROM expected EXCEPT SELECT * FROM warehouse.stream_candle)
                UNION ALL
                (SELECT * FROM warehouse.stream_candle EXCEPT SELECT * FROM expected)
            ) AS d
            """,
            with: """
                WITH expected AS (
                    SELECT exchange, market, unit_seconds,
                           to_timestamp(floor(extract(epoch FROM traded_at) / unit_seconds) * unit_seconds) AS open_time,
                           (array_agg(price ORDER BY traded_at, sequential_id))[1] AS open, max(price) AS high,
                           min(price) AS low, (array_agg(price ORDER BY traded_at DESC, sequential_id DESC))[1] AS close,
                           sum(volume) AS volume, sum(price * volume) AS value, count(*) AS trades,
                           min(traded_at) AS first_at,
                           (array_agg(sequential_id ORDER BY traded_at, sequential_id))[1] AS first_id,
                           max(traded_at) AS last_at,
                           (array_agg(sequential_id ORDER BY traded_at DESC, sequential_id DESC))[1] AS last_id
                    FROM warehouse.silver_trade CROSS JOIN (VALUES (1), (60)) AS u (unit_seconds)
                    GROUP BY 1, 2, 3, 4)
                """)
    }
}
