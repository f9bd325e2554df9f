/// A minute whose trades are not made yet: its candle, and all that can be known of them beforehand.
///
/// Price steps are counted from the low. The way through the minute is fixed: from the open to one extreme, to the other
/// and to the close, turning at `firstTurn` and `secondTurn`. The volume-weighted mean of the trades is that of this way, so
/// the traded value is known without making a trade, however many there are to be.
struct MinuteShape: Sendable, Equatable {
    /// Start of the minute on the recording's clock, in seconds since the Unix epoch.
    let start: Int64
    let open: Int64
    let high: Int64
    let low: Int64
    let close: Int64
    let volume: Int64
    let tick: Int64
    /// Thousandths of the minute.
    let firstTurn: Int64
    let secondTurn: Int64
    /// Milliseconds from the minute's start to its last trade.
    let lastOffset: Int64
    let seed: UInt64
    /// Σ steps × volume over the minute's trades.
    let weightedSteps: Int128

    /// Below this volume, in 10⁻⁸ coins, there are only the trades that the candle demands.
    static let tinyVolume: Int64 = 64

    init(start: Int64, open: Int64, high: Int64, low: Int64, close: Int64, volume: Int64, tick: Int64, seed: UInt64) {
        var random = SeededRandom(SeededRandom.mix(seed, UInt64(bitPattern: start), 1))
        self.start = start
        (self.open, self.high, self.low, self.close) = (open, high, low, close)
        (self.volume, self.tick, self.seed) = (volume, tick, seed)
        firstTurn = 100 + random.below(350)
        secondTurn = 550 + random.below(350)
        lastOffset = 59_999 - random.below(1500)
        let (first, last, range) = ((open - low) / tick, (close - low) / tick, (high - low) / tick)
        let (turnA, turnB) = close >= open ? (0, range) : (range, 0)
        if range == 0 {
            weightedSteps = 0
        } else if volume < Self.tinyVolume {
            weightedSteps = Self.tiny(first, turnA, turnB, last, volume: volume)
                .reduce(0) { $0 + Int128($1.steps) * Int128($1.volume) }
        } else {
            let mean =
                Int128(firstTurn) * Int128(first + turnA) + Int128(secondTurn - firstTurn) * Int128(turnA + turnB)
                + Int128(1000 - secondTurn) * Int128(turnB + last)
            weightedSteps = Int128(volume) * mean / 2000
        }
    }

    /// Σ price × volume over the minute's trades, in 10⁻¹⁶ KRW.
    var value: Int128 { Int128(low) * Int128(volume) + Int128(tick) * weightedSteps }

    /// The time of the last trade, in milliseconds.
    var lastTrade: Int64 { start * 1000 + lastOffset }

    /// Steps and volumes of a minute with hardly any volume.
    static func tiny(
        _ first: Int64, _ turnA: Int64, _ turnB: Int64, _ last: Int64, volume: Int64
    ) -> [(steps: Int64, volume: Int64)] {
        var steps = [first]
        for step in [turnA, turnB, last] where step != steps.last { steps.append(step) }
        // Fewer units than prices cannot be in a true recording; then the volume counts.
        while steps.count > max(1, Int(volume)) { steps.remove(at: steps.count / 2) }
        var trades = steps.map { (steps: $0, volume: Int64(1)) }
        trades[trades.count - 1].volume = volume - Int64(steps.count - 1)
        return trades
    }
}
