import CivilTime
import DAGModel

/// The answers of `/api/market`, as JSON texts; it knows no HTTP.
struct MarketAPI: Sendable {
    let markets: any LiveMarkets

    static let mostCandles = 1_000
    static let mostTrades = 500
    static let mostLevels = 30

    func prices(_ query: [String: String]) async throws -> String {
        let parameters = try APIParameters(query, allowed: ["symbol", "exchange"])
        var shown = try await markets.latest()
        if parameters.query["symbol"] != nil {
            let id = try await market(parameters)
            shown = shown.filter { $0.id == id }
        } else if let exchange = parameters.query["exchange"] {
            shown = shown.filter { $0.id.exchange == exchange.lowercased() }
        }
        let rows = shown.compactMap { snapshot -> String? in
            guard snapshot.ticker != nil || snapshot.trade != nil else { return nil }
            return Self.price(snapshot)
        }
        return "{\"prices\":[" + rows.joined(separator: ",") + "]}"
    }

    func symbols(_ query: [String: String]) async throws -> String {
        _ = try APIParameters(query, allowed: [])
        let rows = SymbolBook(try await markets.symbols()).symbols.map { symbol in
            "{\(Self.head(symbol.id)),\"name\":\(symbol.name.map(LiveJSON.quoted) ?? "null"),"
                + "\"is_protected\":\(symbol.isProtected)}"
        }
        return "{\"symbols\":[" + rows.joined(separator: ",") + "]}"
    }

    func history(_ query: [String: String]) async throws -> String {
        let parameters = try APIParameters(query, allowed: ["symbol", "exchange", "unit", "from", "to", "limit"])
        let unit = parameters.query["unit"] ?? "1m"
        guard markets.candleUnits.contains(unit) else {
            let near = NearestName.of(unit, among: markets.candleUnits).map { "; did you mean \($0)?" } ?? ""
            throw APIProblem.invalid(
                "unit", "there is no candle of \"\(unit.prefix(20))\"",
                "there are \(markets.candleUnits.joined(separator: ", "))\(near)")
        }
        let from = try parameters.instant("from")
        let to = try parameters.instant("to")
        if let from, let to, from >= to {
            throw APIProblem.invalid(
                "from", "from is not before to", "the candles asked for open from … until before to")
        }
        let limit = try parameters.number("limit", in: 1...Self.mostCandles, otherwise: 200)
        let id = try await market(parameters)
        let candles = try await markets.candles(CandleQuery(id: id, unit: unit, from: from, to: to, limit: limit))
        let rows = candles.map { "{" + LiveJSON.fields($0) + "}" }
        return "{\(Self.head(id)),\"unit\":\"\(unit)\",\"candles\":[" + rows.joined(separator: ",") + "]}"
    }

    func trades(_ query: [String: String]) async throws -> String {
        let parameters = try APIParameters(query, allowed: ["symbol", "exchange", "limit", "before"])
        let limit = try parameters.number("limit", in: 1...Self.mostTrades, otherwise: 100)
        var before: TradeCursor?
        if let text = parameters.query["before"] {
            before = TradeCursor(text)
            if before == nil {
                throw APIProblem.invalid(
                    "before", "before is \"\(text.prefix(40))\"",
                    "write the \"next\" of the answer before, or a time such as 2026-11-20T12:00:00Z")
            }
        }
        let id = try await market(parameters)
        let trades = try await markets.trades(TradeQuery(id: id, limit: limit, before: before))
        let next = trades.count == limit ? trades.last.map { LiveJSON.quoted(TradeCursor($0).description) } : nil
        let rows = trades.map { "{" + LiveJSON.fields($0) + "}" }
        return "{\(Self.head(id)),\"trades\":[" + rows.joined(separator: ",") + "],\"next\":\(next ?? "null")}"
    }

    func orderBook(_ query: [String: String]) async throws -> String {
        let parameters = try APIParameters(query, allowed: ["symbol", "exchange", "depth"])
        let depth = try parameters.number("depth", in: 1...Self.mostLevels, otherwise: 15)
        let id = try await market(parameters)
        guard let book = try await markets.latest(id)?.book else {
            throw APIProblem.notFound(
                "no order book of \(id.market) has come yet", "it comes with the first message of the exchange")
        }
        return "{\(Self.head(id)),\(LiveJSON.fields(book, depth: depth))}"
    }

    /// The market that `symbol` and `exchange` name.
    private func market(_ parameters: APIParameters) async throws -> LiveMarketID {
        let name = try parameters.text("symbol", example: "KRW-BTC")
        let book = SymbolBook(try await markets.symbols())
        do {
            return try book.find(name, exchange: parameters.query["exchange"])
        } catch {
            throw APIProblem.unknownSymbol(error)
        }
    }

    private static func head(_ id: LiveMarketID) -> String {
        "\"exchange\":\(LiveJSON.quoted(id.exchange)),\"symbol\":\(LiveJSON.quoted(id.market))"
    }

    private static func price(_ snapshot: LiveSnapshot) -> String {
        let newest = snapshot.newestPrice
        var text = "{\(head(snapshot.id)),\"price\":\(LiveJSON.quoted(newest?.price ?? "")),"
        text += "\"at\":\"\(newest?.at.iso8601 ?? "")\""
        if let ticker = snapshot.ticker {
            text +=
                ",\"change\":\(LiveJSON.quoted(ticker.change)),\"change_rate\":\(LiveJSON.quoted(ticker.changeRate))"
            text += ",\"high\":\(LiveJSON.quoted(ticker.high)),\"low\":\(LiveJSON.quoted(ticker.low))"
            text +=
                ",\"volume_24h\":\(LiveJSON.quoted(ticker.volume24h)),\"value_24h\":\(LiveJSON.quoted(ticker.value24h))"
        }
        return text + "}"
    }
}

extension LiveSnapshot {
    /// The newer of the last trade's and the ticker's price; nil when neither came.
    var newestPrice: (price: String, at: Timestamp)? {
        switch (trade, ticker) {
        case (let trade?, let ticker?):
            trade.at >= ticker.at ? (trade.price, trade.at) : (ticker.price, ticker.at)
        case (let trade?, nil): (trade.price, trade.at)
        case (nil, let ticker?): (ticker.price, ticker.at)
        case (nil, nil): nil
        }
    }
}
