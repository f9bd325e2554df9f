import CivilTime

/// Upbit's WebSocket messages as market events.
///
/// Each kind has a table of names for each format, in the order in which Upbit sends them. Names that are known and not
/// needed stand in the tables too, so that the guess at the next name holds; other names are skipped.
enum UpbitFrames {
    /// A kind of message in one of the formats.
    struct Layout: Sendable {
        let kind: MarketEvent.Kind
        let table: FieldTable
        /// Of the levels of a book.
        let levelTable: FieldTable?
    }

    private static let starts: [(BytePattern, Layout)] = [
        (BytePattern(#"{"ty":"trade","#), simpleTrade), (BytePattern(#"{"ty":"orderbook","#), simpleBook),
        (BytePattern(#"{"ty":"ticker","#), simpleTicker), (BytePattern(#"{"type":"trade","#), defaultTrade),
        (BytePattern(#"{"type":"orderbook","#), defaultBook), (BytePattern(#"{"type":"ticker","#), defaultTicker),
    ]

    /// The layout of a message that begins as Upbit's messages do; nil for all others.
    @inline(__always)
    static func layout(at reader: inout JSONReader) -> Layout? {
        for (pattern, layout) in starts where reader.begins(with: pattern) { return layout }
        return nil
    }

    @inline(__always)
    static func event(_ reader: inout JSONReader, _ layout: Layout) throws(MalformedData) -> StreamSignal {
        switch layout.kind {
        case .trade: try trade(&reader, layout.table)
        case .ticker: try ticker(&reader, layout.table)
        case .orderBook: try orderBook(&reader, layout.table, layout.levelTable ?? defaultLevels)
        }
    }

    // MARK: - Trades

    private static let optionalOfTrade: Set<String> = [
        "timestamp", "trade_date", "trade_time", "change", "change_price", "best_ask_price", "best_ask_size",
        "best_bid_price", "best_bid_size", "stream_type", "tms", "td", "ttm", "c", "cp", "bap", "bas", "bbp", "bbs",
        "st",
    ]
    private static let defaultTrade = Layout(
        kind: .trade,
        table: FieldTable(
            [
                "type", "code", "timestamp", "trade_date", "trade_time", "trade_timestamp", "trade_price",
                "trade_volume", "ask_bid", "prev_closing_price", "change", "change_price", "sequential_id",
                "best_ask_price", "best_ask_size", "best_bid_price", "best_bid_size", "stream_type",
            ], optional: optionalOfTrade), levelTable: nil)
    private static let simpleTrade = Layout(
        kind: .trade,
        table: FieldTable(
            [
                "ty", "cd", "tms", "td", "ttm", "ttms", "tp", "tv", "ab", "pcp", "c", "cp", "sid", "bap", "bas", "bbp",
                "bbs", "st",
            ], optional: optionalOfTrade), levelTable: nil)

    private static func trade(_ reader: inout JSONReader, _ table: FieldTable) throws(MalformedData) -> StreamSignal {
        var trade = Trade(
            market: .unread, tradedAt: Timestamp(microseconds: 0), price: .zero, volume: .zero, takerSide: .bid,
            sequentialID: 0, previousClose: .zero)
        var isSnapshot = false
        try reader.object(table) { (reader: inout JSONReader, field: Int) throws(MalformedData) in
            switch field {
            case 1: trade.market = try reader.marketCode()
            case 5: trade.tradedAt = try reader.milliseconds()
            case 6: trade.price = try reader.price()
            case 7: trade.volume = try reader.price()
            case 8: trade.takerSide = try reader.takerSide()
            case 9: trade.previousClose = try reader.amount()
            case 12:
                trade.sequentialID = try reader.integer()
                guard trade.sequentialID > 0 else { throw reader.failure("not a positive number") }
            case 17: isSnapshot = try reader.isSnapshot()
            default: try reader.skip()
            }
        }
        return .event(.trade(trade), isSnapshot: isSnapshot)
    }

    // MARK: - Order books

    private static let optionalOfBook: Set<String> = ["level", "lv", "stream_type", "st"]
    private static let defaultLevels = FieldTable(["ask_price", "bid_price", "ask_size", "bid_size"])
    private static let defaultBook = Layout(
        kind: .orderBook,
        table: FieldTable(
            [
                "type", "code", "timestamp", "total_ask_size", "total_bid_size", "orderbook_units", "stream_type",
                "level",
            ], optional: optionalOfBook), levelTable: defaultLevels)
    private static let simpleBook = Layout(
        kind: .orderBook,
        table: FieldTable(["ty", "cd", "tms", "tas", "tbs", "obu", "st", "lv"], optional: optionalOfBook),
        levelTable: FieldTable(["ap", "bp", "as", "bs"]))

    private static func orderBook(
        _ reader: inout JSONReader, _ table: FieldTable, _ levelTable: FieldTable
    ) throws(MalformedData) -> StreamSignal {
        var book = OrderBook(
            market: .unread, exchangeTime: Timestamp(microseconds: 0), bids: [], asks: [], totalBidSize: .zero,
            totalAskSize: .zero)
        var isSnapshot = false
        try reader.object(table) { (reader: inout JSONReader, field: Int) throws(MalformedData) in
            switch field {
            case 1: book.market = try reader.marketCode()
            case 2: book.exchangeTime = try reader.milliseconds()
            case 3: book.totalAskSize = try reader.amount()
            case 4: book.totalBidSize = try reader.amount()
            case 5: try reader.bookLevels(levelTable, into: &book)
            case 6: isSnapshot = try reader.isSnapshot()
            default: try reader.skip()
            }
        }
        return .event(.orderBook(book), isSnapshot: isSnapshot)
    }

    // MARK: - Tickers

    /// The fields read, in the order of both tables; the rest is skipped.
    private static let optionalOfTicker: Set<String> = [
        "change_price", "change_rate", "ask_bid", "trade_date", "trade_time", "acc_ask_volume", "acc_bid_volume",
        "highest_52_week_price", "highest_52_week_date", "lowest_52_week_price", "lowest_52_week_date", "market_state",
        "is_trading_suspended", "delisting_date", "market_warning", "stream_type", "cp", "cr", "ab", "tdt", "ttm",
        "aav", "abv", "h52wp", "h52wdt", "l52wp", "l52wdt", "ms", "its", "dd", "mw", "st",
    ]
    private static let defaultTicker = Layout(
        kind: .ticker,
        table: FieldTable(
            [
                "type", "code", "opening_price", "high_price", "low_price", "trade_price", "prev_closing_price",
                "acc_trade_price", "change", "change_price", "signed_change_price", "change_rate",
                "signed_change_rate", "ask_bid", "trade_volume", "acc_trade_volume", "trade_date", "trade_time",
                "trade_timestamp", "acc_ask_volume", "acc_bid_volume", "highest_52_week_price",
                "highest_52_week_date", "lowest_52_week_price", "lowest_52_week_date", "market_state",
                "is_trading_suspended", "delisting_date", "market_warning", "timestamp", "acc_trade_price_24h",
                "acc_trade_volume_24h", "stream_type",
            ], optional: optionalOfTicker), levelTable: nil)
    private static let simpleTicker = Layout(
        kind: .ticker,
        table: FieldTable(
            [
                "ty", "cd", "op", "hp", "lp", "tp", "pcp", "atp", "c", "cp", "scp", "cr", "scr", "ab", "tv", "atv",
                "tdt", "ttm", "ttms", "aav", "abv", "h52wp", "h52wdt", "l52wp", "l52wdt", "ms", "its", "dd", "mw",
                "tms", "atp24h", "atv24h", "st",
            ], optional: optionalOfTicker), levelTable: nil)

    private static func ticker(_ reader: inout JSONReader, _ table: FieldTable) throws(MalformedData) -> StreamSignal {
        var ticker = Ticker.unread
        var isSnapshot = false
        try reader.object(table) { (reader: inout JSONReader, field: Int) throws(MalformedData) in
            switch field {
            case 1: ticker.market = try reader.marketCode()
            case 2: ticker.dayOpen = try reader.price()
            case 3: ticker.dayHigh = try reader.price()
            case 4: ticker.dayLow = try reader.price()
            case 5: ticker.price = try reader.price()
            case 6: ticker.previousClose = try reader.amount()
            case 7: ticker.dayQuoteValue = try reader.amount()
            case 8: ticker.change = try reader.change()
            case 10: ticker.signedChange = try reader.decimal()
            case 12: ticker.signedChangeRate = try reader.decimal()
            case 14: ticker.lastVolume = try reader.amount()
            case 15: ticker.dayBaseVolume = try reader.amount()
            case 18: ticker.lastTradeAt = try reader.milliseconds()
            case 21: ticker.yearHigh = try reader.optionalDecimal()
            case 22: ticker.yearHighDate = try reader.optionalString()
            case 23: ticker.yearLow = try reader.optionalDecimal()
            case 24: ticker.yearLowDate = try reader.optionalString()
            case 29: ticker.exchangeTime = try reader.milliseconds()
            case 30: ticker.quoteValue24h = try reader.amount()
            case 31: ticker.baseVolume24h = try reader.amount()
            case 32: isSnapshot = try reader.isSnapshot()
            default: try reader.skip()
            }
        }
        guard ticker.dayHigh >= ticker.dayLow else {
            throw reader.failure("\(ticker.dayHigh) is below the day's low \(ticker.dayLow)", field: table.name(3))
        }
        return .event(.ticker(ticker), isSnapshot: isSnapshot)
    }

    // MARK: - Everything else

    /// A message that does not begin with its type: a status, an error, another kind, or known fields in another order.
    static func unusual(_ reader: inout JSONReader) throws(MalformedData) -> StreamSignal {
        let start = reader.position
        let depth = reader.currentDepth
        var (type, isShort) = (String?.none, false)
        var (status, method) = (String?.none, String?.none)
        var (name, message) = (String?.none, "")
        try reader.object { (reader: inout JSONReader, key: String) throws(MalformedData) in
            switch key {
            case "type", "ty":
                type = try reader.string()
                isShort = key == "ty"
            case "status": status = try reader.isString() ? try reader.string() : skipped(&reader)
            case "method": method = try reader.isString() ? try reader.string() : skipped(&reader)
            case "error":
                try reader.object { (reader: inout JSONReader, key: String) throws(MalformedData) in
                    switch key {
                    case "name": name = try reader.isString() ? try reader.string() : "\(try reader.decimal())"
                    case "message": message = try reader.string()
                    default: try reader.skip()
                    }
                }
            default: try reader.skip()
            }
        }
        if let name { return .refused(name: name, message: message) }
        if let status, type == nil { return .alive(status) }
        guard let type else {
            // The answer to LIST_SUBSCRIPTIONS.
            if let method { return .other(type: method) }
            throw MalformedData(offset: start, reason: "neither a type nor a status nor an error in it")
        }
        let layout: Layout? =
            switch type {
            case "trade": isShort ? simpleTrade : defaultTrade
            case "orderbook": isShort ? simpleBook : defaultBook
            case "ticker": isShort ? simpleTicker : defaultTicker
            default: nil
            }
        guard let layout else { return .other(type: type) }
        reader.goBack(to: start, depth: depth)
        return try event(&reader, layout)
    }

    private static func skipped(_ reader: inout JSONReader) throws(MalformedData) -> String? {
        try reader.skip()
        return nil
    }

    /// The market of a message that makes no sense, where at least that can be read.
    static func market(_ reader: inout JSONReader, from start: Int, depth: Int) -> MarketCode? {
        reader.goBack(to: start, depth: depth)
        var market: MarketCode?
        try? reader.object { (reader: inout JSONReader, key: String) throws(MalformedData) in
            guard key == "code" || key == "cd", try reader.isString() else { return try reader.skip() }
            market = MarketCode(try reader.string())
        }
        return market
    }
}
