import CivilTime
import Glibc
package import ModelRegistry
import PostgresClient

/// A forecast as it is stored in `gold_prediction`.
package struct PredictionRow: Sendable, Hashable {
    package let market: MarketKey
    package let hour: Int64
    /// Nil for the naive forecast.
    package let model: Int64?
    package let modelName: String
    package let isMarketKnown: Bool
    package let close: Double
    package let value: Double
    /// Log returns; nil when the volatility is not known.
    package let band: ClosedRange<Double>?
    /// A return of at most this much either way is flat.
    package let deadBand: Double
    /// Of down, flat and up; nil for the naive forecast.
    package let probabilities: [Double]?
    package let move: PriceMove
    package let features: [Double]?

    /// A model's forecast of a row.
    package init(
        _ row: FeatureRow, _ forecast: Forecast, model: Int64, card: ModelCard, encoder: LabelEncoder
    ) {
        market = row.market
        hour = row.hour
        self.model = model
        modelName = card.name
        isMarketKnown = encoder.code(of: row.market) != nil
        close = row.close
        value = forecast.value
        let (lower, upper) = (card.band.lower * row.hourlyVolatility, card.band.upper * row.hourlyVolatility)
        band = forecast.value + lower...forecast.value + upper
        deadBand = card.target.deadBand
        probabilities = forecast.probabilities
        move = forecast.likeliest
        features = encoder.vector(row).map { Double($0) }
    }

    /// The naive forecast of an hour: the same price, with the band of a normal distribution of the hour's volatility.
    package init(naive hour: MarketHour, of market: MarketKey, close: Double, because reason: String) {
        self.market = market
        self.hour = hour.hour
        model = nil
        modelName = "naive: \(reason)"
        isMarketKnown = false
        self.close = close
        value = 0
        let hourly = (hour.volatilityClose24h ?? hour.volatilityClose168h).map { $0 / sqrt(24.0 * 365) }
        band = hourly.map { -Self.normalQuantile90 * $0...Self.normalQuantile90 * $0 }
        deadBand = ModelCard.Target.nextHour.deadBand
        probabilities = nil
        move = .flat
        features = nil
    }

    /// The 90 % quantile of the standard normal distribution: 80 % lie within it either way.
    private static let normalQuantile90 = 1.281_551_565_544_6
}

extension ModelDatabase {
    /// Stores forecasts; an hour that has one keeps it.
    ///
    /// - Returns: how many were new.
    package func store(_ rows: [PredictionRow]) async throws -> Int {
        let sql = """
            INSERT INTO warehouse.gold_prediction (
                exchange, market, open_time, target_time, is_late, model_id, model_name, market_known, close,
                forecast_return, lower_return, upper_return, forecast_price, lower_price, upper_price,
                dead_band, p_down, p_flat, p_up, forecast_class, features)
            SELECT f.exchange, f.market, f.open_time, f.open_time + interval '1 hour',
                   clock_timestamp() >= f.open_time + interval '2 hours'
                   OR EXISTS (SELECT FROM warehouse.silver_candle AS next
                              WHERE next.exchange = f.exchange AND next.market = f.market AND next.unit = 60
                                AND next.open_time > f.open_time),
                   f.model_id, f.model_name, f.market_known, c.close,
                   f.value, f.lower, f.upper, c.close::double precision * exp(f.value),
                   c.close::double precision * exp(f.lower), c.close::double precision * exp(f.upper),
                   f.dead_band, f.p_down, f.p_flat, f.p_up, f.move, f.features
            FROM (SELECT $1::text AS exchange, $2::text AS market, $3::timestamptz AS open_time, $4::bigint AS model_id,
                         $5::text AS model_name, $6::boolean AS market_known, $7::float8 AS value, $8::float8 AS lower,
                         $9::float8 AS upper, $10::float8 AS p_down, $11::float8 AS p_flat, $12::float8 AS p_up,
                         $13::text AS move, $14::float8[] AS features, $15::float8 AS dead_band) AS f
            JOIN warehouse.silver_candle AS c
                ON c.exchange = f.exchange AND c.market = f.market AND c.unit = 60 AND c.open_time = f.open_time
            ON CONFLICT DO NOTHING
            """
        return try await connection.withTransaction { transaction in
            var stored = 0
            for start in stride(from: 0, to: rows.count, by: 200) {
                let statements = rows[start..<min(start + 200, rows.count)].map { row in
                    PostgresStatement(
                        sql,
                        [
                            row.market.exchange, row.market.market, Timestamp(hour: row.hour), row.model, row.modelName,
                            row.isMarketKnown, row.value, row.band?.lowerBound, row.band?.upperBound,
                            row.probabilities?[0], row.probabilities?[1], row.probabilities?[2], row.move.rawValue,
                            row.features, row.deadBand,
                        ])
                }
                stored += try await transaction.pipeline(statements).reduce(0) { $0 + $1.affectedRows }
            }
            try await hold(transaction)
            return stored
        }
    }
}
