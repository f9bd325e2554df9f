import Glibc
package import ModelRegistry

/// What trading on forecasts would have earned, on paper.
///
/// A market is bought when its forecast exceeds the dead band and sold when the forecast falls below zero; in between,
/// what is held stays held. Every purchase and sale costs the fee. At a gap and at the end what is held is sold. Each
/// market has the same stake.
package enum PaperStrategy {
    /// - Parameter outcomes: by market, then hour.
    /// - Returns: the profit as a fraction of the whole stake, and the number of purchases and sales.
    package static func run(_ outcomes: [Outcome], target: ModelCard.Target) -> (profit: Double, trades: Int) {
        var (markets, trades) = (0, 0)
        var sum = 0.0
        forEachMarket(outcomes) { hours in
            var wealth = 0.0
            var holds = false
            for (index, hour) in zip(hours.indices, hours) {
                let isNeighbour = index > hours.startIndex && hours[index - 1].hour == hour.hour - 1
                if holds && !isNeighbour {
                    wealth += log(1 - target.feePerSide)
                    trades += 1
                    holds = false
                }
                let wants = hour.forecast.value > target.deadBand || (holds && hour.forecast.value >= 0)
                if wants != holds {
                    wealth += log(1 - target.feePerSide)
                    trades += 1
                    holds = wants
                }
                if holds { wealth += hour.actual }
            }
            if holds {
                wealth += log(1 - target.feePerSide)
                trades += 1
            }
            markets += 1
            sum += exp(wealth) - 1
        }
        return (markets > 0 ? sum / Double(markets) : 0, trades)
    }

    /// Buying every market before its first hour and selling it after its last.
    ///
    /// The move across a gap counts, since whoever holds has it: it is taken from the closes.
    package static func buyAndHold(_ outcomes: [Outcome], target: ModelCard.Target) -> Double {
        var markets = 0
        var sum = 0.0
        forEachMarket(outcomes) { hours in
            guard let first = hours.first, let last = hours.last else { return }
            let move = log(last.close / first.close) + last.actual
            markets += 1
            sum += exp(move + 2 * log(1 - target.feePerSide)) - 1
        }
        return markets > 0 ? sum / Double(markets) : 0
    }

    private static func forEachMarket(_ outcomes: [Outcome], _ body: (ArraySlice<Outcome>) -> Void) {
        var rest = outcomes[...]
        while let market = rest.first?.market {
            let end = rest.firstIndex { $0.market != market } ?? rest.endIndex
            body(rest[..<end])
            rest = rest[end...]
        }
    }
}
