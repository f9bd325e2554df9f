package import CivilTime
package import PostgresClient

/// What `cryptoflow-model` reads from and writes to the warehouse, over one connection.
package struct ModelDatabase: Sendable {
    let connection: PostgresConnection
    /// The attempt on whose behalf it works; nil outside a task.
    ///
    /// What an attempt writes is committed only while the attempt is live.
    private let attempt: Int64?

    package init(connection: PostgresConnection, attempt: Int64?) {
        self.connection = connection
        self.attempt = attempt
    }

    // MARK: - Hours

    /// A price or volume; null when it is beyond all sense, an error of the data that no double holds well.
    private static func sensible(_ column: String) -> String {
        "CASE WHEN \(column) BETWEEN 1e-30 AND 1e30 THEN \(column)::double precision END"
    }

    private static let hoursSQL: String = {
        let candle = ["open", "high", "low", "close", "volume"].map { sensible("c.\($0)") }
        let gold = [
            "vol_close_24h", "vol_close_168h", "vol_parkinson_24h", "vol_garman_klass_24h", "rsi_14", "macd",
            "macd_hist", "atr_14", "bb_middle", "bb_upper", "bb_lower",
        ].map { "g.\($0)" }
        return """
            SELECT c.exchange, c.market, div(extract(epoch FROM c.open_time), 3600)::bigint,
                   \((candle + gold).joined(separator: ", "))
            FROM warehouse.silver_candle AS c
            LEFT JOIN warehouse.gold_trend_volatility AS g USING (exchange, market, open_time)
            WHERE c.unit = 60 AND c.open_time >= $1 AND c.open_time < $2
              AND ($3::text IS NULL OR c.exchange = $3) AND ($4::text[] IS NULL OR c.market = ANY ($4))
            ORDER BY c.exchange, c.market, c.open_time
            """
    }()

    /// The hours in a stretch, by market, ascending; all of an exchange's or of all exchanges' unless some are named.
    package func hours(
        from: Timestamp, until: Timestamp, exchange: String? = nil, markets: [String]? = nil
    ) async throws -> [MarketKey: [MarketHour]] {
        let result = try await connection.query(
            PostgresStatement(Self.hoursSQL, [from, until, exchange, markets]), timeout: .seconds(300))
        var hours: [MarketKey: [MarketHour]] = [:]
        for row in result {
            let market = MarketKey(exchange: try row.decode(0), market: try row.decode(1))
            var hour = MarketHour(hour: try row.decode(2))
            hour.open = try row.decode(3)
            hour.high = try row.decode(4)
            hour.low = try row.decode(5)
            hour.close = try row.decode(6)
            hour.volume = try row.decode(7)
            hour.volatilityClose24h = try row.decode(8)
            hour.volatilityClose168h = try row.decode(9)
            hour.volatilityParkinson24h = try row.decode(10)
            hour.volatilityGarmanKlass24h = try row.decode(11)
            hour.rsi14 = try row.decode(12)
            hour.macd = try row.decode(13)
            hour.macdHistogram = try row.decode(14)
            hour.atr14 = try row.decode(15)
            hour.bollingerMiddle = try row.decode(16)
            hour.bollingerUpper = try row.decode(17)
            hour.bollingerLower = try row.decode(18)
            hours[market, default: []].append(hour)
        }
        return hours
    }

    /// The newest candle's open time of all markets; nil when Silver is empty.
    package func newestHour(exchange: String? = nil) async throws -> Timestamp? {
        // By jumping from one market to the next in the primary key: reading all of Silver takes time that grows with it.
        let sql = """
            WITH RECURSIVE listed AS (
                (SELECT exchange, market FROM warehouse.silver_candle ORDER BY exchange, market LIMIT 1)
                UNION ALL
                SELECT following.* FROM listed, LATERAL (
                    SELECT exchange, market FROM warehouse.silver_candle
                    WHERE (exchange, market) > (listed.exchange, listed.market)
                    ORDER BY exchange, market LIMIT 1) AS following
            )
            SELECT max(newest.open_time)
            FROM listed
            CROSS JOIN LATERAL (
                SELECT open_time FROM warehouse.silver_candle AS c
                WHERE c.exchange = listed.exchange AND c.market = listed.market AND c.unit = 60
                ORDER BY open_time DESC LIMIT 1) AS newest
            WHERE $1::text IS NULL OR listed.exchange = $1
            """
        let newest: Timestamp? = try await connection.query(
            PostgresStatement(sql, [exchange]), timeout: .seconds(60)
        ).first?.decode(0)
        return newest
    }

    /// Commits only what a live attempt wrote: one that was declared lost must not.
    func hold(_ transaction: PostgresTransaction) async throws {
        guard let attempt else { return }
        _ = try await transaction.query("SELECT flow.hold_attempt($1)", [attempt])
    }
}
