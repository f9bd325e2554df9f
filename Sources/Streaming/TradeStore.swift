package import CivilTime
import Markets
package import PostgresClient
import Synchronization

/// Stores trades exactly once, with the candles of a second and of a minute that they make.
///
/// One statement, so one transaction: the trades that are new, and the candles of just those. A repetition, after a
/// commit whose answer was lost or by another worker, adds nothing.
package final class TradeStore: Sendable {
    /// What became of a batch.
    package struct Outcome: Sendable, Hashable {
        /// Trades that were new.
        package var stored: Int
        /// Trades that were there already, or twice in the batch.
        package var duplicates: Int

        package init(stored: Int, duplicates: Int) {
            self.stored = stored
            self.duplicates = duplicates
        }
    }

    /// A trade's place among those of its market.
    package struct Key: Sendable, Hashable {
        package let tradedAt: Timestamp
        package let sequentialID: Int64

        package init(tradedAt: Timestamp, sequentialID: Int64) {
            self.tradedAt = tradedAt
            self.sequentialID = sequentialID
        }
    }

    private let pool: PostgresPool
    /// Days since 1970 whose partitions are known to exist.
    private let preparedDays = Mutex<Set<Int64>>([])
    private static let timeout = Duration.seconds(30)

    /// - Parameter pool: connections that may write the warehouse.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Stores the trades among the messages.
    ///
    /// Throws `PostgresError`; nothing is stored then, or (kind `commitUnknown`, lost connections) all may be. The same
    /// call may be repeated in any case.
    package func store(_ messages: [StreamMessage]) async throws -> Outcome {
        let rows = TradeRows(messages)
        guard rows.count > 0 else { return Outcome(stored: 0, duplicates: 0) }
        try await prepareMonths(rows)
        let result: PostgresResult
        do {
            result = try await pool.query(rows.statement, timeout: Self.timeout)
        } catch let error as PostgresError where error.sqlState == .checkViolation && error.constraintName == nil {
            // "No partition": somebody took it away.
            preparedDays.withLock { $0.removeAll() }
            try await prepareMonths(rows)
            result = try await pool.query(rows.statement, timeout: Self.timeout)
        }
        let stored = Int(try result.first?.decode(0, as: Int64.self) ?? 0)
        return Outcome(stored: stored, duplicates: rows.count - stored)
    }

    /// Makes the partitions of the trades' months, and of the month ahead.
    private func prepareMonths(_ rows: TradeRows) async throws {
        let missing = preparedDays.withLock { rows.days.subtracting($0) }
        for day in missing.sorted() {
            let instant = Timestamp(seconds: day * 86_400)
            try await pool.query(
                "SELECT warehouse.prepare_stream_month($1), warehouse.prepare_stream_month($2)",
                [instant, instant + .seconds(31 * 86_400)], timeout: Self.timeout)
            preparedDays.withLock { _ = $0.insert(day) }
        }
    }

    /// Where collecting a market has to go on: at its newest stored trade, or before that where older ones may lack.
    ///
    /// Notes durably that what comes after may lack, until ``HoleJournal`` knows better. Nil when nothing is stored.
    package func resumePoint(_ key: StreamKey) async throws -> Key? {
        let market = key.market.description
        let results = try await pool.pipeline(
            [
                PostgresStatement(
                    "SELECT warehouse.note_stream_holes($1, ARRAY[$2])", [key.exchange.rawValue, market]),
                PostgresStatement(
                    "SELECT since FROM warehouse.stream_hole WHERE exchange = $1 AND market = $2",
                    [key.exchange.rawValue, market]),
            ], timeout: Self.timeout)
        guard let last = try await lastStoredTrade(key) else { return nil }
        guard let hole = try results[1].first?.decode(0, as: Timestamp.self), hole < last.tradedAt else { return last }
        return Key(tradedAt: hole, sequentialID: 0)
    }

    /// The newest stored trade of a market; nil when there is none.
    package func lastStoredTrade(_ key: StreamKey) async throws -> Key? {
        let rows = try await pool.query(
            """
            SELECT traded_at, sequential_id FROM warehouse.silver_trade
            WHERE exchange = $1 AND market = $2
            ORDER BY traded_at DESC, sequential_id DESC LIMIT 1
            """, [key.exchange.rawValue, key.market.description], timeout: Self.timeout)
        return try rows.first.map { row in
            Key(tradedAt: try row.decode(0), sequentialID: try row.decode(1))
        }
    }
}

/// A batch of trades as columns.
struct TradeRows {
    private var exchanges: [String] = []
    private var markets: [String] = []
    private var times: [Timestamp] = []
    private var numbers: [Int64] = []
    private var prices: [PostgresNumeric] = []
    private var volumes: [PostgresNumeric] = []
    private var sides: [String] = []
    private var origins: [String] = []
    private var arrivals: [Timestamp] = []
    /// The days they are of, since 1970.
    private(set) var days: Set<Int64> = []

    var count: Int { numbers.count }

    init(_ messages: [StreamMessage]) {
        for message in messages {
            guard case .trade(let trade) = message.event else { continue }
            exchanges.append(message.exchange.rawValue)
            markets.append(trade.market.description)
            times.append(trade.tradedAt)
            numbers.append(trade.sequentialID)
            prices.append(PostgresNumeric(trade.price.description))
            volumes.append(PostgresNumeric(trade.volume.description))
            sides.append(trade.takerSide.rawValue)
            origins.append(message.origin.rawValue)
            arrivals.append(message.receivedAt)
            days.insert(trade.tradedAt.seconds.flooredQuotient(86_400))
        }
    }

    var statement: PostgresStatement {
        PostgresStatement(
            Self.sql, [exchanges, markets, times, numbers, prices, volumes, sides, origins, arrivals])
    }

    /// Rows are written in the order of their keys, trades before candles, so that workers with the same trades wait
    /// for each other and never in a circle.
    ///
    /// Each candle takes in only trades that this statement added.
    private static let sql = """
        WITH stored AS (
            INSERT INTO warehouse.silver_trade (
                exchange, market, traded_at, sequential_id, price, volume, taker_side, origin, received_at)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
                AS g (exchange, market, traded_at, sequential_id, price, volume, taker_side, origin, received_at)
            ORDER BY exchange, market, traded_at, sequential_id
            ON CONFLICT DO NOTHING
            RETURNING exchange, market, traded_at, sequential_id, price, volume
        ), slot AS (
            SELECT exchange, market, unit_seconds,
                   date_bin(unit_seconds * interval '1 second', traded_at, timestamptz '1970-01-01 00:00:00+00')
                       AS open_time,
                   array_agg(price ORDER BY traded_at, sequential_id) AS prices, max(price) AS high,
                   min(price) AS low, sum(volume) AS volume, sum(price * volume) AS value, count(*) AS trades,
                   array_agg(traded_at ORDER BY traded_at, sequential_id) AS times,
                   array_agg(sequential_id ORDER BY traded_at, sequential_id) AS numbers
            FROM stored CROSS JOIN (VALUES (1), (60)) AS unit (unit_seconds)
            GROUP BY exchange, market, unit_seconds, open_time
        ), candle AS (
            INSERT INTO warehouse.stream_candle AS old (
                exchange, market, unit_seconds, open_time, open, high, low, close, volume, value, trades,
                first_traded_at, first_sequential_id, last_traded_at, last_sequential_id)
            SELECT exchange, market, unit_seconds, open_time, prices[1], high, low, prices[trades],
                   trim_scale(volume), trim_scale(value), trades, times[1], numbers[1], times[trades], numbers[trades]
            FROM slot
            ORDER BY exchange, market, unit_seconds, open_time
            ON CONFLICT (exchange, market, unit_seconds, open_time) DO UPDATE SET
                open = CASE WHEN (excluded.first_traded_at, excluded.first_sequential_id)
                                < (old.first_traded_at, old.first_sequential_id) THEN excluded.open ELSE old.open END,
                high = greatest(old.high, excluded.high),
                low = least(old.low, excluded.low),
                close = CASE WHEN (excluded.last_traded_at, excluded.last_sequential_id)
                                > (old.last_traded_at, old.last_sequential_id) THEN excluded.close ELSE old.close END,
                volume = trim_scale(old.volume + excluded.volume),
                value = trim_scale(old.value + excluded.value),
                trades = old.trades + excluded.trades,
                (first_traded_at, first_sequential_id) = (
                    SELECT a, b FROM (VALUES (old.first_traded_at, old.first_sequential_id),
                                             (excluded.first_traded_at, excluded.first_sequential_id)) AS k (a, b)
                    ORDER BY a, b LIMIT 1),
                (last_traded_at, last_sequential_id) = (
                    SELECT a, b FROM (VALUES (old.last_traded_at, old.last_sequential_id),
                                             (excluded.last_traded_at, excluded.last_sequential_id)) AS k (a, b)
                    ORDER BY a DESC, b DESC LIMIT 1)
        )
        SELECT count(*) FROM stored
        """
}
