package import CivilTime

/// A market of an exchange.
package struct MarketKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let exchange: String
    package let market: String

    package init(exchange: String, market: String) {
        self.exchange = exchange
        self.market = market
    }

    package var description: String { "\(exchange)/\(market)" }

    package static func < (left: MarketKey, right: MarketKey) -> Bool {
        (left.exchange, left.market) < (right.exchange, right.market)
    }
}

/// What Silver and Gold say about one hour of a market.
///
/// A price or volume that no double holds sensibly (beyond 10^±30) is nil, as are Gold's values before their windows are
/// full.
package struct MarketHour: Sendable, Hashable {
    /// Hours since the Unix epoch of the candle's start.
    package var hour: Int64
    package var open: Double?
    package var high: Double?
    package var low: Double?
    package var close: Double?
    package var volume: Double?
    package var volatilityClose24h: Double?
    package var volatilityClose168h: Double?
    package var volatilityParkinson24h: Double?
    package var volatilityGarmanKlass24h: Double?
    package var rsi14: Double?
    package var macd: Double?
    package var macdHistogram: Double?
    package var atr14: Double?
    package var bollingerMiddle: Double?
    package var bollingerUpper: Double?
    package var bollingerLower: Double?

    /// An hour without values.
    package init(hour: Int64) {
        self.hour = hour
    }

    /// The candle's start.
    package var openTime: Timestamp { Timestamp(seconds: hour * 3_600) }
}

extension Timestamp {
    /// Whole hours since the Unix epoch.
    var wholeHours: Int64 { seconds.flooredQuotient(3_600) }

    /// The start of an hour counted from the Unix epoch.
    init(hour: Int64) {
        self.init(seconds: hour * 3_600)
    }
}
