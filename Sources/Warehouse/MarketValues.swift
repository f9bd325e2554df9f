package import CivilTime
package import Markets

/// A market's newest price in Gold.
package struct LatestPrice: Sendable, Hashable {
    package let exchange: String
    package let market: String
    /// The start of the newest candle; the price is as of its end.
    package let openTime: Timestamp
    package let close: ExactDecimal
    /// Against the close 24 hours before, a fraction (0.01 is 1 %); nil when that hour has no candle.
    package let change24h: Double?
}

/// One hour of a price line.
package struct PricePoint: Sendable, Hashable {
    /// The start of the hour.
    package let hour: Timestamp
    /// Nil for an hour without a candle.
    package let close: ExactDecimal?
    /// Mean of the last 7 and 25 closes; nil where there is no candle or the window is not full.
    package let ma7: Double?
    package let ma25: Double?
}

/// A market's newest indicators; `docs/INDICATORS.md` says what each is.
///
/// Nil where its window is not full.
package struct MarketIndicators: Sendable, Hashable {
    package let openTime: Timestamp
    package let close: ExactDecimal
    package let ma7, ma25, ma99: Double?
    package let ema12, ema26: Double
    package let rsi14: Double?
    package let macd, macdSignal, macdHistogram: Double
    package let atr14: Double?
    package let bollingerMiddle, bollingerUpper, bollingerLower: Double?
    package let volatilityClose24h, volatilityClose168h: Double?
    package let volatilityParkinson24h, volatilityParkinson168h: Double?
    package let volatilityGarmanKlass24h, volatilityGarmanKlass168h: Double?
    /// Hours of the window that have no candle.
    package let missing24h, missing168h: Int
    package let missing99: Int
    /// Candles the recursive values had seen before.
    package let warmUpCandles: Int
}

/// What became of a market's hours in a window.
package struct MarketCoverage: Sendable, Hashable {
    package let exchange: String
    package let market: String
    /// Hours with a candle in Silver.
    package let candles: Int
    /// Hours of which the exchange has no candle.
    package let withoutTrade: Int
    /// Hours asked for too early and not again.
    package let notFinal: Int
    /// Hours fetched whose candle Silver has not taken up.
    package let notRefined: Int
    /// Hours that were never asked for.
    package let notFetched: Int
    /// The start of the newest candle of all, inside the window or not; nil without any.
    package let newest: Timestamp?

    /// Whether every hour has a candle or is known to have none.
    package var isComplete: Bool { notFinal == 0 && notRefined == 0 && notFetched == 0 }
}
