import CivilTime

/// The WebSocket's frames, keys in the order of captured ones.
extension JSONBytes {
    private static let kst: Int64 = 9 * 3600

    /// Writes a frame: its members in braces, and brackets for the list formats.
    private mutating func frame(_ format: StreamFormat, _ write: (inout StreamFrame) -> Void) {
        if format.isList { raw("[") }
        members(isSimple: format.isSimple, write)
        if format.isList { raw("]") }
    }

    private mutating func members(isSimple: Bool, _ write: (inout StreamFrame) -> Void) {
        raw("{")
        // Moved there and back, so that the bytes are not copied.
        var frame = StreamFrame(isSimple: isSimple)
        swap(&self, &frame.json)
        write(&frame)
        swap(&self, &frame.json)
        raw("}")
    }

    /// Nothing is written as `0E-8`, as the real exchange does.
    fileprivate mutating func difference(_ value: Int64) {
        if value == 0 { raw("0E-8") } else { decimal(value) }
    }

    /// Likewise as a bare `0`.
    private mutating func rate(_ rate: Int64, ofChange change: Int64) {
        if change == 0 { integer(0) } else { self.rate(rate) }
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
        frame(format) { frame in
            let time = trade.time + shift
            let second = time.flooredQuotient(1000)
            frame.head(.trade, code)
            frame.write("timestamp", "tms") { $0.integer(time + trade.volume % 10) }
            frame.quoted("trade_date", "td") { $0.date(second) }
            frame.quoted("trade_time", "ttm") { $0.timeOfDay(second) }
            frame.write("trade_timestamp", "ttms") { $0.integer(time) }
            frame.write("trade_price", "tp") { $0.decimal(trade.price) }
            frame.write("trade_volume", "tv") { $0.decimal(trade.volume) }
            frame.raw("ask_bid", "ab", trade.isBid ? "\"BID\"" : "\"ASK\"")
            frame.write("prev_closing_price", "pcp") { $0.decimal(previousClose) }
            frame.change(trade.price - previousClose)
            frame.write("sequential_id", "sid") { $0.integer(trade.sequentialID(shift: shift)) }
            frame.write("best_ask_price", "bap") { $0.shortDecimal(best.askPrice) }
            frame.write("best_ask_size", "bas") { $0.decimal(best.askSize) }
            frame.write("best_bid_price", "bbp") { $0.shortDecimal(best.bidPrice) }
            frame.write("best_bid_size", "bbs") { $0.decimal(best.bidSize) }
            frame.streamType(isSnapshot)
        }
    }

    /// An order book with so many units.
    mutating func bookFrame(
        _ book: MadeBook, code: String, count: Int, shift: Int64, isSnapshot: Bool, format: StreamFormat
    ) {
        frame(format) { frame in
            frame.head(.orderbook, code)
            frame.write("timestamp", "tms") { $0.integer(book.time + shift) }
            frame.write("total_ask_size", "tas") { $0.decimal(book.totalAskSize) }
            frame.write("total_bid_size", "tbs") { $0.decimal(book.totalBidSize) }
            frame.write("orderbook_units", "obu") { json in
                json.array(book.units.prefix(count)) { json, unit in
                    json.members(isSimple: format.isSimple) { frame in
                        frame.write("ask_price", "ap") { $0.shortDecimal(unit.askPrice) }
                        frame.write("bid_price", "bp") { $0.shortDecimal(unit.bidPrice) }
                        frame.write("ask_size", "as") { $0.decimal(unit.askSize) }
                        frame.write("bid_size", "bs") { $0.decimal(unit.bidSize) }
                    }
                }
            }
            frame.streamType(isSnapshot)
            frame.write("level", "lv") { $0.shortDecimal(book.level) }
        }
    }

    /// A candle as it stands.
    mutating func candleFrame(
        _ tally: Tally, seconds: Int64, start: Int64, code: String, shift: Int64, isSnapshot: Bool,
        format: StreamFormat
    ) {
        frame(format) { frame in
            let second = (start + shift) / 1000
            frame.head(.candle(seconds), code)
            frame.quoted("candle_date_time_utc", "cdttmu") { $0.dateTime(second) }
            frame.quoted("candle_date_time_kst", "cdttmk") { $0.dateTime(second + Self.kst) }
            frame.write("opening_price", "op") { $0.decimal(tally.open) }
            frame.write("high_price", "hp") { $0.decimal(tally.high) }
            frame.write("low_price", "lp") { $0.decimal(tally.low) }
            frame.write("trade_price", "tp") { $0.decimal(tally.close) }
            frame.write("candle_acc_trade_volume", "catv") { $0.decimal(tally.volume) }
            frame.write("candle_acc_trade_price", "catp") { $0.decimal(MadeMarket.rounded(tally.value)) }
            frame.write("timestamp", "tms") { $0.integer(tally.lastTrade + shift) }
            frame.streamType(isSnapshot)
        }
    }

    /// A ticker.
    ///
    /// What buyers and sellers took since 00:00 is not recorded: a share that changes from day to day.
    mutating func tickerFrame(_ ticker: TickerSummary, isSnapshot: Bool, format: StreamFormat) {
        frame(format) { frame in
            let second = ticker.lastTrade.flooredQuotient(1000)
            let change = ticker.price - ticker.previousClose
            let rate = ScaledDecimal.rate(change, of: ticker.previousClose)
            frame.head(.ticker, ticker.market)
            frame.write("opening_price", "op") { $0.decimal(ticker.opening) }
            frame.write("high_price", "hp") { $0.decimal(ticker.high) }
            frame.write("low_price", "lp") { $0.decimal(ticker.low) }
            frame.write("trade_price", "tp") { $0.decimal(ticker.price) }
            frame.write("prev_closing_price", "pcp") { $0.decimal(ticker.previousClose) }
            frame.write("acc_trade_price", "atp") { $0.decimal(ticker.valueToday, padding: 8) }
            frame.change(change)
            frame.write("signed_change_price", "scp") { $0.difference(change) }
            frame.write("change_rate", "cr") { $0.rate(rate, ofChange: change) }
            frame.write("signed_change_rate", "scr") { $0.rate(change < 0 ? -rate : rate, ofChange: change) }
            frame.raw("ask_bid", "ab", ticker.lastIsBid ? "\"BID\"" : "\"ASK\"")
            frame.write("trade_volume", "tv") { $0.decimal(ticker.lastVolume) }
            frame.write("acc_trade_volume", "atv") { $0.decimal(ticker.volumeToday) }
            frame.quoted("trade_date", "tdt") { $0.date(second, dashes: false) }
            frame.quoted("trade_time", "ttm") { $0.timeOfDay(second, colons: false) }
            frame.write("trade_timestamp", "ttms") { $0.integer(ticker.lastTrade) }
            let share = Int128(480 + SeededRandom.mix(UInt64(bitPattern: second / 86_400), 7) % 41)
            let bought = ticker.volumeToday * share / 1000
            frame.write("acc_ask_volume", "aav") { $0.decimal(ticker.volumeToday - bought) }
            frame.write("acc_bid_volume", "abv") { $0.decimal(bought) }
            frame.write("highest_52_week_price", "h52wp") { $0.decimal(ticker.highest.price) }
            frame.quoted("highest_52_week_date", "h52wdt") { $0.date(ticker.highest.day) }
            frame.write("lowest_52_week_price", "l52wp") { $0.decimal(ticker.lowest.price) }
            frame.quoted("lowest_52_week_date", "l52wdt") { $0.date(ticker.lowest.day) }
            frame.raw("market_state", "ms", "\"ACTIVE\"")
            frame.raw("is_trading_suspended", "its", "false")
            frame.raw("delisting_date", "dd", "null")
            frame.raw("market_warning", "mw", "\"NONE\"")
            frame.write("timestamp", "tms") { $0.integer(ticker.lastTrade) }
            frame.write("acc_trade_price_24h", "atp24h") { $0.decimal(ticker.value24h) }
            frame.write("acc_trade_volume_24h", "atv24h") { $0.decimal(ticker.volume24h) }
            frame.streamType(isSnapshot)
        }
    }
}

/// A frame's members as they are written, under their long or their short names.
private struct StreamFrame {
    let isSimple: Bool
    var json = JSONBytes(reserving: 0)
    private var isFirst = true

    init(isSimple: Bool) { self.isSimple = isSimple }

    mutating func write(_ long: StaticString, _ short: StaticString, _ value: (inout JSONBytes) -> Void) {
        json.raw(isFirst ? "\"" : ",\"")
        isFirst = false
        json.raw(isSimple ? short : long)
        json.raw("\":")
        value(&json)
    }

    mutating func quoted(_ long: StaticString, _ short: StaticString, _ value: (inout JSONBytes) -> Void) {
        write(long, short) { json in
            json.raw("\"")
            value(&json)
            json.raw("\"")
        }
    }

    mutating func raw(_ long: StaticString, _ short: StaticString, _ value: StaticString) {
        write(long, short) { $0.raw(value) }
    }

    mutating func head(_ kind: StreamKind, _ code: String) {
        write("type", "ty") { $0.string(kind.name) }
        write("code", "cd") { $0.string(code) }
    }

    mutating func streamType(_ isSnapshot: Bool) {
        raw("stream_type", "st", isSnapshot ? "\"SNAPSHOT\"" : "\"REALTIME\"")
    }

    mutating func change(_ change: Int64) {
        raw("change", "c", change > 0 ? "\"RISE\"" : change < 0 ? "\"FALL\"" : "\"EVEN\"")
        write("change_price", "cp") { $0.difference(abs(change)) }
    }
}
