import ActorQueues
package import CivilTime
package import ModelRegistry

/// Where XGBoost computes: a queue of its own, since a training takes seconds to minutes and cannot be cancelled.
package actor ModelWorkshop {
    private let executor = QueueExecutor(label: "cryptoflow.model")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init() {}

    /// A stored model as the workshop takes it.
    package struct StoredModel: Sendable {
        package let card: ModelCard
        /// XGBoost's JSON.
        package let returnBooster: String
        package let classBooster: String
        /// Open time of the last hour it was trained on.
        package let trainedUntil: Timestamp

        package init(card: ModelCard, returnBooster: String, classBooster: String, trainedUntil: Timestamp) {
            self.card = card
            self.returnBooster = returnBooster
            self.classBooster = classBooster
            self.trainedUntil = trainedUntil
        }

        /// Throws ``ModelFailure`` for features that this program does not compute, or another format.
        package func checkFeatures() throws(ModelFailure) {
            guard card.format == 1, card.features == FeatureList.all else {
                let names = card.features.map { "\($0.name) v\($0.version)" }.joined(separator: ", ")
                throw ModelFailure(
                    .invalid,
                    "the model \(card.name) has other features than this program computes (\(names)): train a new one "
                        + "with `cryptoflow dag trigger model_retraining`, or use the program that made it")
            }
        }
    }

    /// Trains a candidate and judges it; `inUse` is what it has to beat.
    package func train(
        _ table: FeatureTable, encoder: LabelEncoder, parameters: TrainingParameters, inUse: StoredModel?,
        maker: ModelCard.Maker, now: Timestamp, say: @Sendable @escaping (String) -> Void
    ) throws -> TrainedModel {
        let rival = try inUse.map { stored in
            Trainer.InUse(
                name: stored.card.name, trainedUntil: stored.trainedUntil.wholeHours,
                encoder: LabelEncoder(stored.card.encoder), band: stored.card.band,
                boosters: try Self.load(stored))
        }
        return try Trainer(
            table: table, encoder: encoder, parameters: parameters, inUse: rival, maker: maker, now: now, say: say
        ).train()
    }

    /// What a stored model says about rows.
    package func forecasts(_ model: StoredModel, of rows: [FeatureRow]) throws -> [Forecast] {
        let encoder = LabelEncoder(model.card.encoder)
        return try Self.load(model).forecasts(rows.map(encoder.vector))
    }

    private static func load(_ stored: StoredModel) throws -> BoosterPair {
        try BoosterPair.load(
            return: stored.returnBooster, class: stored.classBooster, outputScale: stored.card.target.outputScale)
    }
}
