package import ModelRegistry

/// Models as a training would make them, for tests.
package enum TestModels {
    /// A card with everything in it; the figures are made up, and as small as those of real hours.
    package static func card(
        _ name: String = "2026-10-31T22-8f3a", verdict: ModelCard.Verdict = .better, judged: Bool = true
    ) -> ModelCard {
        let windows = (0..<6).map { window in
            let wave = Double((window * 7) % 5) / 10_000
            let day = 10 + window * 3
            return hours(
                "2026-10-\(day)T00:00:00Z", "2026-10-\(day + 2)T23:00:00Z", before: "2026-10-\(day - 1)T22:00:00Z",
                rmse: 0.0049 + wave, naive: 0.005 + wave * 0.9)
        }
        let markets = ["upbit KRW-BTC": 0.004_7, "upbit KRW-ETH": 0.005_3].mapValues {
            hours(
                "2026-11-01T00:00:00Z", "2026-11-07T23:00:00Z", before: "2026-10-31T22:00:00Z", rmse: $0, naive: 0.005)
        }
        let whole = hours(
            "2026-11-01T00:00:00Z", "2026-11-07T23:00:00Z", before: "2026-10-31T22:00:00Z",
            rmse: verdict == .better ? 0.004_91 : 0.005_02, naive: 0.005)
        var training = ModelCard.Training(
            from: "2025-10-31T23:00:00Z", until: "2026-10-31T22:00:00Z", rows: 17_280, dropped: [:],
            classShares: [0.336, 0.331, 0.333])
        training.dropped = ["beside a gap": 96, "no volatility": 144]
        let features = ["return_1h", "return_24h", "vol_close_24h", "rsi_14", "hour_sin", "market_code"]
        return ModelCard(
            format: 1, name: name, createdAt: "2026-11-08T00:12:31Z", xgboost: "1.7.4",
            features: features.map { ModelCard.Feature(name: $0, version: $0 == "rsi_14" ? 2 : 1) },
            encoder: [
                ModelCard.MarketCode(exchange: "upbit", market: "KRW-BTC", code: 0),
                ModelCard.MarketCode(exchange: "upbit", market: "KRW-ETH", code: 1),
            ],
            parameters: TrainingParameters(),
            target: ModelCard.Target(
                deadBand: 0.000_5, feePerSide: 0.000_5, classes: ["down", "flat", "up"], outputScale: 1_000),
            training: training, walkForward: windows,
            walkForwardTotal: hours(
                "2026-10-10T00:00:00Z", "2026-10-27T23:00:00Z", before: "2026-10-24T22:00:00Z", rmse: 0.005_01,
                naive: 0.005),
            judgement: ModelCard.Judgement(
                candidate: judged ? whole : nil, inUse: judged ? scores(rmse: 0.004_95) : nil,
                inUseName: judged ? "2026-10-24T22-77b1" : nil, markets: judged ? markets : [:],
                verdict: judged ? verdict : .notJudged, reason: reason(judged ? verdict : .notJudged)),
            band: ModelCard.Band(level: 0.8, lower: -1.183, upper: 1.217),
            importance: features.enumerated().map { place, feature in
                ModelCard.Importance(
                    feature: feature, return: 0.3 / Double(place + 1), class: 0.35 / Double(place + 1))
            },
            calibration: (0..<10).map { bin in
                let rows = [0, 0, 120, 420, 380, 96, 11, 0, 0, 0][bin]
                let middle = Double(bin) / 10 + 0.048
                return ModelCard.CalibrationBin(
                    from: Double(bin) / 10, to: Double(bin + 1) / 10, rows: rows,
                    meanProbability: rows == 0 ? nil : middle,
                    frequency: rows == 0 ? nil : middle * 0.8 + 0.07)
            },
            distributions: [
                ModelCard.Distribution(feature: "rsi_14", edges: [30, 50, 70], shares: [0.1, 0.4, 0.4, 0.1])
            ],
            madeBy: ModelCard.Maker(
                dagID: "model_retraining", runID: "scheduled__2026-11-08T00:00:00+00:00", taskID: "train", attempt: "1")
        )
    }

    /// XGBoost's own JSON, cut short; the blanks are there to be kept.
    package static let booster = #"{"version": [1,7,4], "learner":{"objective":{"name":"reg:squarederror"}}}"#

    private static func reason(_ verdict: ModelCard.Verdict) -> String {
        switch verdict {
        case .better: "RMSE 0.00491 against 0.00500 naive and 0.00495 of 2026-10-24T22-77b1"
        case .notBetter: "RMSE 0.00502 against 0.00500 naive: not better, so what was in use stays"
        case .notJudged: "only 12 hours to judge on; 100 are needed"
        }
    }

    private static func hours(
        _ from: String, _ until: String, before trained: String, rmse: Double, naive: Double
    ) -> ScoredHours {
        ScoredHours(
            from: from, until: until, trainedUntil: trained, model: scores(rmse: rmse),
            naive: ModelScores(
                rows: 336, mae: naive * 0.7, rmse: naive, directionalAccuracy: nil, logLoss: 1.098_2, accuracy: 0.341,
                paperProfit: 0, paperTrades: 0), buyAndHold: -0.012_3)
    }

    private static func scores(rmse: Double) -> ModelScores {
        ModelScores(
            rows: 336, mae: rmse * 0.71, rmse: rmse, directionalAccuracy: 0.517, logLoss: 1.09 + rmse,
            accuracy: 0.372, calibrationError: 0.018, bandCoverage: 0.806, paperProfit: 0.004_2, paperTrades: 18)
    }
}
