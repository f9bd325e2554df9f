import Glibc
import ModelRegistry
import Testing

@testable import Model

@Suite("Scores") struct ScoringTests {
    private let target = ModelCard.Target.nextHour

    private func outcome(
        _ hour: Int64, _ value: Double, _ actual: Double, _ probabilities: [Double] = [0.2, 0.3, 0.5],
        market: MarketKey = Samples.market, close: Double = 1
    ) -> Outcome {
        Outcome(
            market: market, hour: hour, forecast: Forecast(value: value, probabilities: probabilities), close: close,
            actual: actual, hourlyVolatility: 0.01)
    }

    @Test("errors, directions and log loss by hand")
    func byHand() throws {
        let outcomes = [
            outcome(1, 0.01, 0.02), outcome(2, -0.01, 0.01, [0.6, 0.3, 0.1]), outcome(3, 0.002, 0, [0.1, 0.8, 0.1]),
        ]
        let scores = Scoring.score(outcomes, target: target)
        #expect(abs(scores.mae - (0.01 + 0.02 + 0.002) / 3) < 1e-15)
        #expect(abs(scores.rmse - sqrt((0.0001 + 0.0004 + 0.000_004) / 3)) < 1e-15)
        #expect(scores.directionalAccuracy == 0.5)
        #expect(abs(scores.logLoss + (log(0.5) + log(0.1) + log(0.8)) / 3) < 1e-15)
        #expect(abs(scores.accuracy - 2.0 / 3) < 1e-15)
    }

    @Test("the dead band's edges are flat")
    func deadBand() {
        #expect(PriceMove(0.0005, deadBand: 0.0005) == .flat && PriceMove(-0.0005, deadBand: 0.0005) == .flat)
        #expect(PriceMove(0.000_501, deadBand: 0.0005) == .up && PriceMove(-0.000_501, deadBand: 0.0005) == .down)
    }

    @Test("the naive rule knows only its training: shares counted once more, the more frequent direction")
    func naive() {
        let rule = NaiveRule(targets: [0.01, 0.02, -0.01, 0], deadBand: 0.0005)
        #expect(rule.shares == [2.0 / 7, 2.0 / 7, 3.0 / 7] && rule.direction == 1)
        #expect(rule.forecast.value == 0 && rule.forecast.likeliest == .up)
    }

    @Test("paper trading pays the fee for each purchase and sale, holds in between, and sells at a gap")
    func paper() {
        let fee = log(1 - 0.0005)
        // Bought for hour 1, held through the small forecast of hour 2, sold for hour 3.
        let held = [outcome(1, 0.01, 0.02), outcome(2, 0.0001, 0.01), outcome(3, -0.001, 0.5)]
        let first = PaperStrategy.run(held, target: target)
        #expect(first.trades == 2 && abs(first.profit - (exp(0.03 + 2 * fee) - 1)) < 1e-12)
        // The gap between 1 and 3 costs a sale and a purchase; the end another sale.
        let gap = PaperStrategy.run([outcome(1, 0.01, 0.02), outcome(3, 0.01, 0.01)], target: target)
        #expect(gap.trades == 4 && abs(gap.profit - (exp(0.03 + 4 * fee) - 1)) < 1e-12)
        // Two markets have half the stake each; one that is never bought earns nothing.
        let two = PaperStrategy.run(
            [outcome(1, 0.01, 0.02), outcome(1, 0, 0.3, market: Samples.ether)], target: target)
        #expect(abs(two.profit - (exp(0.02 + 2 * fee) - 1) / 2) < 1e-12)
    }

    @Test("holding has the move across a gap")
    func hold() {
        let outcomes = [outcome(1, 0, 0.01, close: 100), outcome(9, 0, 0.02, close: 150)]
        let expected = exp(log(1.5) + 0.02 + 2 * log(1 - 0.0005)) - 1
        #expect(abs(PaperStrategy.buyAndHold(outcomes, target: target) - expected) < 1e-12)
    }

    @Test("a perfectly calibrated probability has no calibration error, an overconfident one its distance")
    func calibration() throws {
        let even = (0..<100).map { outcome(Int64($0), 0, $0 % 2 == 0 ? 0.01 : -0.01, [0.5, 0, 0.5]) }
        #expect(try #require(Scoring.score(even, target: target).calibrationError) < 1e-12)
        let sure = (0..<100).map { outcome(Int64($0), 0, $0 % 2 == 0 ? 0.01 : -0.01, [0.05, 0, 0.95]) }
        #expect(abs(try #require(Scoring.score(sure, target: target).calibrationError) - 0.45) < 1e-12)
    }

    @Test("the band is the quantiles of errors in units of volatility, and holds its forecast")
    func band() throws {
        let outcomes = (0...100).map { outcome(Int64($0), 0, (Double($0) - 50) / 1_000) }
        let band = try #require(Scoring.band(outcomes, level: 0.8))
        #expect(abs(band.lower + 4) < 1e-9 && abs(band.upper - 4) < 1e-9)
        #expect(Scoring.band([], level: 0.8) == nil)
        let oneSided = try #require(Scoring.band((1...10).map { outcome(Int64($0), 0, 0.01) }, level: 0.8))
        #expect(oneSided.lower == 0 && oneSided.upper == 1)
    }

    @Test("features that stay as they were have a stability index near zero, moved ones a large one")
    func drift() throws {
        func rows(_ deviation: Double) -> [FeatureRow] {
            FeatureTable([Samples.market: Samples.hours(Samples.noise(600, seed: 7, deviation: deviation))]).rows
        }
        let training = FeatureDrift.distributions(rows(0.004))
        #expect(!training.contains { FeatureList.calendar.contains($0.feature) })
        let returns = try #require(training.first { $0.feature == "return_1" })
        #expect(try #require(FeatureDrift.index(returns, of: rows(0.004))) < 1e-9)
        #expect(try #require(FeatureDrift.index(returns, of: rows(0.02))) > FeatureDrift.threshold)
        #expect(FeatureDrift.index(returns, of: []) == nil)
        let constant = try #require(training.first { $0.feature == "rsi_14" })
        #expect(try #require(FeatureDrift.index(constant, of: rows(0.004))) < 1e-9)
    }
}
