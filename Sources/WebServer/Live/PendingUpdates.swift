/// What came since the last frame, by market: the newest ticker and book, and every trade.
struct PendingUpdates: Sendable {
    struct Market: Sendable {
        var trades: [LiveTrade] = []
        var ticker: LiveTicker?
        var book: LiveBook?
    }

    /// More trades of one market between two frames are shed, the oldest first.
    static let mostTrades = 500

    private(set) var markets: [LiveMarketID: Market] = [:]
    /// Trades shed since the last frame.
    private(set) var shed = 0

    var isEmpty: Bool { markets.isEmpty }

    mutating func add(_ update: LiveUpdate) {
        switch update {
        case .trade(let id, let trade):
            markets[id, default: Market()].trades.append(trade)
            let count = markets[id]?.trades.count ?? 0
            if count >= Self.mostTrades * 2 {
                markets[id]?.trades.removeFirst(count - Self.mostTrades)
                shed += count - Self.mostTrades
            }
        case .ticker(let id, let ticker): markets[id, default: Market()].ticker = ticker
        case .book(let id, let book): markets[id, default: Market()].book = book
        }
    }
}

/// Updates as JSON objects, each written once however many topics carry it.
struct WrittenUpdates: Sendable {
    private struct Market: Sendable {
        let trades: [String]
        let ticker: String?
        let book: String?
    }

    private let markets: [(id: LiveMarketID, texts: Market)]
    private let places: [LiveMarketID: Int]

    init(_ pending: [LiveMarketID: PendingUpdates.Market]) {
        markets = pending.sorted { $0.key < $1.key }.map { id, market in
            let texts = Market(
                trades: market.trades.map { LiveJSON.trade(id, $0) },
                ticker: market.ticker.map { LiveJSON.ticker(id, $0) }, book: market.book.map { LiveJSON.book(id, $0) })
            return (id, texts)
        }
        places = Dictionary(uniqueKeysWithValues: markets.enumerated().map { ($1.id, $0) })
    }

    /// The topic's part as a frame; nil when nothing of it is there.
    func frame(for topic: LiveTopic) -> LiveFrame? {
        var messages: [String] = []
        if let wanted = topic.markets, wanted.count < markets.count {
            for id in wanted.keys.sorted() {
                if let place = places[id] { add(markets[place].texts, topic.kinds(of: id), topic, to: &messages) }
            }
        } else {
            for (id, texts) in markets { add(texts, topic.kinds(of: id), topic, to: &messages) }
        }
        guard !messages.isEmpty else { return nil }
        switch topic.form {
        case .messages: return .messages(messages)
        case .events: return .event(data: "[" + messages.joined(separator: ",") + "]")
        case .board: return nil
        }
    }

    private func add(_ texts: Market, _ kinds: Set<LiveKind>, _ topic: LiveTopic, to messages: inout [String]) {
        if kinds.contains(.trade) {
            if topic.onlyLastTrade { messages += texts.trades.suffix(1) } else { messages += texts.trades }
        }
        if kinds.contains(.ticker), let ticker = texts.ticker { messages.append(ticker) }
        if kinds.contains(.book), let book = texts.book { messages.append(book) }
    }
}
