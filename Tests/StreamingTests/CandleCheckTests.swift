import CivilTime
import Markets
import PostgresClient
import Testing

@testable import Streaming

@Suite("Exchange's candles against those from trades", .timeLimit(.minutes(2))) struct CandleCheckTests {
    /// An hourly candle as the refinement leaves it.
    private func exchangeCandle(
        _ database: StreamDatabase, hour: Int, open: Int, high: Int, low: Int, close: Int, volume: Int, value: Int?
    ) async throws {
        try await database.asOwner(
            """
            WITH call AS (
                INSERT INTO warehouse.crypto_24hr_rawingest_landing (
                    source, endpoint, request, interval_start, interval_end, call_ts)
                VALUES ('upbit', 'candles', 'GET', now(), now(), now()) RETURNING id)
            INSERT INTO warehouse.silver_candle (
                exchange, market, unit, open_time, open, high, low, close, volume, value, value_derived, call_ts, call_id,
                payload_hash)
            SELECT 'upbit', 'KRW-BTC', 60, '\(Sample.start.iso8601)'::timestamptz + \(hour) * interval '1 hour', \(open),
                   \(high), \(low), \(close), \(volume), \(value ?? 1), \(value == nil), now(), id, '' FROM call
            """)
    }

    private func states(_ database: StreamDatabase) async throws -> [String] {
        try await database.rows(
            "extract(hour FROM open_time)::integer - 12; state; array_to_string(differs, ' '); trades",
            "FROM warehouse.candle_check ORDER BY open_time")
    }

    @Test("hours agree, differ, lack trades that nobody collected, or have none")
    func judgement() async throws {
        try await StreamDatabase.use { database in
            let hour: Int64 = 3_600_000
            _ = try await MarketClaims.claim(database.pool, exchange: .upbit, worker: "a", lease: .seconds(60))
            let store = TradeStore(pool: database.pool)
            _ = try await store.store([
                // Collected from the middle of the first hour on.
                Sample.trade(at: hour / 2, id: 1, price: "10", volume: "2"),
                Sample.trade(at: hour + 5, id: 2, price: "10", volume: "1"),
                Sample.trade(at: hour + 50 * 60_000, id: 3, price: "14", volume: "2"),
                Sample.trade(at: 2 * hour, id: 4, price: "9"),
                Sample.trade(at: 4 * hour, id: 5, price: "9"),
                Sample.trade(at: 5 * hour, id: 6, price: "9"),
            ])
            try await database.asOwner(
                """
                INSERT INTO warehouse.stream_outage VALUES ('upbit', 'KRW-BTC',
                    '\((Sample.start + .seconds(5 * 3_600 + 60)).iso8601)', '\((Sample.start + .seconds(5 * 3_600 + 90)).iso8601)')
                """)
            try await exchangeCandle(database, hour: -1, open: 1, high: 1, low: 1, close: 1, volume: 1, value: 1)
            try await exchangeCandle(database, hour: 0, open: 9, high: 10, low: 9, close: 10, volume: 3, value: 29)
            try await exchangeCandle(database, hour: 1, open: 10, high: 14, low: 10, close: 14, volume: 3, value: 38)
            try await exchangeCandle(database, hour: 2, open: 9, high: 9, low: 9, close: 9, volume: 1, value: nil)
            try await exchangeCandle(database, hour: 3, open: 9, high: 9, low: 9, close: 9, volume: 1, value: 9)
            try await exchangeCandle(database, hour: 4, open: 9, high: 11, low: 9, close: 9, volume: 2, value: 20)
            try await exchangeCandle(database, hour: 5, open: 9, high: 11, low: 9, close: 9, volume: 2, value: 20)
            let summary = try await database.rows("s", "FROM warehouse.check_candles(NULL, NULL) AS s")
            #expect(summary == ["(6,2,1,1,2)"])
            #expect(
                try await states(database) == [
                    "0|incomplete|open low volume value|1", "1|agree||2", "2|agree||1", "3|no_trades||0",
                    "4|difference|high volume value|1", "5|incomplete|high volume value|1",
                ])
            // The trade that lacked comes late; the hour is looked at again.
            _ = try await store.store([Sample.trade(at: 4 * hour + 9, id: 7, price: "11")])
            _ = try await store.store([Sample.trade(at: 4 * hour + 10, id: 8, price: "9", volume: "0")])
            _ = try await database.rows(
                "s",
                "FROM warehouse.check_candles('\((Sample.start + .seconds(4 * 3_600)).iso8601)', NULL) AS s")
            #expect(try await states(database)[4] == "4|agree||3")
        }
    }
}
