/// Takes a recorded hour apart into minutes that add up to it exactly.
enum HourShape {
    /// - Parameters:
    ///   - tick: the market's price step, in 10⁻⁸ KRW.
    ///   - seed: the market's.
    static func minutes(of hour: RecordedCandle, tick: Int64, seed: UInt64) -> [MinuteShape] {
        let count = 60
        let least = MinuteShape.tinyVolume
        // With hardly any volume the whole hour is one minute; none of the shipped hours is like that.
        guard hour.volume >= 2 * least * Int64(count) else {
            return [
                MinuteShape(
                    start: hour.openTime, open: hour.open, high: hour.high, low: hour.low, close: hour.close,
                    volume: hour.volume, tick: tick, seed: seed)
            ]
        }
        var random = SeededRandom(SeededRandom.mix(seed, UInt64(bitPattern: hour.openTime), 3))
        let range = (hour.high - hour.low) / tick
        let points = way(of: hour, range: range, tick: tick, random: &random)
        var weights: [Int64] = []
        for _ in 0..<count { weights.append(200 + random.below(1000) + (random.below(8) == 0 ? 3000 : 0)) }
        let spread = hour.volume - least * Int64(count)
        let unit = spread / weights.reduce(0, +)
        let rest = spread - unit * weights.reduce(0, +)
        return (0..<count).map { minute in
            let (open, close) = (points[minute], points[minute + 1])
            let high = min(max(open, close) + random.below(range / 16 + 1), range)
            let low = max(min(open, close) - random.below(range / 16 + 1), 0)
            return MinuteShape(
                start: hour.openTime + Int64(minute) * 60, open: hour.low + open * tick, high: hour.low + high * tick,
                low: hour.low + low * tick, close: hour.low + close * tick,
                volume: least + weights[minute] * unit + (minute == count / 2 ? rest : 0), tick: tick, seed: seed)
        }
    }

    /// The prices at the minutes' borders, in steps above the low: from the open to one extreme, to the other and to the
    /// close, with noise.
    private static func way(
        of hour: RecordedCandle, range: Int64, tick: Int64, random: inout SeededRandom
    ) -> [Int64] {
        let (turnA, turnB) = hour.close >= hour.open ? (0, range) : (range, 0)
        let (indexA, indexB) = (5 + Int(random.below(20)), 32 + Int(random.below(24)))
        let noise = range / 12
        var points: [Int64] = []
        for (from, to, begin, end) in [
            ((hour.open - hour.low) / tick, turnA, 0, indexA), (turnA, turnB, indexA, indexB),
            (turnB, (hour.close - hour.low) / tick, indexB, 60),
        ] {
            points.append(from)
            for index in (begin + 1)..<end {
                let straight = from + (to - from) * Int64(index - begin) / Int64(end - begin)
                points.append(min(max(straight + random.below(2 * noise + 1) - noise, 0), range))
            }
        }
        points.append((hour.close - hour.low) / tick)
        return points
    }
}
