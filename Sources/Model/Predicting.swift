package import CivilTime
import ModelRegistry

/// Forecasts of the hours that have none yet.
package struct Predicting: Sendable {
    private let database: ModelDatabase
    private let workshop: ModelWorkshop

    package init(database: ModelDatabase, workshop: ModelWorkshop) {
        self.database = database
        self.workshop = workshop
    }

    /// How far back hours that were missed get their forecast, marked as late.
    package static let longestDelay: Int64 = 48
    /// A row needs 24 hours before it.
    private static let lookBack: Int64 = Int64(FeatureList.history) + 1

    /// What came of it.
    package struct Report: Sendable, Hashable {
        package var stored = 0
        package var byModel = 0
        package var model: String?
        package var newest: String?
    }

    /// Makes and stores forecasts.
    ///
    /// - Parameters:
    ///   - model: id or name; nil for the model in use.
    ///   - since: the first hour to forecast from; nil for each market's newest only.
    /// - Throws: ``ModelFailure`` `nothingToDo` without candles, `invalid` for a model whose features are not known.
    package func run(
        model reference: String?, since: Timestamp?, exchange: String?, say: @Sendable (String) -> Void
    ) async throws -> Report {
        guard let newest = try await database.newestHour(exchange: exchange) else {
            throw ModelFailure(.nothingToDo, "Silver has no candle yet, so there is nothing to forecast from")
        }
        let last = newest.wholeHours
        let first = max(since?.wholeHours ?? last, last - Self.longestDelay)
        let hours = try await database.hours(
            from: Timestamp(hour: first - Self.lookBack), until: Timestamp(hour: last + 1), exchange: exchange)
        let model =
            if let reference { Optional(try await database.model(reference)) } else { try await database.modelInUse() }
        if let model {
            try model.stored.checkFeatures()
            say("forecasting with \(model.stored.card.name)")
        } else {
            say("no model is promoted: the naive forecast is stored")
        }
        let rows = try await predictions(hours, from: first, model: model)
        let stored = try await database.store(rows)
        return Report(
            stored: stored, byModel: rows.count { $0.model != nil }, model: model?.stored.card.name,
            newest: newest.iso8601)
    }

    private func predictions(
        _ hours: [MarketKey: [MarketHour]], from first: Int64,
        model: (id: Int64, stored: ModelWorkshop.StoredModel)?
    ) async throws -> [PredictionRow] {
        let table = FeatureTable(hours)
        var predictions: [PredictionRow] = []
        // What a model was trained on it must not forecast.
        let trained = model?.stored.trainedUntil.wholeHours ?? .min
        let usable = table.rows.filter { $0.hour >= first && $0.hour > trained }
        if let model {
            let encoder = LabelEncoder(model.stored.card.encoder)
            let forecasts = try await workshop.forecasts(model.stored, of: usable)
            for (row, forecast) in zip(usable, forecasts) {
                predictions.append(
                    PredictionRow(row, forecast, model: model.id, card: model.stored.card, encoder: encoder))
            }
        }
        let done = Set(predictions.map { HourOfMarket(market: $0.market, hour: $0.hour) })
        for (market, hours) in hours.sorted(by: { $0.key < $1.key }) {
            for hour in hours where hour.hour >= first {
                guard !done.contains(HourOfMarket(market: market, hour: hour.hour)), let close = hour.close, close > 0
                else { continue }
                let lack = table.lacking[market]?[hour.hour]
                let reason =
                    model == nil
                    ? "no model is promoted" : lack?.sentence ?? "the model was trained on this hour"
                predictions.append(PredictionRow(naive: hour, of: market, close: close, because: reason))
            }
        }
        return predictions
    }

    private struct HourOfMarket: Hashable {
        let market: MarketKey
        let hour: Int64
    }
}
