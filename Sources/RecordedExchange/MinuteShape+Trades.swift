extension MinuteShape {
    /// Makes the minute's trades, in order of time.
    ///
    /// Their open, high, low, close, volume and value are exactly those of the shape.
    ///
    /// - Parameter wanted: how many; there are fewer when the volume does not allow them, and at least those that the
    ///   candle demands.
    func trades(wanted: Int) -> [MadeTrade] {
        let (first, last, range) = ((open - low) / tick, (close - low) / tick, (high - low) / tick)
        let (turnA, turnB) = close >= open ? (0, range) : (range, 0)
        var random = SeededRandom(SeededRandom.mix(seed, UInt64(bitPattern: start), 2))
        let parts: [(steps: Int64, volume: Int64)]
        if volume < Self.tinyVolume {
            parts = Self.tiny(first, turnA, turnB, last, volume: volume)
        } else {
            let count = min(max(wanted, 5), Int(volume / 8))
            parts = balanced(
                steps: way(first, turnA, turnB, last, range: range, count: count, random: &random), range: range,
                random: &random)
        }
        return timed(parts, random: &random)
    }

    /// The positions of the two extremes among so many trades, neither the first nor the last.
    private func turns(count: Int) -> (Int, Int) {
        let first = min(max(1, count * Int(firstTurn) / 1000), count - 4)
        return (first, min(max(first + 1, count * Int(secondTurn) / 1000), count - 2))
    }

    /// The steps of each trade: straight from turn to turn, with some noise in between.
    private func way(
        _ first: Int64, _ turnA: Int64, _ turnB: Int64, _ last: Int64, range: Int64, count: Int,
        random: inout SeededRandom
    ) -> [Int64] {
        guard range > 0 else { return [Int64](repeating: 0, count: count) }
        let (indexA, indexB) = turns(count: count)
        var steps: [Int64] = []
        steps.reserveCapacity(count)
        let noise = max(1, range / 6)
        for (from, to, begin, end) in [
            (first, turnA, 0, indexA), (turnA, turnB, indexA, indexB), (turnB, last, indexB, count - 1),
        ] {
            steps.append(from)
            for index in (begin + 1)..<max(end, begin + 1) {
                let straight = from + (to - from) * Int64(index - begin) / Int64(end - begin)
                steps.append(min(max(straight + random.below(2 * noise + 1) - noise, 0), range))
            }
        }
        steps.append(last)
        return steps
    }

    /// Gives each trade a volume so that Σ steps × volume comes out as `weightedSteps`.
    ///
    /// Most of the volume is spread at random. The rest is shared between the trades at the high and at the low, and one
    /// smallest unit is traded at the step that is left over: then the sum is exact.
    private func balanced(
        steps: [Int64], range: Int64, random: inout SeededRandom
    ) -> [(steps: Int64, volume: Int64)] {
        var steps = steps
        let count = steps.count
        var weights: [Int64] = []
        weights.reserveCapacity(count)
        for _ in 0..<count {
            let draw = random.below(1000)
            // Many small trades, a few large ones.
            weights.append(1 + draw * draw / 1000 * draw / 1000)
        }
        let free = volume - Int64(count)
        let (indexA, indexB) = turns(count: count)
        let leftOver = indexB > indexA + 1 ? indexA + 1 : indexB + 1 < count - 1 ? indexB + 1 : indexA - 1
        let canBalance = range > 0 && leftOver > 0
        if canBalance {
            steps[leftOver] = 0
            weights[leftOver] = 0
        }
        let total = weights.reduce(0, +)
        let base = steps.reduce(0) { $0 + Int128($1) }
        let weighted = zip(steps, weights).reduce(0) { $0 + Int128($1.0) * Int128($1.1) }
        for share in canBalance ? [15, 40, 80, 100] as [Int64] : [0] {
            let unit = free / 100 * (100 - share) / max(total, 1)
            let reserve = free - unit * total
            var parts = zip(steps, weights).map { (steps: $0, volume: 1 + $1 * unit) }
            guard canBalance else {
                parts[count - 1].volume += reserve
                return parts
            }
            let need = weightedSteps - base - weighted * Int128(unit)
            guard need >= 0, need <= Int128(reserve) * Int128(range) else { continue }
            let (atHigh, rest) = need.quotientAndRemainder(dividingBy: Int128(range))
            let high = close >= open ? indexB : indexA
            parts[high].volume += Int64(atHigh)
            parts[high == indexA ? indexB : indexA].volume += reserve - Int64(atHigh)
            parts[leftOver].steps = Int64(rest)
            return parts
        }
        preconditionFailure("the way's mean lies between a quarter and three quarters of the range")
    }

    private func timed(_ parts: [(steps: Int64, volume: Int64)], random: inout SeededRandom) -> [MadeTrade] {
        var gaps: [Int64] = []
        gaps.reserveCapacity(parts.count)
        // Every eighth trade falls into the same millisecond as the one before.
        for _ in parts { gaps.append(random.next() & 7 == 0 ? 0 : 1 + random.below(100)) }
        if gaps[gaps.count - 1] == 0 { gaps[gaps.count - 1] = 1 }
        let total = gaps.reduce(0, +)
        var trades: [MadeTrade] = []
        trades.reserveCapacity(parts.count)
        var passed: Int64 = 0
        for (part, gap) in zip(parts, gaps) {
            passed += gap
            let time = start * 1000 + lastOffset * passed / total
            let price = low + part.steps * tick
            let last = trades.last
            let isBid = last.map { $0.price == price ? random.next() & 1 == 0 : $0.price < price } ?? (seed & 1 == 0)
            let suffix = last.map { $0.time == time ? $0.suffix + 1 : 0 } ?? 0
            trades.append(MadeTrade(time: time, suffix: suffix, price: price, volume: part.volume, isBid: isBid))
        }
        return trades
    }
}
