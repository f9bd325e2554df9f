import CivilTime
import PostgresClient
import WebServer

/// Candles and trades from the database.
extension LivePath {
    private static let timeout = Duration.seconds(4)

    func trades(_ query: TradeQuery) async throws -> [LiveTrade] {
        let before = query.before
        let rows = try await parts.pool.query(
            """
            SELECT sequential_id, traded_at, trim_scale(price)::text AS price, trim_scale(volume)::text AS volume, taker_side
            FROM warehouse.silver_trade
            WHERE exchange = $1 AND market = $2 AND traded_at <= $3 AND (traded_at, sequential_id) < ($3, $4)
            ORDER BY traded_at DESC, sequential_id DESC LIMIT $5
            """,
            [
                query.id.exchange, query.id.market, before?.at ?? .distantFuture,
                before.map { $0.sequentialID ?? .min } ?? Int64.max, Int64(query.limit),
            ], timeout: Self.timeout)
        return try rows.map { row in
            LiveTrade(
                sequentialID: try row.decode("sequential_id"), at: try row.decode("traded_at"),
                price: try row.decode("price"), volume: try row.decode("volume"),
                side: try row.decode("taker_side", as: String.self) == "bid" ? .bid : .ask)
        }
    }

    /// Where the candles of a unit come from: those built from trades up to half an hour, the exchange's own from an
    /// hour on, which reach further back.
    private struct CandleSource {
        let seconds: Int64
        /// The stored candles that make one up.
        let storedSeconds: Int64

        init?(_ unit: String) {
            let sizes: [String: Int64] = [
                "1s": 1, "1m": 60, "3m": 180, "5m": 300, "10m": 600, "15m": 900, "30m": 1_800, "1h": 3_600,
                "4h": 14_400, "1d": 86_400,
            ]
            guard let seconds = sizes[unit] else { return nil }
            self.seconds = seconds
            storedSeconds = seconds >= 3_600 ? 3_600 : seconds >= 60 ? 60 : 1
        }

        var stored: String {
            storedSeconds == 3_600
                ? "warehouse.silver_candle WHERE unit * 60 = $3" : "warehouse.stream_candle WHERE unit_seconds = $3"
        }
    }

    func candles(_ query: CandleQuery) async throws -> [LiveCandle] {
        guard let source = CandleSource(query.unit) else { return [] }
        let perCandle = source.seconds / source.storedSeconds
        // Of the stored ones, enough for as many whole candles as are wanted, and one more for the cut at the end.
        let rows = try await parts.pool.query(
            """
            SELECT slot, trim_scale((array_agg(open ORDER BY open_time))[1])::text AS open,
                   trim_scale(max(high))::text AS high, trim_scale(min(low))::text AS low,
                   trim_scale((array_agg(close ORDER BY open_time DESC))[1])::text AS close,
                   trim_scale(sum(volume))::text AS volume, trim_scale(sum(coalesce(value, 0)))::text AS value
            FROM (
                SELECT *, to_timestamp(floor(extract(epoch FROM open_time) / $7) * $7) AS slot
                FROM \(source.stored) AND exchange = $1 AND market = $2 AND open_time >= $4 AND open_time < $5
                ORDER BY open_time DESC LIMIT $6) AS stored
            GROUP BY slot ORDER BY slot DESC LIMIT $8
            """,
            [
                query.id.exchange, query.id.market, Int32(source.storedSeconds),
                Self.firstSlot(query.from, source.seconds),
                Self.firstSlot(query.to, source.seconds, otherwise: .distantFuture),
                Int64(query.limit + 1) * perCandle, Int32(source.seconds), Int64(query.limit),
            ], timeout: Self.timeout)
        return try rows.map { row in
            LiveCandle(
                openTime: try row.decode("slot"), open: try row.decode("open"), high: try row.decode("high"),
                low: try row.decode("low"), close: try row.decode("close"), volume: try row.decode("volume"),
                value: try row.decode("value"))
        }.reversed()
    }

    /// The first instant at or after `instant` at which a candle opens.
    private static func firstSlot(
        _ instant: Timestamp?, _ seconds: Int64, otherwise fallback: Timestamp = .epoch
    ) -> Timestamp {
        guard let instant else { return fallback }
        let size = seconds * 1_000_000
        let whole = instant.microseconds.flooredQuotient(size)
        let isOn = instant.microseconds.flooredRemainder(size) == 0
        return Timestamp(microseconds: (isOn ? whole : whole + 1) * size)
    }
}
