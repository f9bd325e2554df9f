package import CivilTime

/// A market's present state as its exchange sums it up.
package struct Ticker: Sendable, Hashable {
    /// The direction against the previous day's close.
    package enum Change: String, Sendable, Hashable, CaseIterable, Codable {
        case rise, even, fall
    }

    /// The market.
    package var market: MarketCode
    /// The last trade's price.
    package var price: ExactDecimal
    /// The last trade's amount in the base currency.
    package var lastVolume: ExactDecimal
    /// The last trade's time.
    package var lastTradeAt: Timestamp
    /// Of the present UTC day, not of 24 hours.
    package var dayOpen: ExactDecimal
    /// The present UTC day's highest price.
    package var dayHigh: ExactDecimal
    /// The present UTC day's lowest price.
    package var dayLow: ExactDecimal
    /// The close of the UTC day before.
    package var previousClose: ExactDecimal
    /// The price against the previous day's close.
    package var change: Change
    /// Price minus previous close.
    package var signedChange: ExactDecimal
    /// The change as a fraction of the previous close (0.01 is one percent).
    package var signedChangeRate: ExactDecimal
    /// Base currency traded since 00:00 UTC.
    package var dayBaseVolume: ExactDecimal
    /// Quote currency traded since 00:00 UTC.
    package var dayQuoteValue: ExactDecimal
    /// Base currency traded in the last 24 hours.
    package var baseVolume24h: ExactDecimal
    /// Quote currency traded in the last 24 hours.
    package var quoteValue24h: ExactDecimal
    /// The highest price of 52 weeks; nil where there is none yet.
    package var yearHigh: ExactDecimal?
    /// yyyy-MM-dd.
    package var yearHighDate: String?
    /// The lowest price of 52 weeks; nil where there is none yet.
    package var yearLow: ExactDecimal?
    /// yyyy-MM-dd.
    package var yearLowDate: String?
    /// The exchange's time of this summary; a quiet market repeats it while its 24-hour sums move.
    package var exchangeTime: Timestamp

    /// A ticker as given, unchecked; the dialects check what comes from outside.
    package init(
        market: MarketCode, price: ExactDecimal, lastVolume: ExactDecimal, lastTradeAt: Timestamp,
        dayOpen: ExactDecimal, dayHigh: ExactDecimal, dayLow: ExactDecimal, previousClose: ExactDecimal,
        change: Change, signedChange: ExactDecimal, signedChangeRate: ExactDecimal, dayBaseVolume: ExactDecimal,
        dayQuoteValue: ExactDecimal, baseVolume24h: ExactDecimal, quoteValue24h: ExactDecimal,
        yearHigh: ExactDecimal? = nil, yearHighDate: String? = nil, yearLow: ExactDecimal? = nil,
        yearLowDate: String? = nil, exchangeTime: Timestamp
    ) {
        self.market = market
        self.price = price
        self.lastVolume = lastVolume
        self.lastTradeAt = lastTradeAt
        self.dayOpen = dayOpen
        self.dayHigh = dayHigh
        self.dayLow = dayLow
        self.previousClose = previousClose
        self.change = change
        self.signedChange = signedChange
        self.signedChangeRate = signedChangeRate
        self.dayBaseVolume = dayBaseVolume
        self.dayQuoteValue = dayQuoteValue
        self.baseVolume24h = baseVolume24h
        self.quoteValue24h = quoteValue24h
        self.yearHigh = yearHigh
        self.yearHighDate = yearHighDate
        self.yearLow = yearLow
        self.yearLowDate = yearLowDate
        self.exchangeTime = exchangeTime
    }
}
