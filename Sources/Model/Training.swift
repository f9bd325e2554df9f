package import CivilTime
package import ModelRegistry

/// The retraining: reads, trains, judges, stores, and promotes what is better.
package struct Training: Sendable {
    private let database: ModelDatabase
    private let workshop: ModelWorkshop

    package init(database: ModelDatabase, workshop: ModelWorkshop) {
        self.database = database
        self.workshop = workshop
    }

    /// What came of it.
    package struct Report: Sendable {
        package let registration: ModelDatabase.Registration
        package let card: ModelCard
    }

    /// - Parameters:
    ///   - until: the newest hour to read, excluded; nil for all.
    ///   - markets: of the exchange; nil for all that Silver has.
    /// - Throws: ``ModelFailure``.
    package func run(
        parameters: TrainingParameters, until: Timestamp?, exchange: String?, markets: [String]?,
        maker: ModelCard.Maker, say: @Sendable @escaping (String) -> Void
    ) async throws -> Report {
        guard let newest = try await database.newestHour(exchange: exchange) else {
            throw ModelFailure(.nothingToDo, "Silver has no candle yet, so there is nothing to train on")
        }
        let end = min(until ?? .distantFuture, Timestamp(hour: newest.wholeHours + 1))
        let span =
            Int64(parameters.trainHours + parameters.judgeHours) + TimeSplit.purge + Int64(FeatureList.history) + 2
        let hours = try await database.hours(
            from: end - .seconds(span * 3_600), until: end, exchange: exchange, markets: markets)
        let table = FeatureTable(hours)
        let count = hours.values.reduce(0) { $0 + $1.count }
        say("read \(count) hours of \(hours.count) markets up to \(end.iso8601); \(table.rows.count) have all features")
        let encoder = try await database.encoder(for: hours.keys)
        let rival = try await database.modelInUse()
        var inUse = rival?.stored
        if let stored = inUse {
            do {
                try stored.checkFeatures()
            } catch {
                say("the model in use cannot be compared: \(error)")
                inUse = nil
            }
        }
        let trained = try await workshop.train(
            table, encoder: encoder, parameters: parameters, inUse: inUse, maker: maker, now: .now(), say: say)
        let registration = try await database.register(trained, judgedAgainst: rival?.id)
        return Report(registration: registration, card: trained.card)
    }
}
