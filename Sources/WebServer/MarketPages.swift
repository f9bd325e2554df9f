package import CivilTime

/// What the market pages show.
///
/// Every question is bounded in rows and time.
package protocol MarketPages: Sendable {
    /// The newest price of every market, by exchange and market.
    func latestPrices() async throws -> [MarketPrice]

    /// The last `hours` hours up to the market's newest, oldest first, one point for every hour; empty for a market
    /// that is not known.
    func priceLine(exchange: String, market: String, hours: Int) async throws -> [MarketPoint]

    /// The newest indicators of a market; nil when there are none.
    func indicators(exchange: String, market: String) async throws -> MarketReadings?

    /// What became of the hours of every market in the last `hours` hours.
    func coverage(hours: Int) async throws -> [MarketHours]
}

/// A market and its newest price.
package struct MarketPrice: Hashable, Sendable {
    package let exchange: String
    /// The exchange's own code, such as `KRW-BTC`.
    package let market: String
    /// The start of the newest hour; the price is as of its end.
    package let hour: Timestamp
    /// The exact decimal as text.
    package let price: String
    /// Against 24 hours before, as a fraction: 0.01 is 1 %; nil when unknown.
    package let change24h: Double?

    package init(exchange: String, market: String, hour: Timestamp, price: String, change24h: Double?) {
        self.exchange = exchange
        self.market = market
        self.hour = hour
        self.price = price
        self.change24h = change24h
    }
}

/// One hour of a price line.
package struct MarketPoint: Hashable, Sendable {
    package let hour: Timestamp
    /// Nil for an hour without a candle: a gap in the line.
    package let close: Double?
    /// The mean of the last 25 closes.
    package let average: Double?

    package init(hour: Timestamp, close: Double?, average: Double?) {
        self.hour = hour
        self.close = close
        self.average = average
    }
}

/// The indicators of a market at its newest hour.
package struct MarketReadings: Hashable, Sendable {
    package let hour: Timestamp
    /// In the order in which they are shown; equal groups side by side.
    package let readings: [MarketReading]

    package init(hour: Timestamp, readings: [MarketReading]) {
        self.hour = hour
        self.readings = readings
    }
}

/// One indicator.
package struct MarketReading: Hashable, Sendable {
    /// How a value is written.
    package enum Unit: Hashable, Sendable {
        /// In the market's quote currency.
        case price
        /// A fraction, written in percent.
        case fraction
        case plain
        case count
    }

    /// A heading such as `Trend` or `Volatility`.
    package let group: String
    package let name: String
    /// Nil when its window is not full.
    package let value: Double?
    package let unit: Unit

    package init(group: String, name: String, value: Double?, unit: Unit) {
        self.group = group
        self.name = name
        self.value = value
        self.unit = unit
    }
}

/// What became of a market's hours in a window.
package struct MarketHours: Hashable, Sendable {
    package let exchange: String
    package let market: String
    /// Hours with a candle.
    package let candles: Int
    /// Hours in which nothing was traded, as the exchange says.
    package let withoutTrade: Int
    /// Hours that still have to be fetched or refined.
    package let missing: Int
    /// The start of the newest candle; nil without any.
    package let newest: Timestamp?

    package init(
        exchange: String, market: String, candles: Int, withoutTrade: Int, missing: Int, newest: Timestamp?
    ) {
        self.exchange = exchange
        self.market = market
        self.candles = candles
        self.withoutTrade = withoutTrade
        self.missing = missing
        self.newest = newest
    }
}
