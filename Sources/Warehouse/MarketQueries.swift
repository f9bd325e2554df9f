package import CivilTime
package import PostgresClient

/// Reads of the warehouse for pages and the command line: each bounded in rows and time.
package struct MarketQueries: Sendable {
    private let session: any PostgresSession
    private let timeout: Duration

    /// - Parameter timeout: of each statement, so that no page keeps the server busy.
    package init(session: any PostgresSession, timeout: Duration = .seconds(2)) {
        self.session = session
        self.timeout = timeout
    }

    /// The newest price of each market, by exchange and market.
    package func latestPrices() async throws -> [LatestPrice] {
        try await session.query(PostgresStatement(Self.latestSQL), timeout: timeout).map { row in
            LatestPrice(
                exchange: try row.decode("exchange"), market: try row.decode("market"),
                openTime: try row.decode("open_time"), close: try row.decimal("close"),
                change24h: try row.decode("change_24h"))
        }
    }

    /// Markets by jumping from one to the next in the primary key: reading all of Gold takes time that grows with it.
    private static let latestSQL = """
        WITH RECURSIVE listed AS (
            (SELECT exchange, market FROM warehouse.gold_trend_volatility ORDER BY exchange, market LIMIT 1)
            UNION ALL
            SELECT following.* FROM listed, LATERAL (
                SELECT exchange, market FROM warehouse.gold_trend_volatility
                WHERE (exchange, market) > (listed.exchange, listed.market)
                ORDER BY exchange, market LIMIT 1) AS following
        )
        SELECT g.exchange, g.market, g.open_time, g.close, (g.close / day.close - 1)::double precision AS change_24h
        FROM listed
        CROSS JOIN LATERAL (
            SELECT exchange, market, open_time, close FROM warehouse.gold_trend_volatility
            WHERE exchange = listed.exchange AND market = listed.market
            ORDER BY open_time DESC LIMIT 1) AS g
        LEFT JOIN warehouse.gold_trend_volatility AS day
            ON day.exchange = g.exchange AND day.market = g.market
            AND day.open_time = g.open_time - interval '24 hours' AND day.close <> 0
        ORDER BY g.exchange, g.market
        """

    /// The last `hours` hours up to a market's newest candle, oldest first; one point an hour, gaps included.
    ///
    /// Empty for a market without candles.
    package func priceLine(exchange: String, market: String, hours: Int) async throws -> [PricePoint] {
        let sql = """
            SELECT h AS hour, c.close, g.ma_7, g.ma_25
            FROM (
                SELECT open_time FROM warehouse.silver_candle
                WHERE exchange = $1 AND market = $2 AND unit = 60 ORDER BY open_time DESC LIMIT 1) AS newest
            CROSS JOIN LATERAL generate_series(
                newest.open_time - ($3 - 1) * interval '1 hour', newest.open_time, interval '1 hour') AS h
            LEFT JOIN warehouse.silver_candle AS c
                ON c.exchange = $1 AND c.market = $2 AND c.unit = 60 AND c.open_time = h
            LEFT JOIN warehouse.gold_trend_volatility AS g
                ON g.exchange = $1 AND g.market = $2 AND g.open_time = h
            ORDER BY h
            """
        let bounded = Int32(min(max(hours, 1), 10_000))
        let result = try await session.query(PostgresStatement(sql, [exchange, market, bounded]), timeout: timeout)
        return try result.map { row in
            PricePoint(
                hour: try row.decode("hour"), close: try row.optionalDecimal("close"), ma7: try row.decode("ma_7"),
                ma25: try row.decode("ma_25"))
        }
    }

    /// A market's newest indicators; nil for a market that Gold does not know.
    package func indicators(exchange: String, market: String) async throws -> MarketIndicators? {
        let sql = """
            SELECT * FROM warehouse.gold_trend_volatility WHERE exchange = $1 AND market = $2
            ORDER BY open_time DESC LIMIT 1
            """
        let result = try await session.query(PostgresStatement(sql, [exchange, market]), timeout: timeout)
        return try result.first.map { try MarketIndicators($0) }
    }

    /// What became of each market's hours in the last `hours` hours before `end`, from each market's first hour asked.
    package func coverage(until end: Timestamp, hours: Int) async throws -> [MarketCoverage] {
        let bounded = Int32(min(max(hours, 1), 10_000))
        let result = try await session.query(
            PostgresStatement(Self.coverageSQL, [end, bounded]), timeout: timeout)
        return try result.map { row in
            MarketCoverage(
                exchange: try row.decode("exchange"), market: try row.decode("market"),
                candles: try row.count("candles"), withoutTrade: try row.count("without_trade"),
                notFinal: try row.count("not_final"), notRefined: try row.count("not_refined"),
                notFetched: try row.count("not_fetched"), newest: try row.decode("newest"))
        }
    }

    private static let coverageSQL = """
        WITH RECURSIVE listed AS (
            (SELECT exchange, market FROM warehouse.market_coverage
             WHERE endpoint = 'candles' AND unit = 60 ORDER BY exchange, market LIMIT 1)
            UNION ALL
            SELECT following.* FROM listed, LATERAL (
                SELECT exchange, market FROM warehouse.market_coverage
                WHERE endpoint = 'candles' AND unit = 60 AND (exchange, market) > (listed.exchange, listed.market)
                ORDER BY exchange, market LIMIT 1) AS following
        ), bounds AS (
            SELECT date_trunc('hour', $1, 'UTC') - $2 * interval '1 hour' AS start,
                   date_trunc('hour', $1, 'UTC') AS finish
        )
        SELECT listed.exchange, listed.market,
               count(*) FILTER (WHERE c.open_time IS NOT NULL) AS candles,
               count(*) FILTER (WHERE c.open_time IS NULL AND v.final AND v.rows = 0) AS without_trade,
               count(*) FILTER (WHERE c.open_time IS NULL AND NOT v.final) AS not_final,
               count(*) FILTER (WHERE c.open_time IS NULL AND v.final AND v.rows > 0) AS not_refined,
               count(*) FILTER (WHERE h IS NOT NULL AND c.open_time IS NULL AND v.hour IS NULL) AS not_fetched,
               (SELECT max(open_time) FROM warehouse.silver_candle AS n
                WHERE n.exchange = listed.exchange AND n.market = listed.market AND n.unit = 60) AS newest
        FROM bounds
        CROSS JOIN listed
        CROSS JOIN LATERAL (
            SELECT min(hour) AS hour FROM warehouse.market_coverage AS f
            WHERE f.exchange = listed.exchange AND f.endpoint = 'candles' AND f.unit = 60 AND f.market = listed.market
        ) AS first
        LEFT JOIN LATERAL generate_series(
            greatest(bounds.start, first.hour), bounds.finish - interval '1 hour', interval '1 hour') AS h ON true
        LEFT JOIN warehouse.market_coverage AS v
            ON v.exchange = listed.exchange AND v.endpoint = 'candles' AND v.unit = 60
            AND v.market = listed.market AND v.hour = h
        LEFT JOIN warehouse.silver_candle AS c
            ON c.exchange = listed.exchange AND c.market = listed.market AND c.unit = 60 AND c.open_time = h
        GROUP BY listed.exchange, listed.market
        ORDER BY listed.exchange, listed.market
        """

    /// The checksum over keys and values of Gold with candles that open in `interval` (nil: all).
    package func goldChecksum(over interval: DataInterval? = nil) async throws -> String {
        let statement =
            interval.map { PostgresStatement("SELECT warehouse.gold_checksum($1, $2)", [$0.start, $0.end]) }
            ?? PostgresStatement("SELECT warehouse.gold_checksum()")
        guard let row = try await session.query(statement, timeout: .seconds(60)).first else { return "" }
        return try row.decode(0)
    }

    /// What waits to be refined.
    package func refinementDue() async throws -> RefinementDue {
        let sql = """
            SELECT (SELECT count(*) FROM warehouse.silver_due) AS replies,
                   (SELECT count(*) FROM warehouse.gold_due) AS markets
            """
        guard let row = try await session.query(PostgresStatement(sql), timeout: timeout).first else {
            return RefinementDue(replies: 0, markets: 0)
        }
        return RefinementDue(replies: try row.count("replies"), markets: try row.count("markets"))
    }
}
