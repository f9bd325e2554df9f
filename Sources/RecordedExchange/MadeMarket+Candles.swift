import CivilTime

/// A candle that trades were counted into.
struct Tally: Sendable, Equatable {
    var open: Int64
    var high: Int64
    var low: Int64
    var close: Int64
    var volume: Int64
    /// In 10⁻¹⁶ KRW.
    var value: Int128
    /// Milliseconds, on the recording's clock.
    var lastTrade: Int64

    init(_ trade: MadeTrade) {
        (open, high, low, close) = (trade.price, trade.price, trade.price, trade.price)
        (volume, value, lastTrade) = (trade.volume, trade.value, trade.time)
    }

    init(_ minute: MinuteShape) {
        (open, high, low, close) = (minute.open, minute.high, minute.low, minute.close)
        (volume, value, lastTrade) = (minute.volume, minute.value, minute.lastTrade)
    }

    /// Adds what came after.
    mutating func add(_ later: Tally) {
        high = max(high, later.high)
        low = min(low, later.low)
        close = later.close
        volume += later.volume
        value += later.value
        lastTrade = later.lastTrade
    }

    static func joined(_ first: Tally?, _ later: Tally) -> Tally {
        guard var whole = first else { return later }
        whole.add(later)
        return whole
    }
}

extension MadeMarket {
    /// The trades with `from <= time < to` (milliseconds) as one candle; nil when there are none.
    ///
    /// Minutes that lie inside are counted without making their trades.
    func tally(from: Int64, to: Int64) -> Tally? {
        var whole: Tally?
        var index = hourIndex(at: from) ?? 0
        while index < market.candles.count, market.candles[index].openTime * 1000 < to {
            for minute in minutes(ofHour: index) {
                let start = minute.start * 1000
                guard start < to, start + 60_000 > from else { continue }
                if start >= from, start + 60_000 <= to {
                    whole = Tally.joined(whole, Tally(minute))
                    continue
                }
                let trades = trades(of: minute)
                let slice = trades[Self.firstIndex(in: trades, from: from)..<Self.firstIndex(in: trades, from: to)]
                for trade in slice { whole = Tally.joined(whole, Tally(trade)) }
            }
            index += 1
        }
        return whole
    }

    /// The newest `limit` slots of so many seconds (up to an hour) that begin before `end`, newest first.
    ///
    /// Slots without a trade are absent and do not count.
    ///
    /// - Parameters:
    ///   - end: milliseconds, on the recording's clock.
    ///   - now: nothing after it counts.
    ///   - oldest: slots before it are not looked for.
    func slots(seconds: Int64, before end: Int64, now: Int64, oldest: Int64, limit: Int) -> [(start: Int64, Tally)] {
        let length = seconds * 1000
        // The newest slot that begins before the end and not after now.
        let newest = min((end - 1).flooredQuotient(length), now.flooredQuotient(length)) * length
        var slots: [(start: Int64, Tally)] = []
        let limitTime = min(now + 1, newest + length)
        guard var index = hourIndex(at: limitTime - 1) else { return [] }
        while index >= 0, market.candles[index].endTime * 1000 > oldest, slots.count <= limit {
            for minute in minutes(ofHour: index).reversed() where minute.start * 1000 < limitTime {
                let start = minute.start * 1000
                if seconds >= 60, start + 60_000 <= limitTime {
                    Self.prepend(Tally(minute), slot: start.flooredQuotient(length) * length, to: &slots)
                } else {
                    for trade in trades(of: minute).reversed() where trade.time < limitTime {
                        Self.prepend(Tally(trade), slot: trade.time.flooredQuotient(length) * length, to: &slots)
                    }
                }
                // One more than asked for shows that the last one is whole.
                if slots.count > limit { break }
            }
            index -= 1
        }
        return slots.prefix(limit).filter { $0.start >= oldest }
    }

    private static func prepend(_ earlier: Tally, slot: Int64, to slots: inout [(start: Int64, Tally)]) {
        guard let last = slots.indices.last, slots[last].start == slot else {
            slots.append((slot, earlier))
            return
        }
        slots[last].1 = Tally.joined(earlier, slots[last].1)
    }
}
