import CivilTime

extension UpbitRows {
    /// The fields read; the dates and times in text repeat `trade_timestamp`, the unsigned changes the signed ones.
    private enum Field: Int {
        case market, tradeTimestamp, open, high, low, price, previousClose, change, signedChange, signedChangeRate
        case lastVolume, dayValue, value24h, dayVolume, volume24h, yearHigh, yearHighDate, yearLow, yearLowDate
        case timestamp
    }

    private static let tickerTable = FieldTable(
        [
            "market", "trade_timestamp", "opening_price", "high_price", "low_price", "trade_price",
            "prev_closing_price", "change", "signed_change_price", "signed_change_rate", "trade_volume",
            "acc_trade_price", "acc_trade_price_24h", "acc_trade_volume", "acc_trade_volume_24h",
            "highest_52_week_price", "highest_52_week_date", "lowest_52_week_price", "lowest_52_week_date",
            "timestamp",
        ],
        optional: [
            "highest_52_week_price", "highest_52_week_date", "lowest_52_week_price", "lowest_52_week_date",
        ])

    /// Tickers; a market that `isAsked` does not know is refused, as is one given twice.
    static func tickers(
        _ bytes: [UInt8], isAsked: (MarketCode) -> Bool
    ) throws(MalformedData) -> DecodedRows<Ticker> {
        var seen: Set<MarketCode> = []
        return try .read(bytes) { (reader: inout JSONReader) throws(MalformedData) in
            let ticker = try self.ticker(&reader)
            guard isAsked(ticker.market) else {
                throw reader.failure("\(ticker.market) was not asked for", field: "market")
            }
            guard seen.insert(ticker.market).inserted else {
                throw reader.failure("\(ticker.market) is given twice", field: "market")
            }
            return ticker
        }
    }

    /// One ticker row.
    static func ticker(_ reader: inout JSONReader) throws(MalformedData) -> Ticker {
        var ticker = Ticker.unread
        try reader.object(tickerTable) { (reader: inout JSONReader, index: Int) throws(MalformedData) in
            guard let field = Field(rawValue: index) else { return try reader.skip() }
            switch field {
            case .market: ticker.market = try reader.marketCode()
            case .tradeTimestamp: ticker.lastTradeAt = try reader.milliseconds()
            case .open: ticker.dayOpen = try reader.price()
            case .high: ticker.dayHigh = try reader.price()
            case .low: ticker.dayLow = try reader.price()
            case .price: ticker.price = try reader.price()
            case .previousClose: ticker.previousClose = try reader.amount()
            case .change: ticker.change = try reader.change()
            case .signedChange: ticker.signedChange = try reader.decimal()
            case .signedChangeRate: ticker.signedChangeRate = try reader.decimal()
            case .lastVolume: ticker.lastVolume = try reader.amount()
            case .dayValue: ticker.dayQuoteValue = try reader.amount()
            case .value24h: ticker.quoteValue24h = try reader.amount()
            case .dayVolume: ticker.dayBaseVolume = try reader.amount()
            case .volume24h: ticker.baseVolume24h = try reader.amount()
            case .yearHigh: ticker.yearHigh = try reader.optionalDecimal()
            case .yearHighDate: ticker.yearHighDate = try reader.optionalString()
            case .yearLow: ticker.yearLow = try reader.optionalDecimal()
            case .yearLowDate: ticker.yearLowDate = try reader.optionalString()
            case .timestamp: ticker.exchangeTime = try reader.milliseconds()
            }
        }
        guard ticker.dayHigh >= ticker.dayLow else {
            throw reader.failure("\(ticker.dayHigh) is below low_price \(ticker.dayLow)", field: "high_price")
        }
        return ticker
    }
}

extension Ticker {
    /// What a reader starts from.
    static let unread = {
        let epoch = Timestamp(microseconds: 0)
        return Ticker(
            market: .unread, price: .zero, lastVolume: .zero, lastTradeAt: epoch, dayOpen: .zero, dayHigh: .zero,
            dayLow: .zero, previousClose: .zero, change: .even, signedChange: .zero, signedChangeRate: .zero,
            dayBaseVolume: .zero, dayQuoteValue: .zero, baseVolume24h: .zero, quoteValue24h: .zero, exchangeTime: epoch)
    }()
}
