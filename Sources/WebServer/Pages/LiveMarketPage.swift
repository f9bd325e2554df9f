import CivilTime

/// `/live/{market}`: one market's price, order book and last trades as they come.
struct LiveMarketPage {
    let live: any LiveMarkets
    let words: TimeWords

    static let levelsShown = 10
    private static let patience = Duration.seconds(1)

    func page(_ name: String, exchange: String?) async throws -> SitePage {
        let book = SymbolBook(try await live.symbols())
        let id: LiveMarketID
        do {
            id = try book.find(name, exchange: exchange)
        } catch {
            return .missing(
                "No market “\(error.name.prefix(40))” is collected"
                    + (error.nearest.isEmpty ? "." : "; did you mean \(error.nearest.joined(separator: " or "))?"))
        }
        async let latest = live.latest(id)
        async let collectors = live.collectors()
        // The only thing here that needs the database: without it, the rest goes on.
        let stored = try? await within(Self.patience) { [live] in
            try await live.trades(TradeQuery(id: id, limit: LiveDesk.tradesShown))
        }
        let trades = stored ?? []
        let snapshot = try await latest ?? LiveSnapshot(id: id)
        var content = LiveLook.status(try await collectors, of: [id], words)
        content.merge(LiveLook.figures(snapshot)) { $1 }
        content["id"] = id.description
        content["market"] = id.market
        content["exchange"] = id.exchange
        content["quote"] = LiveLook.quote(id)
        content["base"] = LiveLook.base(id)
        content["name"] = book.symbols.first { $0.id == id }?.name ?? ""
        content["events"] = "/events/live?market=" + PageLink.encoded(id.description)
        content["trades"] = trades.map(Self.trade)
        content["noTrades"] = trades.isEmpty
        content["tradesNote"] =
            stored == nil
            ? "Past trades cannot be read just now; new ones appear as they come." : "No trade has come yet."
        content["history"] = PageLink.market(id.market, exchange: id.exchange)
        if let book = snapshot.book {
            content["hasBook"] = true
            content["bookAt"] = TimeWords.full(book.at)
        }
        let rows = LevelRows(snapshot.book, levels: Self.levelsShown)
        content["asks"] = rows.asks
        content["bids"] = rows.bids
        return .view(id.market, section: "live", "liveMarket", content)
    }

    private static func trade(_ trade: LiveTrade) -> [String: Any] {
        [
            "id": String(trade.sequentialID), "at": trade.at.iso8601,
            "time": String(TimeWords.absolute(trade.at).suffix(8)), "price": NumberText.grouped(trade.price),
            "volume": NumberText.grouped(trade.volume), "side": trade.side == .bid ? "buy" : "sell",
            "direction": trade.side == .bid ? "up" : "down",
        ]
    }
}

/// The steps of an order book as rows with a bar each; a side that has fewer has empty rows, so that nothing jumps.
struct LevelRows {
    /// The highest price first: the best ask is the last of them.
    let asks: [[String: Any]]
    let bids: [[String: Any]]

    init(_ book: LiveBook?, levels: Int) {
        let asks = Array((book?.asks ?? []).prefix(levels))
        let bids = Array((book?.bids ?? []).prefix(levels))
        let most = (asks + bids).compactMap { Double($0.size) }.filter(\.isFinite).max() ?? 0
        let row = { (level: LiveLevel?) -> [String: Any] in
            guard let level else { return ["price": "", "size": "", "width": "0"] }
            let share = most > 0 ? (Double(level.size) ?? 0) / most * 100 : 0
            return [
                "price": NumberText.grouped(level.price), "size": NumberText.grouped(level.size),
                "width": NumberText.fixed(min(max(share, 0), 100), decimals: 1),
            ]
        }
        self.asks = (0..<levels).reversed().map { row($0 < asks.count ? asks[$0] : nil) }
        self.bids = (0..<levels).map { row($0 < bids.count ? bids[$0] : nil) }
    }
}
