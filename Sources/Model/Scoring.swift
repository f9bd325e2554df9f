import Glibc
package import ModelRegistry

/// A forecast beside what came.
package struct Outcome: Sendable, Hashable {
    package let market: MarketKey
    package let hour: Int64
    package let forecast: Forecast
    /// The close that the forecast starts from.
    package let close: Double
    /// The log return that came.
    package let actual: Double
    /// The deviation of one hour's return, for the band.
    package let hourlyVolatility: Double

    package init(
        market: MarketKey, hour: Int64, forecast: Forecast, close: Double = 1, actual: Double,
        hourlyVolatility: Double
    ) {
        self.market = market
        self.hour = hour
        self.forecast = forecast
        self.close = close
        self.actual = actual
        self.hourlyVolatility = hourlyVolatility
    }

    /// Rows that have a target beside their forecasts, by market, then hour.
    static func list(_ rows: [FeatureRow], _ forecasts: [Forecast]) -> [Outcome] {
        zip(rows, forecasts).compactMap { row, forecast in
            row.target.map {
                Outcome(
                    market: row.market, hour: row.hour, forecast: forecast, close: row.close, actual: $0,
                    hourlyVolatility: row.hourlyVolatility)
            }
        }.sorted { ($0.market, $0.hour) < ($1.market, $1.hour) }
    }
}

/// Scores of outcomes; formulas in docs/MODEL.md.
package enum Scoring {
    /// The class probabilities are kept away from 0 by this much before their logarithm.
    private static let least = 1e-15

    /// - Parameters:
    ///   - outcomes: by market, then hour; not empty.
    ///   - naiveDirection: the sign that stands for a forecast of exactly zero; 0 for none.
    ///   - band: nil when none was given.
    package static func score(
        _ outcomes: [Outcome], target: ModelCard.Target, naiveDirection: Double = 0, band: ModelCard.Band? = nil,
        isNaive: Bool = false
    ) -> ModelScores {
        precondition(!outcomes.isEmpty, "there is nothing to score")
        let count = Double(outcomes.count)
        var (absolute, squared, loss) = (0.0, 0.0, 0.0)
        var (right, moved, hits, inside) = (0, 0, 0, 0)
        for outcome in outcomes {
            let error = outcome.actual - outcome.forecast.value
            absolute += abs(error)
            squared += error * error
            if outcome.actual != 0 {
                moved += 1
                let direction = outcome.forecast.value == 0 ? naiveDirection : outcome.forecast.value
                if direction * outcome.actual > 0 { right += 1 }
            }
            let move = PriceMove(outcome.actual, deadBand: target.deadBand)
            loss -= log(max(outcome.forecast.probabilities[move.index], least))
            if outcome.forecast.likeliest == move { hits += 1 }
            if let band, band.contains(outcome) { inside += 1 }
        }
        let paper = PaperStrategy.run(outcomes, target: target)
        return ModelScores(
            rows: outcomes.count, mae: absolute / count, rmse: sqrt(squared / count),
            directionalAccuracy: moved > 0 ? Double(right) / Double(moved) : nil, logLoss: loss / count,
            accuracy: Double(hits) / count,
            calibrationError: isNaive ? nil : calibrationError(calibration(outcomes, target: target)),
            bandCoverage: band == nil ? nil : Double(inside) / count, paperProfit: paper.profit,
            paperTrades: paper.trades)
    }

    /// The reliability of the probability of `up`, in ten bins of equal width.
    package static func calibration(_ outcomes: [Outcome], target: ModelCard.Target) -> [ModelCard.CalibrationBin] {
        let bins = 10
        var counts = [Int](repeating: 0, count: bins)
        var sums = [Double](repeating: 0, count: bins)
        var ups = [Int](repeating: 0, count: bins)
        for outcome in outcomes {
            let probability = outcome.forecast.probabilities[PriceMove.up.index]
            let bin = min(max(Int(probability * Double(bins)), 0), bins - 1)
            counts[bin] += 1
            sums[bin] += probability
            if PriceMove(outcome.actual, deadBand: target.deadBand) == .up { ups[bin] += 1 }
        }
        return (0..<bins).map { bin in
            let rows = counts[bin]
            return ModelCard.CalibrationBin(
                from: Double(bin) / Double(bins), to: Double(bin + 1) / Double(bins), rows: rows,
                meanProbability: rows > 0 ? sums[bin] / Double(rows) : nil,
                frequency: rows > 0 ? Double(ups[bin]) / Double(rows) : nil)
        }
    }

    private static func calibrationError(_ bins: [ModelCard.CalibrationBin]) -> Double {
        let rows = bins.reduce(0) { $0 + $1.rows }
        return bins.reduce(0.0) { sum, bin in
            guard let mean = bin.meanProbability, let frequency = bin.frequency else { return sum }
            return sum + abs(mean - frequency) * Double(bin.rows) / Double(rows)
        }
    }

    /// The band that would have held `level` of the outcomes, in multiples of the hourly volatility.
    ///
    /// Nil when no outcome has a volatility.
    package static func band(_ outcomes: [Outcome], level: Double) -> ModelCard.Band? {
        let ratios = outcomes.compactMap { outcome -> Double? in
            guard outcome.hourlyVolatility > 0 else { return nil }
            return (outcome.actual - outcome.forecast.value) / outcome.hourlyVolatility
        }.sorted()
        guard let lower = quantile(ratios, (1 - level) / 2), let upper = quantile(ratios, (1 + level) / 2) else {
            return nil
        }
        // A forecast lies in its own band.
        return ModelCard.Band(level: level, lower: min(lower, 0), upper: max(upper, 0))
    }

    /// Linear between neighbours (Hyndman and Fan's type 7, as numpy's default); nil for no values.
    static func quantile(_ sorted: [Double], _ share: Double) -> Double? {
        guard let first = sorted.first else { return nil }
        let place = share * Double(sorted.count - 1)
        let index = Int(place)
        guard index + 1 < sorted.count else { return sorted.last ?? first }
        return sorted[index] + (place - Double(index)) * (sorted[index + 1] - sorted[index])
    }
}

extension ModelCard.Band {
    /// Whether an outcome lies in the band around its forecast.
    func contains(_ outcome: Outcome) -> Bool {
        let error = outcome.actual - outcome.forecast.value
        return error >= lower * outcome.hourlyVolatility && error <= upper * outcome.hourlyVolatility
    }
}
