/// One thing an exchange's stream said, normalised.
package enum MarketEvent: Sendable, Hashable {
    case trade(Trade)
    /// Boxed: a ticker is several times as large as the others, and every message would be as large as it.
    indirect case ticker(Ticker)
    case orderBook(OrderBook)

    /// The kinds, as filters and counters name them; the raw value is a persisted token.
    package enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
        case trade
        case ticker
        case orderBook = "orderbook"
    }

    /// What kind of event this is.
    package var kind: Kind {
        switch self {
        case .trade: .trade
        case .ticker: .ticker
        case .orderBook: .orderBook
        }
    }

    /// The market it is about.
    package var market: MarketCode {
        switch self {
        case .trade(let trade): trade.market
        case .ticker(let ticker): ticker.market
        case .orderBook(let book): book.market
        }
    }
}
