package import CivilTime

/// What the model pages, and the forecasts on a market's page, show.
///
/// Every question is bounded in rows and time.
package protocol ModelPages: Sendable {
    /// The newest models, newest first.
    func models(limit: Int) async throws -> [ModelSummary]

    /// The model with this id or name, or `current` for the one in use; nil when there is none.
    func model(_ reference: String) async throws -> ModelFacts?

    /// The changes of the model in use, newest first.
    func changes(limit: Int) async throws -> [ModelChange]

    /// A market's newest forecasts, newest first; of every exchange for nil, of every market for no market.
    func forecasts(exchange: String?, market: String?, limit: Int) async throws -> [MarketForecast]

    /// How a model's live forecasts of a market (nil: the naive ones) did in the last `hours` hours.
    func record(exchange: String, market: String, model: Int64?, hours: Int) async throws -> ForecastRecord
}

/// A model as lists show it.
package struct ModelSummary: Hashable, Sendable {
    /// What came of the comparison that decides about promotion; its raw value is the registry's.
    package enum Verdict: String, Hashable, Sendable {
        case better
        case notBetter = "not_better"
        case notJudged = "not_judged"
    }

    package var id: Int64
    package var name: String
    package var createdAt: Timestamp
    /// When it was last promoted; nil for one that never was.
    package var promotedAt: Timestamp?
    package var isInUse: Bool
    package var verdict: Verdict
    /// The verdict as a sentence.
    package var reason: String
    /// On the judged hours; nil when there were too few.
    package var judged: ModelHours?

    package init(
        id: Int64, name: String, createdAt: Timestamp, promotedAt: Timestamp?, isInUse: Bool, verdict: Verdict,
        reason: String, judged: ModelHours?
    ) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.promotedAt = promotedAt
        self.isInUse = isInUse
        self.verdict = verdict
        self.reason = reason
        self.judged = judged
    }
}

/// How good forecasts were on some hours.
package struct ModelFigures: Hashable, Sendable {
    /// Hours of markets.
    package var rows: Int
    /// In log returns, as is `rmse`.
    package var mae: Double
    package var rmse: Double
    package var directionalAccuracy: Double?
    package var logLoss: Double
    package var accuracy: Double
    package var calibrationError: Double?
    package var bandCoverage: Double?
    /// A fraction of the stake.
    package var paperProfit: Double
    package var paperTrades: Int

    package init(
        rows: Int, mae: Double, rmse: Double, directionalAccuracy: Double?, logLoss: Double, accuracy: Double,
        calibrationError: Double?, bandCoverage: Double?, paperProfit: Double, paperTrades: Int
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
}

/// A model beside the naive forecast on the same hours.
package struct ModelHours: Hashable, Sendable {
    /// Open times of the first and the last hour, ISO 8601 in UTC.
    package var from: String
    package var until: String
    package var model: ModelFigures
    package var naive: ModelFigures
    /// What holding earned, a fraction of the stake.
    package var buyAndHold: Double

    package init(from: String, until: String, model: ModelFigures, naive: ModelFigures, buyAndHold: Double) {
        self.from = from
        self.until = until
        self.model = model
        self.naive = naive
        self.buyAndHold = buyAndHold
    }
}

/// A change of the model in use.
package struct ModelChange: Hashable, Sendable {
    package var at: Timestamp
    /// Nil when the naive forecast was put into use.
    package var model: Int64?
    package var modelName: String?
    package var replaced: Int64?
    package var replacedName: String?
    package var actor: String
    package var reason: String
    package var isRollback: Bool

    package init(
        at: Timestamp, model: Int64?, modelName: String?, replaced: Int64?, replacedName: String?, actor: String,
        reason: String, isRollback: Bool
    ) {
        self.at = at
        self.model = model
        self.modelName = modelName
        self.replaced = replaced
        self.replacedName = replacedName
        self.actor = actor
        self.reason = reason
        self.isRollback = isRollback
    }
}
