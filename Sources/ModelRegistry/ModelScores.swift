/// How good forecasts were on some hours; of a model or of a naive rule.
///
/// Formulas: docs/MODEL.md. Errors are in log returns, not percent.
package struct ModelScores: Codable, Sendable, Hashable {
    /// Hours of markets that were scored.
    package var rows: Int
    /// Mean absolute error of the forecast return.
    package var mae: Double
    /// Root of the mean squared error of the forecast return.
    package var rmse: Double
    /// Share of right directions among the hours that moved; nil when none did.
    package var directionalAccuracy: Double?
    /// Mean negative logarithm of the probability that the actual class was given.
    package var logLoss: Double
    /// Share of hours whose class had the highest probability.
    package var accuracy: Double
    /// Expected calibration error of the probability of `up`, over ten bins of equal width; nil for a naive rule.
    package var calibrationError: Double?
    /// Share of outcomes inside the 80 % band; nil where no band was given.
    package var bandCoverage: Double?
    /// What the paper strategy earned after fees, a fraction of the stake (0.01 is 1 %).
    package var paperProfit: Double
    /// How often it bought or sold.
    package var paperTrades: Int

    package init(
        rows: Int, mae: Double, rmse: Double, directionalAccuracy: Double?, logLoss: Double, accuracy: Double,
        calibrationError: Double? = nil, bandCoverage: Double? = nil, paperProfit: Double, paperTrades: Int
    ) {
        self.rows = rows
        self.mae = mae
        self.rmse = rmse
        self.directionalAccuracy = directionalAccuracy
        self.logLoss = logLoss
        self.accuracy = accuracy
        self.calibrationError = calibrationError
        self.bandCoverage = bandCoverage
        self.paperProfit = paperProfit
        self.paperTrades = paperTrades
    }

    enum CodingKeys: String, CodingKey {
        case rows, mae, rmse, accuracy
        case directionalAccuracy = "directional_accuracy"
        case logLoss = "log_loss"
        case calibrationError = "calibration_error"
        case bandCoverage = "band_coverage"
        case paperProfit = "paper_profit"
        case paperTrades = "paper_trades"
    }
}

/// A model beside the naive rules, on the same hours.
package struct ScoredHours: Codable, Sendable, Hashable {
    /// Open times of the first and the last hour scored.
    package var from: String
    package var until: String
    /// Open time of the last hour that the scored model was trained on.
    package var trainedUntil: String
    package var model: ModelScores
    /// Same price as last, and always the majority class of the training.
    package var naive: ModelScores
    /// What holding from the first to the last hour earned after fees.
    package var buyAndHold: Double

    package init(
        from: String, until: String, trainedUntil: String, model: ModelScores, naive: ModelScores, buyAndHold: Double
    ) {
        self.from = from
        self.until = until
        self.trainedUntil = trainedUntil
        self.model = model
        self.naive = naive
        self.buyAndHold = buyAndHold
    }

    enum CodingKeys: String, CodingKey {
        case from, until, model, naive
        case trainedUntil = "trained_until"
        case buyAndHold = "buy_and_hold"
    }
}
