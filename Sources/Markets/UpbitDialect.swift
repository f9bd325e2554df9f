package import CivilTime
package import HTTPClient

/// Upbit's quotation API, version 1 (docs.upbit.com, read in November 2026).
package struct UpbitDialect: MarketDialect {
    /// The dialect; it has no state.
    package init() {}

    package var exchange: Exchange { .upbit }
    package var defaultBaseURL: String { "https://api.upbit.com" }
    package var candlesPerPage: Int { 200 }

    package func markets() -> MarketCall<MarketInfo> {
        MarketCall(endpoint: "/v1/market/all?is_details=true", group: .market) {
            bytes throws(MalformedData) in try UpbitRows.markets(bytes)
        }
    }

    package func tickers(markets: [MarketCode]) -> MarketCall<Ticker> {
        let asked = Set(markets)
        let list = markets.map(\.description).joined(separator: ",")
        return MarketCall(endpoint: "/v1/ticker?markets=\(list)", group: .ticker) { bytes throws(MalformedData) in
            try UpbitRows.tickers(bytes) { asked.contains($0) }
        }
    }

    package func tickers(quotes: [String]) -> MarketCall<Ticker> {
        let asked = Set(quotes)
        let list = quotes.joined(separator: ",")
        return MarketCall(endpoint: "/v1/ticker/all?quote_currencies=\(list)", group: .ticker) {
            bytes throws(MalformedData) in
            try UpbitRows.tickers(bytes) { asked.contains($0.quote) }
        }
    }

    package func candles(market: MarketCode, unit: CandleUnit, to: Timestamp?, count: Int) -> MarketCall<Candle> {
        let path =
            switch unit {
            case .oneSecond: "seconds"
            case .oneDay: "days"
            default: "minutes/\(unit.seconds / 60)"
            }
        var endpoint = "/v1/candles/\(path)?market=\(market)&count=\(min(max(count, 1), candlesPerPage))"
        if let to {
            // Exclusive; the colons must be encoded.
            let encoded = to.iso8601.split(separator: ":", omittingEmptySubsequences: false).joined(separator: "%3A")
            endpoint += "&to=\(encoded)"
        }
        return MarketCall(endpoint: endpoint, group: .candles) { bytes throws(MalformedData) in
            try UpbitRows.candles(bytes, market: market, unit: unit, before: to)
        }
    }

    package var tradesPerPage: Int { 500 }

    package func trades(market: MarketCode, count: Int, page: TradePage) -> MarketCall<Trade> {
        var endpoint = "/v1/trades/ticks?market=\(market)&count=\(min(max(count, 1), tradesPerPage))"
        if let cursor = page.cursor { endpoint += "&cursor=\(cursor)" }
        if page.daysAgo > 0 { endpoint += "&days_ago=\(min(page.daysAgo, Self.daysOfTrades))" }
        return MarketCall(endpoint: endpoint, group: .trades) { bytes throws(MalformedData) in
            try UpbitRows.trades(bytes, market: market)
        }
    }

    /// How many UTC days back trades can be asked for.
    private static let daysOfTrades = 7

    /// A reply never leaves its UTC day, so the walk goes through a day by cursor until a page is empty, then to the
    /// day before.
    package func page(
        after page: TradePage, oldest: Trade?, backTo instant: Timestamp, now: Timestamp
    ) -> TradePage? {
        if let oldest {
            // A day that answers the same page again would be walked for ever.
            guard oldest.tradedAt >= instant, oldest.sequentialID != page.cursor else { return nil }
            return TradePage(daysAgo: page.daysAgo, cursor: oldest.sequentialID)
        }
        let day: Int64 = 86_400
        // The day asked for is this one or, when the newest trade is older, an earlier one.
        let begin = now.seconds.flooredQuotient(day) * day - Int64(page.daysAgo) * day
        guard page.daysAgo < Self.daysOfTrades, Timestamp(seconds: begin) > instant else { return nil }
        return TradePage(daysAgo: page.daysAgo + 1)
    }

    package func orderBooks(markets: [MarketCode]) -> MarketCall<OrderBook> {
        let asked = Set(markets)
        let list = markets.map(\.description).joined(separator: ",")
        return MarketCall(endpoint: "/v1/orderbook?markets=\(list)", group: .orderbook) {
            bytes throws(MalformedData) in
            try UpbitRows.orderBooks(bytes) { asked.contains($0) }
        }
    }

    /// Reads `Remaining-Req: group=candles; min=600; sec=9`.
    ///
    /// Only `sec` counts: `min` is deprecated and constant.
    package func standing(of response: HTTPResponse) -> LimiterReport {
        let retryAfter = response.headers["Retry-After"].flatMap { Int64($0) }.flatMap { seconds -> Duration? in
            (0...86_400 * 7).contains(seconds) ? .seconds(seconds) : nil
        }
        switch response.status {
        case 429: return .tooMany(retryAfter: retryAfter)
        case 418: return .blocked(retryAfter: retryAfter)
        default: return .answered(remaining: response.headers["Remaining-Req"].flatMap(Self.remainingThisSecond))
        }
    }

    static func remainingThisSecond(_ header: String) -> Int? {
        for part in header.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            if pair.count == 2, pair[0] == "sec", let value = Int(pair[1]), value >= 0 { return value }
        }
        return nil
    }

    /// Reads `{"error":{"name":404,"message":"Code not found"}}`; the name is a number or a text.
    package func refusal(in body: [UInt8]) -> (name: String, message: String)? {
        try? JSONReader.read(body, limits: .init(bytes: 64 * 1024)) {
            (reader: inout JSONReader) throws(MalformedData) in
            var name: String?
            var message = ""
            try reader.object { (reader: inout JSONReader, key: String) throws(MalformedData) in
                guard key == "error" else { return try reader.skip() }
                try reader.object { (reader: inout JSONReader, key: String) throws(MalformedData) in
                    switch key {
                    case "name": name = try reader.isString() ? try reader.string() : "\(try reader.decimal())"
                    case "message": message = try reader.string()
                    default: try reader.skip()
                    }
                }
            }
            guard let name else { throw reader.failure("no error in it") }
            return (name, message)
        }
    }
}
