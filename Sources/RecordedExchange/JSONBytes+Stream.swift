import CivilTime

/// The WebSocket's frames, keys in the order of captured ones.
extension JSONBytes {
    private static let kst: Int64 = 9 * 3600

    /// Writes a frame's members inside its braces, and brackets for the list formats.
    mutating func frame(_ format: StreamFormat, _ members: (inout JSONBytes, inout Keys) -> Void) {
        raw(format.isList ? "[{" : "{")
        var keys = Keys(isSimple: format.isSimple)
        members(&self, &keys)
        raw(format.isList ? "}]" : "}")
    }

    /// Chooses between a key's long and short form and puts the commas.
    struct Keys {
        let isSimple: Bool
        var isFirst = true

        mutating func write(_ long: StaticString, _ short: StaticString, to json: inout JSONBytes) {
            if !isFirst { json.raw(",") }
            isFirst = false
            json.raw("\"")
            json.raw(isSimple ? short : long)
            json.raw("\":")
        }
    }

    private mutating func head(_ kind: StreamKind, _ code: String, _ keys: inout Keys) {
        keys.write("type", "ty", to: &self)
        string(kind.name)
        keys.write("code", "cd", to: &self)
        string(code)
    }

    private mutating func streamType(_ isSnapshot: Bool, _ keys: inout Keys) {
        keys.write("stream_type", "st", to: &self)
        raw(isSnapshot ? "\"SNAPSHOT\"" : "\"REALTIME\"")
    }

    private mutating func change(_ change: Int64, _ keys: inout Keys) {
        keys.write("change", "c", to: &self)
        raw(change > 0 ? "\"RISE\"" : change < 0 ? "\"FALL\"" : "\"EVEN\"")
        keys.write("change_price", "cp", to: &self)
        difference(abs(change))
    }

    /// Nothing is written as `0E-8`, as the real exchange does.
    private mutating func difference(_ value: Int64) {
        if value == 0 { raw("0E-8") } else { decimal(value) }
    }

    /// A trade.
    ///
    /// - Parameters:
    ///   - best: what stands on both sides of the trade.
    ///   - shift: milliseconds from recorded to served times.
    mutating func tradeFrame(
        _ trade: MadeTrade, code: String, previousClose: Int64, best: MadeBook.Unit, shift: Int64, isSnapshot: Bool,
        format: StreamFormat
    ) {
        frame(format) { json, keys in
            let time = trade.time + shift
            let second = time.flooredQuotient(1000)
            json.head(.trade, code, &keys)
            keys.write("timestamp", "tms", to: &json)
            json.integer(time + trade.volume % 10)
            keys.write("trade_date", "td", to: &json)
            json.raw("\"")
            json.date(second)
            json.raw("\"")
            keys.write("trade_time", "ttm", to: &json)
            json.raw("\"")
            json.timeOfDay(second)
            json.raw("\"")
            keys.write("trade_timestamp", "ttms", to: &json)
            json.integer(time)
            keys.write("trade_price", "tp", to: &json)
            json.decimal(trade.price)
            keys.write("trade_volume", "tv", to: &json)
            json.decimal(trade.volume)
            keys.write("ask_bid", "ab", to: &json)
            json.raw(trade.isBid ? "\"BID\"" : "\"ASK\"")
            keys.write("prev_closing_price", "pcp", to: &json)
            json.decimal(previousClose)
            json.change(trade.price - previousClose, &keys)
            keys.write("sequential_id", "sid", to: &json)
            json.integer(trade.sequentialID(shift: shift))
            keys.write("best_ask_price", "bap", to: &json)
            json.shortDecimal(best.askPrice)
            keys.write("best_ask_size", "bas", to: &json)
            json.decimal(best.askSize)
            keys.write("best_bid_price", "bbp", to: &json)
            json.shortDecimal(best.bidPrice)
            keys.write("best_bid_size", "bbs", to: &json)
            json.decimal(best.bidSize)
            json.streamType(isSnapshot, &keys)
        }
    }

    /// An order book with so many units.
    mutating func bookFrame(
        _ book: MadeBook, code: String, count: Int, shift: Int64, isSnapshot: Bool, format: StreamFormat
    ) {
        frame(format) { json, keys in
            json.head(.orderbook, code, &keys)
            keys.write("timestamp", "tms", to: &json)
            json.integer(book.time + shift)
            keys.write("total_ask_size", "tas", to: &json)
            json.decimal(book.totalAskSize)
            keys.write("total_bid_size", "tbs", to: &json)
            json.decimal(book.totalBidSize)
            keys.write("orderbook_units", "obu", to: &json)
            json.array(book.units.prefix(count)) { json, unit in
                var keys = Keys(isSimple: format.isSimple)
                json.raw("{")
                keys.write("ask_price", "ap", to: &json)
                json.shortDecimal(unit.askPrice)
                keys.write("bid_price", "bp", to: &json)
                json.shortDecimal(unit.bidPrice)
                keys.write("ask_size", "as", to: &json)
                json.decimal(unit.askSize)
                keys.write("bid_size", "bs", to: &json)
                json.decimal(unit.bidSize)
                json.raw("}")
            }
            json.streamType(isSnapshot, &keys)
            keys.write("level", "lv", to: &json)
            json.shortDecimal(book.level)
        }
    }

    /// A candle as it stands.
    mutating func candleFrame(
        _ tally: Tally, seconds: Int64, start: Int64, code: String, shift: Int64, isSnapshot: Bool,
        format: StreamFormat
    ) {
        frame(format) { json, keys in
            let second = (start + shift) / 1000
            json.head(.candle(seconds), code, &keys)
            keys.write("candle_date_time_utc", "cdttmu", to: &json)
            json.raw("\"")
            json.dateTime(second)
            json.raw("\"")
            keys.write("candle_date_time_kst", "cdttmk", to: &json)
            json.raw("\"")
            json.dateTime(second + Self.kst)
            json.raw("\"")
            keys.write("opening_price", "op", to: &json)
            json.decimal(tally.open)
            keys.write("high_price", "hp", to: &json)
            json.decimal(tally.high)
            keys.write("low_price", "lp", to: &json)
            json.decimal(tally.low)
            keys.write("trade_price", "tp", to: &json)
            json.decimal(tally.close)
            keys.write("candle_acc_trade_volume", "catv", to: &json)
            json.decimal(tally.volume)
            keys.write("candle_acc_trade_price", "catp", to: &json)
            json.decimal(MadeMarket.rounded(tally.value))
            keys.write("timestamp", "tms", to: &json)
            json.integer(tally.lastTrade + shift)
            json.streamType(isSnapshot, &keys)
        }
    }

    /// A ticker.
    ///
    /// What buyers and sellers took since 00:00 is not recorded: a share that changes from day to day.
    mutating func tickerFrame(_ ticker: TickerSummary, isSnapshot: Bool, format: StreamFormat) {
        frame(format) { json, keys in
            let second = ticker.lastTrade.flooredQuotient(1000)
            let change = ticker.price - ticker.previousClose
            let rate = ScaledDecimal.rate(change, of: ticker.previousClose)
            json.head(.ticker, ticker.market, &keys)
            keys.write("opening_price", "op", to: &json)
            json.decimal(ticker.opening)
            keys.write("high_price", "hp", to: &json)
            json.decimal(ticker.high)
            keys.write("low_price", "lp", to: &json)
            json.decimal(ticker.low)
            keys.write("trade_price", "tp", to: &json)
            json.decimal(ticker.price)
            keys.write("prev_closing_price", "pcp", to: &json)
            json.decimal(ticker.previousClose)
            keys.write("acc_trade_price", "atp", to: &json)
            json.decimal(ticker.valueToday, padding: 8)
            json.change(change, &keys)
            keys.write("signed_change_price", "scp", to: &json)
            json.difference(change)
            keys.write("change_rate", "cr", to: &json)
            if change == 0 { json.integer(0) } else { json.rate(rate) }
            keys.write("signed_change_rate", "scr", to: &json)
            if change == 0 { json.integer(0) } else { json.rate(change < 0 ? -rate : rate) }
            keys.write("ask_bid", "ab", to: &json)
            json.raw(ticker.lastIsBid ? "\"BID\"" : "\"ASK\"")
            keys.write("trade_volume", "tv", to: &json)
            json.decimal(ticker.lastVolume)
            keys.write("acc_trade_volume", "atv", to: &json)
            json.decimal(ticker.volumeToday)
            keys.write("trade_date", "tdt", to: &json)
            json.raw("\"")
            json.date(second, dashes: false)
            json.raw("\"")
            keys.write("trade_time", "ttm", to: &json)
            json.raw("\"")
            json.timeOfDay(second, colons: false)
            json.raw("\"")
            keys.write("trade_timestamp", "ttms", to: &json)
            json.integer(ticker.lastTrade)
            let share = Int128(480 + SeededRandom.mix(UInt64(bitPattern: second / 86_400), 7) % 41)
            let bought = ticker.volumeToday * share / 1000
            keys.write("acc_ask_volume", "aav", to: &json)
            json.decimal(ticker.volumeToday - bought)
            keys.write("acc_bid_volume", "abv", to: &json)
            json.decimal(bought)
            keys.write("highest_52_week_price", "h52wp", to: &json)
            json.decimal(ticker.highest.price)
            keys.write("highest_52_week_date", "h52wdt", to: &json)
            json.raw("\"")
            json.date(ticker.highest.day)
            json.raw("\"")
            keys.write("lowest_52_week_price", "l52wp", to: &json)
            json.decimal(ticker.lowest.price)
            keys.write("lowest_52_week_date", "l52wdt", to: &json)
            json.raw("\"")
            json.date(ticker.lowest.day)
            json.raw("\"")
            keys.write("market_state", "ms", to: &json)
            json.raw("\"ACTIVE\"")
            keys.write("is_trading_suspended", "its", to: &json)
            json.raw("false")
            keys.write("delisting_date", "dd", to: &json)
            json.raw("null")
            keys.write("market_warning", "mw", to: &json)
            json.raw("\"NONE\"")
            keys.write("timestamp", "tms", to: &json)
            json.integer(ticker.lastTrade)
            keys.write("acc_trade_price_24h", "atp24h", to: &json)
            json.decimal(ticker.value24h)
            keys.write("acc_trade_volume_24h", "atv24h", to: &json)
            json.decimal(ticker.volume24h)
            json.streamType(isSnapshot, &keys)
        }
    }
}
