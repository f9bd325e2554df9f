package import CivilTime

/// What one market did in one slot of time.
///
/// A slot without a trade has no candle.
package struct Candle: Sendable, Hashable {
    /// The market.
    package var market: MarketCode
    /// The slot's length.
    package var unit: CandleUnit
    /// The slot's start, inclusive.
    package var openTime: Timestamp
    /// The first price.
    package var open: ExactDecimal
    /// The highest price.
    package var high: ExactDecimal
    /// The lowest price.
    package var low: ExactDecimal
    /// The last price.
    package var close: ExactDecimal
    /// Traded amount in the base currency.
    package var baseVolume: ExactDecimal
    /// Traded amount in the quote currency.
    package var quoteValue: ExactDecimal
    /// The last trade counted; nil where an exchange does not tell.
    package var lastTradeAt: Timestamp?
    /// The close of the day before; days only.
    package var previousClose: ExactDecimal?

    /// A candle as given, unchecked; the dialects check what comes from outside.
    package init(
        market: MarketCode, unit: CandleUnit, openTime: Timestamp, open: ExactDecimal, high: ExactDecimal,
        low: ExactDecimal, close: ExactDecimal, baseVolume: ExactDecimal, quoteValue: ExactDecimal,
        lastTradeAt: Timestamp? = nil, previousClose: ExactDecimal? = nil
    ) {
        self.market = market
        self.unit = unit
        self.openTime = openTime
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.baseVolume = baseVolume
        self.quoteValue = quoteValue
        self.lastTradeAt = lastTradeAt
        self.previousClose = previousClose
    }

    /// The slot's end, exclusive.
    package var closeTime: Timestamp { openTime + unit.duration }
}
