import Markets
import PostgresClient

extension PostgresRow {
    /// A numeric column as an exact decimal.
    ///
    /// Throws `PostgresError` of kind `decoding` for NULL, NaN and what an exact decimal cannot hold.
    func decimal(_ column: String) throws(PostgresError) -> ExactDecimal {
        guard let value = try optionalDecimal(column) else {
            throw PostgresError(.decoding, "column \"\(column)\": expected a number, found NULL")
        }
        return value
    }

    /// A numeric column as an exact decimal, or nil for NULL.
    func optionalDecimal(_ column: String) throws(PostgresError) -> ExactDecimal? {
        guard let number = try decode(column, as: PostgresNumeric?.self) else { return nil }
        guard let value = ExactDecimal(number.text) else {
            throw PostgresError(.decoding, "column \"\(column)\": expected a decimal number that can be held exactly")
        }
        return value
    }

    /// A bigint or integer column as an `Int`.
    func count(_ column: String) throws(PostgresError) -> Int {
        Int(try decode(column, as: Int64.self))
    }
}

extension MarketIndicators {
    /// Reads a row of `gold_trend_volatility`.
    init(_ row: PostgresRow) throws(PostgresError) {
        openTime = try row.decode("open_time")
        close = try row.decimal("close")
        ma7 = try row.decode("ma_7")
        ma25 = try row.decode("ma_25")
        ma99 = try row.decode("ma_99")
        ema12 = try row.decode("ema_12")
        ema26 = try row.decode("ema_26")
        rsi14 = try row.decode("rsi_14")
        macd = try row.decode("macd")
        macdSignal = try row.decode("macd_signal")
        macdHistogram = try row.decode("macd_hist")
        atr14 = try row.decode("atr_14")
        bollingerMiddle = try row.decode("bb_middle")
        bollingerUpper = try row.decode("bb_upper")
        bollingerLower = try row.decode("bb_lower")
        volatilityClose24h = try row.decode("vol_close_24h")
        volatilityClose168h = try row.decode("vol_close_168h")
        volatilityParkinson24h = try row.decode("vol_parkinson_24h")
        volatilityParkinson168h = try row.decode("vol_parkinson_168h")
        volatilityGarmanKlass24h = try row.decode("vol_garman_klass_24h")
        volatilityGarmanKlass168h = try row.decode("vol_garman_klass_168h")
        missing24h = try row.count("missing_24h")
        missing168h = try row.count("missing_168h")
        missing99 = try row.count("missing_99")
        warmUpCandles = try row.count("warmup_candles")
    }
}
