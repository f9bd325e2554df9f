import ModelRegistry

/// The two boosters of a model: the next hour's return, and its class.
///
/// Not `Sendable`: it stays on the queue of its ``ModelWorkshop``.
final class BoosterPair {
    /// The return's output is in hundredths of a percent: with fractions, gains would vanish in XGBoost's thresholds.
    static let outputScale = 10_000.0

    private let value: Booster
    private let move: Booster
    private let outputScale: Double

    private init(value: Booster, move: Booster, outputScale: Double) {
        self.value = value
        self.move = move
        self.outputScale = outputScale
    }

    /// Trains both.
    ///
    /// The same rows, parameters and library give the same bits: one thread, a fixed seed.
    static func train(
        _ rows: [FeatureRow], encoder: LabelEncoder, parameters: TrainingParameters, target: ModelCard.Target
    ) throws -> BoosterPair {
        let vectors = rows.map(encoder.vector)
        let targets = rows.map { $0.target ?? 0 }
        let common = [
            "booster": "gbtree", "tree_method": "hist", "nthread": "1", "seed": String(parameters.seed),
            "eta": String(parameters.eta), "max_depth": String(parameters.maxDepth),
            "min_child_weight": String(parameters.minChildWeight), "subsample": String(parameters.subsample),
            "colsample_bytree": String(parameters.colsampleByTree), "lambda": String(parameters.lambda),
            "alpha": String(parameters.alpha), "verbosity": "0",
        ]
        let value = try Booster.train(
            FeatureMatrix(vectors, labels: targets.map { Float($0 * outputScale) }),
            parameters: common.merging(["objective": "reg:squarederror", "base_score": "0"]) { $1 },
            rounds: parameters.rounds)
        let move = try Booster.train(
            FeatureMatrix(
                vectors, labels: targets.map { Float(PriceMove($0, deadBand: target.deadBand).index) }),
            parameters: common.merging(["objective": "multi:softprob", "num_class": "3"]) { $1 },
            rounds: parameters.rounds)
        return BoosterPair(value: value, move: move, outputScale: outputScale)
    }

    /// Loads both from XGBoost's JSON.
    static func load(return value: String, class move: String, outputScale: Double) throws -> BoosterPair {
        BoosterPair(value: try Booster.load(value), move: try Booster.load(move), outputScale: outputScale)
    }

    func forecasts(_ vectors: [[Float]]) throws -> [Forecast] {
        if vectors.isEmpty { return [] }
        let matrix = try FeatureMatrix(vectors)
        return try zip(value.predict(matrix), move.predict(matrix)).map { value, probabilities in
            Forecast(value: Double(value[0]) / outputScale, probabilities: probabilities.map { Double($0) })
        }
    }

    func json() throws -> (return: String, class: String) { (try value.json(), try move.json()) }

    /// Shares of the total gain, most used (for the return) first; features that were never used have 0.
    func importance() throws -> [ModelCard.Importance] {
        let (first, second) = (try value.totalGain(), try move.totalGain())
        let (firstSum, secondSum) = (first.values.reduce(0, +), second.values.reduce(0, +))
        return FeatureList.all.map { feature in
            ModelCard.Importance(
                feature: feature.name, return: firstSum > 0 ? (first[feature.name] ?? 0) / firstSum : 0,
                class: secondSum > 0 ? (second[feature.name] ?? 0) / secondSum : 0)
        }.sorted { ($0.return, $0.class) > ($1.return, $1.class) }
    }
}
