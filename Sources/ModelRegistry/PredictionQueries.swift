package import CivilTime
package import PostgresClient

/// A forecast with what came of it.
package struct Prediction: Sendable, Hashable {
    package let exchange: String
    package let market: String
    /// The newest hour the forecast knew.
    package let openTime: Timestamp
    /// The hour forecast; its close is the price meant.
    package let targetTime: Timestamp
    package let madeAt: Timestamp
    package let isLate: Bool
    /// Nil for the naive forecast.
    package let model: Int64?
    package let modelName: String
    package let isMarketKnown: Bool
    package let forecastReturn: Double
    package let forecastPrice: Double
    /// The 80 % band; nil when the volatility was not known.
    package let lowerPrice: Double?
    package let upperPrice: Double?
    /// A return of at most this much either way is flat.
    package let deadBand: Double
    /// Probabilities of down, flat and up; nil for the naive forecast.
    package let probabilities: [Double]?
    /// The exact close the forecast starts from, as text.
    package let close: String
    /// Nil until the hour is over.
    package let actualClose: String?
    package let actualReturn: Double?
    package let error: Double?
    package let isInside: Bool?

    package init(
        exchange: String, market: String, openTime: Timestamp, targetTime: Timestamp, madeAt: Timestamp, isLate: Bool,
        model: Int64?, modelName: String, isMarketKnown: Bool, forecastReturn: Double, forecastPrice: Double,
        lowerPrice: Double?, upperPrice: Double?, deadBand: Double, probabilities: [Double]?, close: String,
        actualClose: String?,
        actualReturn: Double?, error: Double?, isInside: Bool?
    ) {
        self.exchange = exchange
        self.market = market
        self.openTime = openTime
        self.targetTime = targetTime
        self.madeAt = madeAt
        self.isLate = isLate
        self.model = model
        self.modelName = modelName
        self.isMarketKnown = isMarketKnown
        self.forecastReturn = forecastReturn
        self.forecastPrice = forecastPrice
        self.lowerPrice = lowerPrice
        self.upperPrice = upperPrice
        self.deadBand = deadBand
        self.probabilities = probabilities
        self.close = close
        self.actualClose = actualClose
        self.actualReturn = actualReturn
        self.error = error
        self.isInside = isInside
    }

    init(_ row: PostgresRow) throws(PostgresError) {
        exchange = try row.decode("exchange")
        market = try row.decode("market")
        openTime = try row.decode("open_time")
        targetTime = try row.decode("target_time")
        madeAt = try row.decode("made_at")
        isLate = try row.decode("is_late")
        model = try row.decode("model_id")
        modelName = try row.decode("model_name")
        isMarketKnown = try row.decode("market_known")
        forecastReturn = try row.decode("forecast_return")
        forecastPrice = try row.decode("forecast_price")
        lowerPrice = try row.decode("lower_price")
        upperPrice = try row.decode("upper_price")
        deadBand = try row.decode("dead_band")
        let down: Double? = try row.decode("p_down")
        let flat: Double? = try row.decode("p_flat")
        let up: Double? = try row.decode("p_up")
        if let down, let flat, let up { probabilities = [down, flat, up] } else { probabilities = nil }
        close = try row.decode("close", as: PostgresNumeric.self).text
        actualClose = try row.decode("actual_close", as: PostgresNumeric?.self)?.text
        actualReturn = try row.decode("actual_return")
        error = try row.decode("error")
        isInside = try row.decode("is_inside")
    }
}

/// How the forecasts of a market did beside the naive forecast, over the hours whose outcome is known.
package struct PredictionRecord: Sendable, Hashable {
    package let hours: Int
    package let rmse: Double?
    package let naiveRMSE: Double?
    /// Share of outcomes inside the band.
    package let coverage: Double?
    /// Share of right directions where both moved.
    package let directionalAccuracy: Double?

    package init(hours: Int, rmse: Double?, naiveRMSE: Double?, coverage: Double?, directionalAccuracy: Double?) {
        self.hours = hours
        self.rmse = rmse
        self.naiveRMSE = naiveRMSE
        self.coverage = coverage
        self.directionalAccuracy = directionalAccuracy
    }
}

/// A finding of the drift check.
package struct DriftFinding: Sendable, Hashable {
    package let checkedAt: Timestamp
    package let measure: String
    package let subject: String
    package let value: Double?
    package let threshold: Double
    package let warns: Bool
    package let detail: String
}

/// Reads of forecasts and of the drift check, bounded in rows and time.
package struct PredictionQueries: Sendable {
    private let session: any PostgresSession
    private let timeout: Duration

    package init(session: any PostgresSession, timeout: Duration = .seconds(2)) {
        self.session = session
        self.timeout = timeout
    }

    /// A market's newest forecasts, newest first.
    package func latest(exchange: String, market: String, limit: Int) async throws -> [Prediction] {
        let sql = """
            SELECT * FROM warehouse.gold_prediction WHERE exchange = $1 AND market = $2
            ORDER BY open_time DESC LIMIT $3
            """
        return try await session.query(
            PostgresStatement(sql, [exchange, market, Int32(min(max(limit, 1), 1_000))]), timeout: timeout
        ).map { (row) throws in try Prediction(row) }
    }

    /// The newest forecasts, newest first; of every exchange for nil, of every market for no market.
    package func latest(exchange: String? = nil, market: String?, limit: Int) async throws -> [Prediction] {
        // With both known, the key's index finds them.
        if let exchange, let market { return try await latest(exchange: exchange, market: market, limit: limit) }
        let sql = """
            SELECT * FROM warehouse.gold_prediction
            WHERE ($1::text IS NULL OR exchange = $1) AND ($2::text IS NULL OR market = $2)
            ORDER BY open_time DESC, exchange, market LIMIT $3
            """
        return try await session.query(
            PostgresStatement(sql, [exchange, market, Int32(min(max(limit, 1), 1_000))]), timeout: timeout
        ).map { (row) throws in try Prediction(row) }
    }

    /// The live forecasts of a model (nil: the naive ones) in the last `hours` hours before the newest, late ones left out.
    package func record(
        exchange: String, market: String, model: Int64?, hours: Int
    ) async throws -> PredictionRecord {
        let sql = """
            SELECT count(*) AS hours, sqrt(avg(error * error)) AS rmse, sqrt(avg(actual_return * actual_return)) AS naive,
                   avg(is_inside::integer)::double precision AS coverage,
                   (avg((sign(forecast_return) = sign(actual_return))::integer)
                       FILTER (WHERE forecast_return <> 0 AND actual_return <> 0))::double precision AS direction
            FROM warehouse.gold_prediction
            WHERE exchange = $1 AND market = $2 AND model_id IS NOT DISTINCT FROM $3 AND NOT is_late
              AND error IS NOT NULL
              AND open_time > (SELECT max(open_time) FROM warehouse.gold_prediction
                               WHERE exchange = $1 AND market = $2) - $4 * interval '1 hour'
            """
        let bounded = Int32(min(max(hours, 1), 10_000))
        let result = try await session.query(
            PostgresStatement(sql, [exchange, market, model, bounded]), timeout: timeout)
        guard let row = result.first else {
            return PredictionRecord(hours: 0, rmse: nil, naiveRMSE: nil, coverage: nil, directionalAccuracy: nil)
        }
        return PredictionRecord(
            hours: Int(try row.decode("hours", as: Int64.self)), rmse: try row.decode("rmse"),
            naiveRMSE: try row.decode("naive"), coverage: try row.decode("coverage"),
            directionalAccuracy: try row.decode("direction"))
    }

    /// What the newest drift check of a model found, warnings first.
    package func drift(of model: Int64) async throws -> [DriftFinding] {
        let sql = """
            SELECT * FROM warehouse.model_drift
            WHERE model_id = $1
              AND checked_at = (SELECT max(checked_at) FROM warehouse.model_drift WHERE model_id = $1)
            ORDER BY warns DESC, value DESC NULLS LAST, measure, subject LIMIT 200
            """
        return try await session.query(PostgresStatement(sql, [model]), timeout: timeout).map { row in
            DriftFinding(
                checkedAt: try row.decode("checked_at"), measure: try row.decode("measure"),
                subject: try row.decode("subject"), value: try row.decode("value"),
                threshold: try row.decode("threshold"), warns: try row.decode("warns"),
                detail: try row.decode("detail"))
        }
    }
}
