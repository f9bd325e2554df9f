import CivilTime

/// The endpoints whose rows were not recorded but made.
extension UpbitAPI {
    /// Upbit keeps one-second candles for three months.
    private static let secondsKept: Int64 = 92 * 86_400 * 1000
    private static let day: Int64 = 86_400_000

    private var shift: Int64 { clock.shiftSeconds * 1000 }

    /// `/candles/seconds` and `/candles/minutes/{1,3,5,10,15,30}`.
    func madeCandles(
        _ target: RequestTarget, seconds: Int64, tail: JSONBytes.CandleTail, now: Timestamp
    ) throws(UpbitError) -> ExchangeReply {
        let query = try candleQuery(target)
        let present = now.milliseconds - shift
        let end = query.end.map { $0 * 1000 - shift } ?? .max / 4
        let slots = query.market.slots(
            seconds: seconds, before: end, now: present,
            oldest: seconds == 1 ? present - Self.secondsKept : .min / 4, limit: query.count)
        var json = JSONBytes(reserving: 420 * slots.count + 2)
        json.array(slots) { json, slot in
            json.candle(CandleRow(slot.1, start: slot.start, shift: shift), market: query.market.code, tail: tail)
        }
        return .json(json, derived: "all, made from the recorded candles")
    }

    /// `/trades/ticks`: newest first, those of one UTC day.
    ///
    /// `to` is taken as excluded, `cursor` as the `sequential_id` to go on below; the documentation leaves both open.
    func trades(_ target: RequestTarget, now: Timestamp) throws(UpbitError) -> ExchangeReply {
        guard let code = target.value("market") else { throw .missingParameter }
        let count = try number(target.value("count"), in: 1...Int64.max) ?? 1
        let daysAgo = try number(target.value("days_ago", "daysAgo"), in: 1...7) ?? 0
        let cursor = try number(target.value("cursor"), in: 1...Int64.max)
        let market = try market(code: code)
        let day = (now.milliseconds.flooredQuotient(Self.day) - daysAgo) * Self.day
        var end = min(day + Self.day, now.milliseconds + 1)
        if let text = target.value("to") { end = min(end, day + (try timeOfDay(text)) * 1000) }
        if let cursor { end = min(end, cursor / 10_000 + 1) }
        let shift = shift
        let trades = market.trades(
            before: end - shift, notBefore: day - shift, limit: Int(min(count, 500))
        ) { trade in
            cursor.map { trade.sequentialID(shift: shift) < $0 } ?? true
        }
        let previousClose = market.previousClose(at: day - shift)
        var json = JSONBytes(reserving: 300 * trades.count + 2)
        json.array(trades) { json, trade in
            json.tradeRow(trade, market: market.code, previousClose: previousClose, shift: shift)
        }
        return .json(json, derived: "all, made from the recorded candles")
    }

    /// `/orderbook`: a level that a market does not have gives no row, as observed.
    func books(_ target: RequestTarget, now: Timestamp) throws(UpbitError) -> ExchangeReply {
        guard let list = target.value("markets") else { throw .missingParameter }
        let count = try number(target.value("count"), in: 1...Int64(MadeBook.depth)) ?? Int64(MadeBook.depth)
        var level: Int64 = 0
        if let text = target.value("level") {
            guard let parsed = ScaledDecimal.parse(Array(text.utf8)[...]) else { throw .wrongType }
            level = parsed
        }
        var asked: [(MadeMarket, MadeBook)] = []
        for code in list.split(separator: ",") {
            let market = try market(code: String(code))
            guard market.bookLevels.contains(level),
                let book = market.book(at: now.milliseconds - shift, level: level)
            else { continue }
            asked.append((market, book))
        }
        var json = JSONBytes(reserving: 4096 * asked.count + 2)
        json.array(asked) { json, row in
            json.bookRow(row.1, market: row.0.code, count: Int(count), shift: shift)
        }
        return .json(json, derived: "all, made around the made trades")
    }

    /// `/orderbook/instruments`.
    func instruments(_ target: RequestTarget) throws(UpbitError) -> ExchangeReply {
        guard let list = target.value("markets") else { throw .missingParameter }
        var asked: [MadeMarket] = []
        for code in list.split(separator: ",") { asked.append(try market(code: String(code))) }
        var json = JSONBytes()
        json.array(asked) { json, market in json.instrument(market) }
        return .json(json, derived: "tick_size,supported_levels")
    }

    private func number(_ text: String?, in range: ClosedRange<Int64>) throws(UpbitError) -> Int64? {
        guard let text else { return nil }
        guard let number = Int64(text) else { throw .wrongType }
        guard range.contains(number) else { throw .invalidValue }
        return number
    }

    /// Seconds of the day from `HHmmss` or `HH:mm:ss`.
    private func timeOfDay(_ text: String) throws(UpbitError) -> Int64 {
        let digits = text.utf8.filter { $0 != UInt8(ascii: ":") }.map { Int64($0) - 48 }
        guard digits.count == 6, digits.allSatisfy({ (0...9).contains($0) }) else { throw .invalidValue }
        let (hour, minute, second) =
            (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3], digits[4] * 10 + digits[5])
        guard hour < 24, minute < 60, second < 60 else { throw .invalidValue }
        return hour * 3600 + minute * 60 + second
    }
}

extension CandleRow {
    /// A slot that trades were counted into; times become served ones.
    init(_ tally: Tally, start: Int64, shift: Int64) {
        self.init(
            openTime: (start + shift) / 1000, open: tally.open, high: tally.high, low: tally.low, close: tally.close,
            volume: Int128(tally.volume), value: MadeMarket.rounded(tally.value),
            lastTrade: tally.lastTrade + shift, previousClose: tally.open)
    }
}

extension MadeMarket {
    /// The close of the UTC day before a time in milliseconds; the first open where the recording begins.
    func previousClose(at time: Int64) -> Int64 {
        let day = time.flooredQuotient(86_400_000) * 86_400_000
        guard let index = hourIndex(at: day - 1) else { return market.candles.first?.open ?? 0 }
        return market.candles[index].close
    }
}
