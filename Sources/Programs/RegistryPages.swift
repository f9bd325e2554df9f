import CivilTime
package import ModelRegistry
package import WebServer

/// The model registry as the pages show it.
package struct RegistryPages: ModelPages {
    private let queries: ModelQueries
    private let predictions: PredictionQueries

    package init(queries: ModelQueries, predictions: PredictionQueries) {
        self.queries = queries
        self.predictions = predictions
    }

    package func models(limit: Int) async throws -> [ModelSummary] {
        try await queries.models(limit: limit).map { ModelSummary($0) }
    }

    package func model(_ reference: String) async throws -> ModelFacts? {
        guard let model = try await queries.find(reference) else { return nil }
        return ModelFacts(model, drift: try await predictions.drift(of: model.id))
    }

    package func changes(limit: Int) async throws -> [ModelChange] {
        try await queries.promotions(limit: limit).map {
            ModelChange(
                at: $0.promotedAt, model: $0.model, modelName: $0.modelName, replaced: $0.replaced,
                replacedName: $0.replacedName, actor: $0.actor, reason: $0.reason, isRollback: $0.isRollback)
        }
    }

    package func forecasts(exchange: String?, market: String?, limit: Int) async throws -> [MarketForecast] {
        try await predictions.latest(exchange: exchange, market: market, limit: limit).map { MarketForecast($0) }
    }

    package func record(
        exchange: String, market: String, model: Int64?, hours: Int
    ) async throws -> ForecastRecord {
        let record = try await predictions.record(exchange: exchange, market: market, model: model, hours: hours)
        return ForecastRecord(
            hours: record.hours, rmse: record.rmse, naiveRMSE: record.naiveRMSE, coverage: record.coverage)
    }
}

extension MarketForecast {
    fileprivate init(_ prediction: Prediction) {
        self.init(
            exchange: prediction.exchange, market: prediction.market, targetTime: prediction.targetTime,
            madeAt: prediction.madeAt, isLate: prediction.isLate, model: prediction.model,
            modelName: prediction.modelName, isMarketKnown: prediction.isMarketKnown, close: prediction.close,
            price: prediction.forecastPrice, lower: prediction.lowerPrice, upper: prediction.upperPrice,
            deadBand: prediction.deadBand, probabilities: prediction.probabilities,
            actualClose: prediction.actualClose, error: prediction.error, isInside: prediction.isInside)
    }
}

extension ModelSummary {
    fileprivate init(_ model: RegisteredModel) {
        let judgement = model.card.judgement
        let verdict: Verdict =
            switch judgement.verdict {
            case .better: .better
            case .notBetter: .notBetter
            case .notJudged: .notJudged
            }
        self.init(
            id: model.id, name: model.name, createdAt: model.createdAt, promotedAt: model.promotedAt,
            isInUse: model.isInUse, verdict: verdict, reason: judgement.reason,
            judged: judgement.candidate.map { ModelHours($0) })
    }
}

extension ModelHours {
    fileprivate init(_ hours: ScoredHours) {
        self.init(
            from: hours.from, until: hours.until, model: ModelFigures(hours.model), naive: ModelFigures(hours.naive),
            buyAndHold: hours.buyAndHold)
    }
}

extension ModelFigures {
    fileprivate init(_ scores: ModelScores) {
        self.init(
            rows: scores.rows, mae: scores.mae, rmse: scores.rmse, directionalAccuracy: scores.directionalAccuracy,
            logLoss: scores.logLoss, accuracy: scores.accuracy, calibrationError: scores.calibrationError,
            bandCoverage: scores.bandCoverage, paperProfit: scores.paperProfit, paperTrades: scores.paperTrades)
    }
}

extension ModelFacts {
    fileprivate init(_ model: RegisteredModel, drift: [DriftFinding]) {
        let card = model.card
        let uses = Dictionary(card.importance.map { ($0.feature, $0) }, uniquingKeysWith: { first, _ in first })
        let maker = card.madeBy
        self.init(
            summary: ModelSummary(model), sha256: model.sha256, inUse: card.judgement.inUse.map { ModelFigures($0) },
            inUseName: card.judgement.inUseName,
            markets: card.judgement.markets.sorted { $0.key < $1.key }.map {
                Market(name: $0.key, hours: ModelHours($0.value))
            },
            windows: card.walkForward.map { ModelHours($0) }, allWindows: ModelHours(card.walkForwardTotal),
            features: card.features.map {
                Feature(
                    name: $0.name, version: $0.version, useForReturn: uses[$0.name]?.return,
                    useForClass: uses[$0.name]?.class)
            },
            calibration: card.calibration.map {
                Bin(
                    from: $0.from, to: $0.to, rows: $0.rows, meanProbability: $0.meanProbability,
                    frequency: $0.frequency)
            },
            drift: drift.map {
                Drift(
                    checkedAt: $0.checkedAt, measure: $0.measure, subject: $0.subject, value: $0.value,
                    threshold: $0.threshold, warns: $0.warns, detail: $0.detail)
            },
            training: Self.training(card), parameters: Self.parameters(card.parameters),
            run: maker.dagID.flatMap { dag in
                maker.runID.map { Run(dag: dag, run: $0, task: maker.taskID) }
            })
    }

    private static func training(_ card: ModelCard) -> [Fact] {
        let shares = zip(card.target.classes, card.training.classShares).map { "\($0) \(percent($1))" }
        let dropped = card.training.dropped.sorted { $0.key < $1.key }.map {
            "\($0.value) \($0.key.replacing("_", with: " "))"
        }
        let markets = card.encoder.map { "\($0.market) \($0.code)" }
        return [
            Fact("Hours (UTC)", "\(hour(card.training.from)) to \(hour(card.training.until))"),
            Fact("Rows", "\(card.training.rows)"),
            Fact("Left out", dropped.isEmpty ? "none" : dropped.joined(separator: ", ")),
            Fact("Classes", shares.joined(separator: ", ")),
            Fact("Flat is a change within", percent(card.target.deadBand)),
            Fact("Fee of a purchase or sale", percent(card.target.feePerSide)),
            Fact("Markets and their codes", markets.joined(separator: ", ")), Fact("XGBoost", card.xgboost),
        ]
    }

    /// `2026-11-01 23:00` of ISO 8601.
    private static func hour(_ text: String) -> String { String(text.replacing("T", with: " ").prefix(16)) }

    /// Names and values as the artefact has them.
    private static func parameters(_ values: TrainingParameters) -> [Fact] {
        [
            Fact("rounds", "\(values.rounds)"), Fact("eta", "\(values.eta)"), Fact("max_depth", "\(values.maxDepth)"),
            Fact("min_child_weight", "\(values.minChildWeight)"), Fact("subsample", "\(values.subsample)"),
            Fact("colsample_bytree", "\(values.colsampleByTree)"), Fact("lambda", "\(values.lambda)"),
            Fact("alpha", "\(values.alpha)"), Fact("seed", "\(values.seed)"),
            Fact("train_hours", "\(values.trainHours)"), Fact("windows", "\(values.windows)"),
            Fact("window_hours", "\(values.windowHours)"), Fact("judge_hours", "\(values.judgeHours)"),
        ]
    }

    private static func percent(_ fraction: Double) -> String {
        let hundredths = (fraction * 10_000).rounded()
        guard hundredths.isFinite, abs(hundredths) < 1e12 else { return "\(fraction)" }
        return "\(hundredths / 100) %"
    }
}
