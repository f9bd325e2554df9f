import CivilTime

@testable import WebServer

/// Models and forecasts that are only values.
struct FakeModels: ModelPages {
    var facts: [ModelFacts] = []
    var history: [ModelChange] = []
    var latest: [MarketForecast] = []
    var known = ForecastRecord(hours: 0, rmse: nil, naiveRMSE: nil, coverage: nil)
    /// Thrown by every question.
    var failure: (any Error)?

    func models(limit: Int) async throws -> [ModelSummary] {
        if let failure { throw failure }
        return facts.prefix(limit).map(\.summary)
    }

    func model(_ reference: String) async throws -> ModelFacts? {
        if let failure { throw failure }
        return facts.first { String($0.summary.id) == reference || $0.summary.name == reference }
    }

    func changes(limit: Int) async throws -> [ModelChange] { Array(history.prefix(limit)) }

    func forecasts(exchange: String?, market: String?, limit: Int) async throws -> [MarketForecast] {
        if let failure { throw failure }
        return Array(
            latest.filter { (market == nil || $0.market == market) && (exchange == nil || $0.exchange == exchange) }
                .prefix(limit))
    }

    func record(exchange: String, market: String, model: Int64?, hours: Int) async throws -> ForecastRecord { known }
}

extension Sample {
    static func figures(rmse: Double, logLoss: Double = 1.09, isNaive: Bool = false) -> ModelFigures {
        ModelFigures(
            rows: 4_032, mae: rmse * 0.7, rmse: rmse, directionalAccuracy: isNaive ? nil : 0.517, logLoss: logLoss,
            accuracy: 0.372, calibrationError: isNaive ? nil : 0.0181, bandCoverage: 0.806,
            paperProfit: isNaive ? 0 : 0.0042, paperTrades: isNaive ? 0 : 118)
    }

    static func modelHours(_ day: Int, rmse: Double, naive: Double = 0.005) -> ModelHours {
        let date = "2026-10-\(day < 10 ? "0" : "")\(day)"
        return ModelHours(
            from: "\(date)T00:00:00Z", until: "\(date)T23:00:00Z",
            model: figures(rmse: rmse, logLoss: 1.0986 + (rmse - naive) * 20),
            naive: figures(rmse: naive, logLoss: 1.0986, isNaive: true), buyAndHold: -0.0123)
    }

    static func model(
        _ id: Int64 = 2, name: String = "2026-10-31T22-8f3a", verdict: ModelSummary.Verdict = .better,
        isInUse: Bool = false, reason: String = "RMSE 0.00491 against 0.00500 naive"
    ) -> ModelFacts {
        let judged = verdict == .notJudged ? nil : modelHours(31, rmse: verdict == .better ? 0.00491 : 0.00502)
        return ModelFacts(
            summary: ModelSummary(
                id: id, name: name, createdAt: now - .seconds(86_400 * (10 - id)),
                promotedAt: isInUse ? now - .seconds(7_200) : nil, isInUse: isInUse, verdict: verdict, reason: reason,
                judged: judged),
            sha256: String(repeating: "ab12", count: 16),
            inUse: judged == nil ? nil : figures(rmse: 0.00496), inUseName: judged == nil ? nil : "2026-10-24T22-77b1",
            markets: judged == nil
                ? []
                : [
                    .init(name: "upbit KRW-BTC", hours: modelHours(31, rmse: 0.0043)),
                    .init(name: "upbit KRW-ETH", hours: modelHours(31, rmse: 0.0056)),
                ],
            windows: (1...6).map {
                modelHours(
                    $0 * 3, rmse: 0.0049 + Double($0 * 7 % 5) / 10_000, naive: 0.005 + Double($0 * 3 % 4) / 10_000)
            },
            allWindows: modelHours(18, rmse: 0.0050, naive: 0.0051),
            features: [
                "return_1h", "return_24h", "vol_close_24h", "rsi_14", "macd_histogram", "hour_sin", "market_code",
            ]
            .enumerated().map { place, feature in
                .init(
                    name: feature, version: 1, useForReturn: 0.31 / Double(place + 1),
                    useForClass: 0.22 / Double(7 - place))
            },
            calibration: (0..<10).map { bin in
                let rows = [0, 0, 420, 1_820, 1_380, 396, 16, 0, 0, 0][bin]
                let middle = Double(bin) / 10 + 0.052
                return .init(
                    from: Double(bin) / 10, to: Double(bin + 1) / 10, rows: rows,
                    meanProbability: rows == 0 ? nil : middle, frequency: rows == 0 ? nil : middle * 0.85 + 0.04)
            },
            drift: [
                .init(
                    checkedAt: now - .seconds(3_600), measure: "psi", subject: "rsi_14", value: 0.31, threshold: 0.2,
                    warns: true, detail: "rsi_14 is distributed differently than in the training"),
                .init(
                    checkedAt: now - .seconds(3_600), measure: "rmse_7d", subject: "all", value: nil, threshold: 1.1,
                    warns: false, detail: "too few outcomes"),
            ],
            training: [.init("Hours", "2025-10-31T23:00:00Z to 2026-10-30T22:00:00Z"), .init("Rows", "17280")],
            parameters: [.init("eta", "0.05"), .init("max_depth", "3")],
            run: .init(dag: "model_retraining", run: "scheduled__2026-11-01T00:00:00+00:00", task: "train"))
    }

    /// Forecasts of the hours up to the one after `newest`, newest first; all but the newest with their outcome.
    static func forecasts(after newest: Timestamp, count: Int, price: Double = 134_567_000) -> [MarketForecast] {
        (0..<count).map { back in
            let wave = Double((back * 7) % 11) - 5
            let base = price * (1 + wave / 2_000)
            return MarketForecast(
                exchange: "upbit", market: "KRW-BTC", targetTime: newest + .seconds(3_600 * Int64(1 - back)),
                madeAt: newest + .seconds(3_600 * Int64(1 - back) + 40), isLate: back == 5, model: back == 7 ? nil : 2,
                modelName: back == 7 ? "naive: no model is in use" : "2026-10-31T22-8f3a", isMarketKnown: true,
                close: "\(Int(base))", price: base * 1.0008, lower: base * 0.994, upper: base * 1.0065,
                deadBand: 0.0012, probabilities: back == 7 ? nil : [0.25, 0.35, 0.4],
                actualClose: back == 0 ? nil : "\(Int(base * 1.001)).5", error: back == 0 ? nil : 0.0002,
                isInside: back == 0 ? nil : back != 3)
        }
    }
}
