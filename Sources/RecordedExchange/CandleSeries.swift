import CivilTime

/// A slot put together from recorded hours, in served times.
struct CandleRow: Sendable, Equatable {
    /// Start of the slot, seconds since the Unix epoch.
    var openTime: Int64
    var open: Int64
    var high: Int64
    var low: Int64
    var close: Int64
    /// Wider than an hour's, because a year of a cheap coin does not fit 64 bits.
    var volume: Int128
    var value: Int128
    /// Milliseconds since the Unix epoch of the last trade counted.
    var lastTrade: Int64
    /// The close of the trade before the slot; the slot's own open where the recording begins.
    var previousClose: Int64
}

/// One market as it looks at a moment: recorded hours moved by the shift, nothing after the moment.
struct CandleSeries: Sendable {
    private let made: MadeMarket
    /// How many of the recorded hours are over.
    private let complete: Int
    /// What has been traded in the running hour.
    let underway: Tally?
    private let shift: Int64

    /// - Parameters:
    ///   - shift: seconds from recorded to served times.
    ///   - now: the served present.
    init(market made: MadeMarket, shift: Int64, now: Timestamp) {
        let candles = made.market.candles
        let recordedNow = now.milliseconds - shift * 1000
        let complete = Self.firstIndex(in: candles.count) { candles[$0].endTime * 1000 > recordedNow }
        self.made = made
        self.complete = complete
        self.shift = shift
        if complete < candles.count, candles[complete].openTime * 1000 <= recordedNow {
            underway = made.tally(from: candles[complete].openTime * 1000, to: recordedNow + 1)
        } else {
            underway = nil
        }
    }

    /// The number of hours that show, the running one included.
    var count: Int { complete + (underway == nil ? 0 : 1) }

    /// An hour by position, oldest first, on the recording's clock.
    func candle(at index: Int) -> RecordedCandle {
        let candle = made.market.candles[index]
        guard index == complete, let underway else { return candle }
        return RecordedCandle(
            openTime: candle.openTime, open: underway.open, high: underway.high, low: underway.low,
            close: underway.close, volume: underway.volume)
    }

    /// The traded value of an hour by position, in 10⁻⁸ KRW: the sum over its trades.
    func value(at index: Int) -> Int128 {
        if index == complete, let underway { return MadeMarket.rounded(underway.value) }
        return made.value(ofHour: index)
    }

    /// The served start of an hour by position.
    func openTime(at index: Int) -> Int64 { made.market.candles[index].openTime + shift }

    /// Milliseconds of the last trade of an hour, served.
    func lastTrade(at index: Int) -> Int64 {
        if index == complete, let underway { return underway.lastTrade + shift * 1000 }
        let last = made.minutes(ofHour: index).last?.lastTrade
        return (last ?? made.market.candles[index].endTime * 1000 - 1) + shift * 1000
    }

    /// The first position that starts at or after a served time; `count` when none does.
    func firstIndex(from time: Int64) -> Int {
        Self.firstIndex(in: count) { openTime(at: $0) >= time }
    }

    /// The newest `limit` slots that begin before `end` (served; nil for no bound), newest first.
    ///
    /// Slots without a trade are absent and do not count.
    func rows(of period: CandlePeriod, before end: Int64?, limit: Int) -> [CandleRow] {
        var index = count
        if let end {
            index = Self.firstIndex(in: count) { period.slotStart(of: openTime(at: $0)) >= end }
        }
        var rows: [CandleRow] = []
        rows.reserveCapacity(limit)
        while index > 0 {
            index -= 1
            let slot = period.slotStart(of: openTime(at: index))
            if let last = rows.indices.last, rows[last].openTime == slot {
                rows[last].takeEarlier(candle(at: index), value: value(at: index))
                continue
            }
            if let last = rows.indices.last { rows[last].previousClose = made.market.candles[index].close }
            guard rows.count < limit else { return rows }
            rows.append(
                CandleRow(candle(at: index), value: value(at: index), slot: slot, lastTrade: lastTrade(at: index)))
        }
        if let last = rows.indices.last { rows[last].previousClose = rows[last].open }
        return rows
    }

    /// The first of `0..<count` for which an ascending condition holds, by halving; `count` when it never does.
    private static func firstIndex(in count: Int, where holds: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension CandleRow {
    /// A slot that begins with its newest hour; earlier ones follow with `takeEarlier`.
    fileprivate init(_ candle: RecordedCandle, value: Int128, slot: Int64, lastTrade: Int64) {
        self.init(
            openTime: slot, open: candle.open, high: candle.high, low: candle.low, close: candle.close,
            volume: Int128(candle.volume), value: value, lastTrade: lastTrade, previousClose: candle.open)
    }

    /// Adds an hour that lies before those counted so far.
    fileprivate mutating func takeEarlier(_ candle: RecordedCandle, value: Int128) {
        open = candle.open
        high = max(high, candle.high)
        low = min(low, candle.low)
        volume += Int128(candle.volume)
        self.value += value
    }
}
