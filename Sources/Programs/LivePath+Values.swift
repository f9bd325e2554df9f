import CivilTime
import Collecting
import Markets
import Streaming
import WebServer

extension LiveMarketID {
    init(_ key: StreamKey) { self.init(exchange: key.exchange.rawValue, market: key.market.description) }

    init(_ message: StreamMessage) {
        self.init(exchange: message.exchange.rawValue, market: message.event.market.description)
    }
}

extension StreamKey {
    /// Nil for an exchange that this program does not know, or what is no market.
    init?(_ id: LiveMarketID) {
        guard let exchange = Exchange(rawValue: id.exchange), let market = MarketCode(id.market) else { return nil }
        self.init(exchange: exchange, market: market)
    }
}

extension LiveKind {
    init(_ kind: MarketEvent.Kind) {
        self =
            switch kind {
            case .trade: .trade
            case .ticker: .ticker
            case .orderBook: .book
            }
    }
}

extension LiveUpdate {
    init(_ message: StreamMessage) {
        let id = LiveMarketID(message)
        self =
            switch message.event {
            case .trade(let trade): .trade(id, LiveTrade(trade))
            case .ticker(let ticker): .ticker(id, LiveTicker(ticker))
            case .orderBook(let book): .book(id, LiveBook(book))
            }
    }
}

extension LiveTrade {
    init(_ trade: Trade) {
        self.init(
            sequentialID: trade.sequentialID, at: trade.tradedAt, price: trade.price.description,
            volume: trade.volume.description, side: trade.takerSide == .bid ? .bid : .ask)
    }
}

extension LiveTicker {
    init(_ ticker: Ticker) {
        self.init(
            at: ticker.exchangeTime, price: ticker.price.description, change: ticker.signedChange.description,
            changeRate: ticker.signedChangeRate.description, previousClose: ticker.previousClose.description,
            open: ticker.dayOpen.description, high: ticker.dayHigh.description, low: ticker.dayLow.description,
            volume24h: ticker.baseVolume24h.description, value24h: ticker.quoteValue24h.description)
    }
}

extension LiveBook {
    init(_ book: OrderBook) {
        let levels = { (levels: [OrderBook.Level]) in
            levels.map { LiveLevel(price: $0.price.description, size: $0.size.description) }
        }
        self.init(at: book.exchangeTime, bids: levels(book.bids), asks: levels(book.asks))
    }
}

extension LiveSnapshot {
    init(_ latest: LatestMarket) {
        self.init(id: LiveMarketID(latest.key))
        if case .trade(let trade)? = latest.trade?.event { self.trade = LiveTrade(trade) }
        if case .ticker(let ticker)? = latest.ticker?.event { self.ticker = LiveTicker(ticker) }
        if case .orderBook(let book)? = latest.orderBook?.event { self.book = LiveBook(book) }
    }
}

extension CollectorStatus {
    /// Another worker's collector, as it last wrote; one that writes no more does not run, whatever it wrote.
    init(_ reading: CollectorReading) {
        self = reading.status.named(reading.worker)
        guard reading.isSilent, state != .stopped else { return }
        state = .failing
        reason = "its worker has not been heard of since then"
        since = reading.updatedAt
        rate = 0
    }

    /// Pages tell the collectors of an exchange apart by the workers that they are in.
    func named(_ worker: String) -> CollectorStatus {
        var status = self
        status.name = worker
        return status
    }
}
