import CivilTime

/// Upbit's REST rows as market types.
///
/// Unknown fields are skipped, since new ones appear from time to time.
enum UpbitRows {
    // MARK: - Candles

    private static let candleTable = FieldTable(
        [
            "market", "candle_date_time_utc", "candle_date_time_kst", "opening_price", "high_price", "low_price",
            "trade_price", "timestamp", "candle_acc_trade_price", "candle_acc_trade_volume", "unit",
            "prev_closing_price",
        ], optional: ["candle_date_time_kst", "unit", "prev_closing_price"])

    /// Candles of the market and unit asked for, newest first, all opening before the instant asked for.
    static func candles(
        _ bytes: [UInt8], market: MarketCode, unit: CandleUnit, before limit: Timestamp?
    ) throws(MalformedData) -> DecodedRows<Candle> {
        var previous = limit
        return try .read(bytes) { (reader: inout JSONReader) throws(MalformedData) in
            let candle = try self.candle(&reader, unit: unit)
            func refuse(_ field: String, _ reason: String) -> MalformedData { reader.failure(reason, field: field) }
            guard candle.market == market else {
                throw refuse("market", "\(candle.market) was not asked for, \(market) was")
            }
            if let previous, candle.openTime >= previous {
                throw refuse("candle_date_time_utc", "\(candle.openTime.iso8601) is not before \(previous.iso8601)")
            }
            previous = candle.openTime
            return candle
        }
    }

    private static func candle(
        _ reader: inout JSONReader, unit: CandleUnit
    ) throws(MalformedData) -> Candle {
        var market = MarketCode.unread
        var openTime = Timestamp(microseconds: 0)
        var korean: Timestamp?
        var (open, high, low, close) = (ExactDecimal.zero, ExactDecimal.zero, ExactDecimal.zero, ExactDecimal.zero)
        var (volume, value) = (ExactDecimal.zero, ExactDecimal.zero)
        var lastTradeAt: Timestamp?
        var previousClose: ExactDecimal?
        try reader.object(candleTable) { (reader: inout JSONReader, field: Int) throws(MalformedData) in
            switch field {
            case 0: market = try reader.marketCode()
            case 1: openTime = try reader.zonelessDateTime()
            case 2: korean = try reader.zonelessDateTime()
            case 3: open = try reader.price()
            case 4: high = try reader.price()
            case 5: low = try reader.price()
            case 6: close = try reader.price()
            case 7: lastTradeAt = try reader.milliseconds()
            case 8: value = try reader.amount()
            case 9: volume = try reader.amount()
            case 10:
                let minutes = try reader.integer()
                guard minutes * 60 == unit.seconds else {
                    throw reader.failure("candles of \(minutes) minutes were not asked for, \(unit) were")
                }
            default: previousClose = try reader.optionalDecimal()
            }
        }
        func refuse(_ field: String, _ reason: String) -> MalformedData { reader.failure(reason, field: field) }
        guard unit.isAligned(openTime) else {
            throw refuse("candle_date_time_utc", "\(openTime.iso8601) is not the start of a \(unit) candle")
        }
        // Korea has no summer time: always nine hours ahead.
        if let korean, korean != openTime + .seconds(9 * 3600) {
            throw refuse("candle_date_time_kst", "not nine hours after candle_date_time_utc")
        }
        guard high >= low else { throw refuse("high_price", "\(high) is below low_price \(low)") }
        guard open <= high, open >= low else { throw refuse("opening_price", "\(open) is outside \(low)...\(high)") }
        guard close <= high, close >= low else { throw refuse("trade_price", "\(close) is outside \(low)...\(high)") }
        return Candle(
            market: market, unit: unit, openTime: openTime, open: open, high: high, low: low, close: close,
            baseVolume: volume, quoteValue: value, lastTradeAt: lastTradeAt, previousClose: previousClose)
    }

    // MARK: - Trades

    private static let tradeTable = FieldTable([
        "market", "timestamp", "trade_price", "trade_volume", "prev_closing_price", "ask_bid", "sequential_id",
    ])

    /// Trades of the market asked for.
    static func trades(_ bytes: [UInt8], market: MarketCode) throws(MalformedData) -> DecodedRows<Trade> {
        try .read(bytes) { (reader: inout JSONReader) throws(MalformedData) in
            var trade = Trade(
                market: market, tradedAt: Timestamp(microseconds: 0), price: .zero, volume: .zero, takerSide: .bid,
                sequentialID: 0, previousClose: .zero)
            try reader.object(tradeTable) { (reader: inout JSONReader, field: Int) throws(MalformedData) in
                switch field {
                case 0:
                    let found = try reader.marketCode()
                    guard found == market else { throw reader.failure("\(found) was not asked for, \(market) was") }
                case 1: trade.tradedAt = try reader.milliseconds()
                case 2: trade.price = try reader.price()
                case 3: trade.volume = try reader.price()
                case 4: trade.previousClose = try reader.amount()
                case 5: trade.takerSide = try reader.takerSide()
                default:
                    trade.sequentialID = try reader.integer()
                    guard trade.sequentialID > 0 else { throw reader.failure("not a positive number") }
                }
            }
            return trade
        }
    }

    // MARK: - Order books

    private static let bookTable = FieldTable(
        ["market", "timestamp", "total_ask_size", "total_bid_size", "orderbook_units", "level"], optional: ["level"])
    private static let levelTable = FieldTable(["ask_price", "bid_price", "ask_size", "bid_size"])

    /// Order books of the markets asked for.
    static func orderBooks(
        _ bytes: [UInt8], isAsked: (MarketCode) -> Bool
    ) throws(MalformedData) -> DecodedRows<OrderBook> {
        try .read(bytes) { (reader: inout JSONReader) throws(MalformedData) in
            var book = OrderBook(
                market: .unread, exchangeTime: Timestamp(microseconds: 0), bids: [], asks: [], totalBidSize: .zero,
                totalAskSize: .zero)
            try reader.object(bookTable) { (reader: inout JSONReader, field: Int) throws(MalformedData) in
                switch field {
                case 0: book.market = try reader.marketCode()
                case 1: book.exchangeTime = try reader.milliseconds()
                case 2: book.totalAskSize = try reader.amount()
                case 3: book.totalBidSize = try reader.amount()
                case 4: try reader.bookLevels(levelTable, into: &book)
                default: try reader.skip()
                }
            }
            guard isAsked(book.market) else {
                throw reader.failure("\(book.market) was not asked for", field: "market")
            }
            return book
        }
    }

    // MARK: - Markets

    private static let marketTable = FieldTable(
        ["market", "korean_name", "english_name", "market_event"], optional: ["market_event"])

    /// All rows of the market list.
    static func markets(_ bytes: [UInt8]) throws(MalformedData) -> DecodedRows<MarketInfo> {
        try .read(bytes) { (reader: inout JSONReader) throws(MalformedData) in
            var market = MarketCode.unread
            var (korean, english) = ("", "")
            var warning: Bool?
            var cautions: [String] = []
            try reader.object(marketTable) { (reader: inout JSONReader, field: Int) throws(MalformedData) in
                switch field {
                case 0: market = try reader.marketCode()
                case 1: korean = try reader.string()
                case 2: english = try reader.string()
                default: (warning, cautions) = try event(&reader)
                }
            }
            return MarketInfo(
                market: market, koreanName: korean, englishName: english, warning: warning,
                cautions: cautions.sorted())
        }
    }

    private static func event(_ reader: inout JSONReader) throws(MalformedData) -> (Bool?, [String]) {
        var warning: Bool?
        var cautions: [String] = []
        if try reader.null() { return (nil, []) }
        try reader.object { (reader: inout JSONReader, name: String) throws(MalformedData) in
            switch name {
            case "warning": warning = try reader.bool()
            case "caution":
                try reader.object { (reader: inout JSONReader, name: String) throws(MalformedData) in
                    if try reader.bool() { cautions.append(name) }
                }
            default: try reader.skip()
            }
        }
        return (warning, cautions)
    }
}
