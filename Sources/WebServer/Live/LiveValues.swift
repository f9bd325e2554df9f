package import CivilTime

/// A market of an exchange, as `upbit:KRW-BTC`.
package struct LiveMarketID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let exchange: String
    /// The exchange's own code.
    package let market: String

    package init(exchange: String, market: String) {
        self.exchange = exchange
        self.market = market
    }

    package var description: String { "\(exchange):\(market)" }

    package static func < (left: LiveMarketID, right: LiveMarketID) -> Bool {
        (left.exchange, left.market) < (right.exchange, right.market)
    }
}

/// What kind of message an update is; its token is a channel of `/ws/prices`.
package enum LiveKind: String, Hashable, Sendable, CaseIterable {
    case trade
    case ticker
    case book = "orderbook"
}

/// A market that is collected.
package struct LiveSymbol: Hashable, Sendable {
    package let id: LiveMarketID
    /// Its name for people; nil when the exchange gives none.
    package let name: String?
    /// Whether it can not be removed.
    package let isProtected: Bool

    package init(id: LiveMarketID, name: String? = nil, isProtected: Bool = false) {
        self.id = id
        self.name = name
        self.isProtected = isProtected
    }
}

/// One trade; prices and volumes are exact decimals as text.
package struct LiveTrade: Hashable, Sendable {
    /// Who took.
    package enum Side: String, Hashable, Sendable { case bid, ask }

    package let sequentialID: Int64
    package let at: Timestamp
    package let price: String
    package let volume: String
    package let side: Side

    package init(sequentialID: Int64, at: Timestamp, price: String, volume: String, side: Side) {
        self.sequentialID = sequentialID
        self.at = at
        self.price = price
        self.volume = volume
        self.side = side
    }
}

/// A market's day in figures; exact decimals as text.
package struct LiveTicker: Hashable, Sendable {
    package let at: Timestamp
    package let price: String
    /// Against the previous day's close, signed.
    package let change: String
    /// The same as a signed fraction: `0.0123` is 1.23 %.
    package let changeRate: String
    package let previousClose: String
    package let open: String
    package let high: String
    package let low: String
    /// Over 24 hours, in the base currency.
    package let volume24h: String
    /// Over 24 hours, in the quote currency.
    package let value24h: String

    package init(
        at: Timestamp, price: String, change: String, changeRate: String, previousClose: String, open: String,
        high: String, low: String, volume24h: String, value24h: String
    ) {
        self.at = at
        self.price = price
        self.change = change
        self.changeRate = changeRate
        self.previousClose = previousClose
        self.open = open
        self.high = high
        self.low = low
        self.volume24h = volume24h
        self.value24h = value24h
    }
}

/// One step of an order book.
package struct LiveLevel: Hashable, Sendable {
    package let price: String
    package let size: String

    package init(price: String, size: String) {
        self.price = price
        self.size = size
    }
}

/// An order book, the best steps first on both sides.
package struct LiveBook: Hashable, Sendable {
    package let at: Timestamp
    package let bids: [LiveLevel]
    package let asks: [LiveLevel]

    package init(at: Timestamp, bids: [LiveLevel], asks: [LiveLevel]) {
        self.at = at
        self.bids = bids
        self.asks = asks
    }
}

/// A candle; exact decimals as text.
package struct LiveCandle: Hashable, Sendable {
    package let openTime: Timestamp
    package let open: String
    package let high: String
    package let low: String
    package let close: String
    package let volume: String
    package let value: String

    package init(
        openTime: Timestamp, open: String, high: String, low: String, close: String, volume: String, value: String
    ) {
        self.openTime = openTime
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.value = value
    }
}

/// What was last heard of a market.
package struct LiveSnapshot: Hashable, Sendable {
    package let id: LiveMarketID
    package var trade: LiveTrade?
    package var ticker: LiveTicker?
    package var book: LiveBook?

    package init(id: LiveMarketID, trade: LiveTrade? = nil, ticker: LiveTicker? = nil, book: LiveBook? = nil) {
        self.id = id
        self.trade = trade
        self.ticker = ticker
        self.book = book
    }
}

/// Something that just happened in a market.
package enum LiveUpdate: Hashable, Sendable {
    case trade(LiveMarketID, LiveTrade)
    case ticker(LiveMarketID, LiveTicker)
    case book(LiveMarketID, LiveBook)
}
