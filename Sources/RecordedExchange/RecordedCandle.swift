/// One recorded hour of a market.
///
/// Prices, volume and value are whole numbers of 10⁻⁸ KRW or coins, so every digit of the recording is kept and sums are
/// exact.
struct RecordedCandle: Sendable, Equatable {
    /// Start of the hour on the recording's own clock, in seconds since the Unix epoch.
    var openTime: Int64
    var open: Int64
    var high: Int64
    var low: Int64
    var close: Int64
    var volume: Int64
    /// The traded value in KRW, which the recording lacks: see `derivedValue`.
    var value: Int128

    /// Seconds in the slot of every recorded candle.
    static let slotSeconds: Int64 = 3600
    /// The scale of all numbers here.
    static let unit: Int64 = 100_000_000

    init(openTime: Int64, open: Int64, high: Int64, low: Int64, close: Int64, volume: Int64) {
        self.openTime = openTime
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        value = Self.derivedValue(volume: volume, high: high, low: low, close: close)
    }

    /// The end of the slot, which belongs to the next hour.
    var endTime: Int64 { openTime + Self.slotSeconds }

    /// volume × (high + low + close) / 3, exact up to the last step and rounded half up to 8 digits.
    static func derivedValue(volume: Int64, high: Int64, low: Int64, close: Int64) -> Int128 {
        let product = Int128(volume) * (Int128(high) + Int128(low) + Int128(close))
        let divisor = 3 * Int128(unit)
        return (product + divisor / 2) / divisor
    }
}

extension RecordedCandle {
    /// The candle as it stands `elapsed` seconds after its start, before the hour is over; nil when nothing has traded.
    ///
    /// The recording knows only whole hours, so the way to the end is made up, always the same: one trade a second, the
    /// price going in straight lines from the open to the low, to the high and to the close (first to the high when the
    /// hour fell), a third of the hour each, on the market's price grid; the volume grows evenly. At 3,600 seconds it is
    /// the recorded candle. A client must not take such a row for final, just as with the real exchange.
    ///
    /// - Parameter tick: the market's price step, in 10⁻⁸ KRW.
    func underway(elapsed: Int64, tick: Int64) -> RecordedCandle? {
        guard elapsed > 0 else { return nil }
        guard elapsed < Self.slotSeconds else { return self }
        let turns = close >= open ? [open, low, high, close] : [open, high, low, close]
        let third = Self.slotSeconds / 3
        let segment = Int(elapsed / third)
        let (from, to) = (turns[segment], turns[segment + 1])
        // Division cuts towards zero: the price leaves the segment's start late, whichever way it goes.
        let way = Int64(Int128(to - from) * Int128(elapsed % third) / Int128(third))
        let price = from + way / tick * tick
        let seen = turns[...segment]
        let high = max(seen.max() ?? open, price)
        let low = min(seen.min() ?? open, price)
        let volume = Int64(Int128(volume) * Int128(elapsed) / Int128(Self.slotSeconds))
        guard volume > 0 else { return nil }
        return RecordedCandle(openTime: openTime, open: open, high: high, low: low, close: price, volume: volume)
    }
}
