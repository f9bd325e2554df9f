import CivilTime

/// Rows of trades and order books in Upbit's REST answers, keys in Upbit's order.
extension JSONBytes {
    /// A number of 10⁻⁸ without trailing zeros.
    mutating func shortDecimal(_ value: Int64) {
        if value % 100_000_000 == 0 {
            integer(value / 100_000_000)
            return
        }
        var text = JSONBytes(reserving: 32)
        text.decimal(value)
        var bytes = text.bytes
        while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
        raw(bytes)
    }

    /// A row of `/trades/ticks`.
    ///
    /// - Parameter shift: milliseconds from recorded to served times.
    mutating func tradeRow(_ trade: MadeTrade, market: String, previousClose: Int64, shift: Int64) {
        let time = trade.time + shift
        let second = time.flooredQuotient(1000)
        raw("{\"market\":")
        string(market)
        raw(",\"trade_date_utc\":\"")
        date(second)
        raw("\",\"trade_time_utc\":\"")
        timeOfDay(second)
        raw("\",\"timestamp\":")
        integer(time)
        raw(",\"trade_price\":")
        decimal(trade.price)
        raw(",\"trade_volume\":")
        decimal(trade.volume)
        raw(",\"prev_closing_price\":")
        decimal(previousClose)
        raw(",\"change_price\":")
        decimal(trade.price - previousClose)
        raw(trade.isBid ? ",\"ask_bid\":\"BID\"" : ",\"ask_bid\":\"ASK\"")
        raw(",\"sequential_id\":")
        integer(trade.sequentialID(shift: shift))
        raw("}")
    }

    /// A row of `/orderbook`.
    mutating func bookRow(_ book: MadeBook, market: String, count: Int, shift: Int64) {
        raw("{\"market\":")
        string(market)
        raw(",\"timestamp\":")
        integer(book.time + shift)
        raw(",\"total_ask_size\":")
        decimal(book.totalAskSize)
        raw(",\"total_bid_size\":")
        decimal(book.totalBidSize)
        raw(",\"orderbook_units\":")
        array(book.units.prefix(count)) { json, unit in
            json.raw("{\"ask_price\":")
            json.shortDecimal(unit.askPrice)
            json.raw(",\"bid_price\":")
            json.shortDecimal(unit.bidPrice)
            json.raw(",\"ask_size\":")
            json.decimal(unit.askSize)
            json.raw(",\"bid_size\":")
            json.decimal(unit.bidSize)
            json.raw("}")
        }
        raw(",\"level\":")
        shortDecimal(book.level)
        raw("}")
    }

    /// A row of `/orderbook/instruments`.
    mutating func instrument(_ market: MadeMarket) {
        raw("{\"market\":")
        string(market.code)
        raw(",\"quote_currency\":")
        string(String(market.code.prefix { $0 != "-" }))
        raw(",\"tick_size\":")
        shortDecimal(market.market.tick)
        raw(",\"supported_levels\":")
        array(market.bookLevels) { json, level in
            json.raw("\"")
            json.shortDecimal(level)
            json.raw("\"")
        }
        raw("}")
    }
}
