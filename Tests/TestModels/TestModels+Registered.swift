package import CivilTime
package import ModelRegistry

extension TestModels {
    /// A moment shortly after the judged hours of ``card(_:verdict:judged:)``.
    package static let now = Timestamp(seconds: 1_794_096_000)

    /// A model of the registry, without a database.
    package static func registered(
        _ id: Int64, _ card: ModelCard = card(), isInUse: Bool = false, wasPromoted: Bool = false
    ) -> RegisteredModel {
        RegisteredModel(
            id: id, name: card.name, createdAt: now - .seconds(3_600 * (100 - id)),
            promotedAt: isInUse || wasPromoted ? now - .seconds(1_800) : nil, isInUse: isInUse,
            sha256: String(repeating: "ab", count: 32), card: card)
    }

    /// A forecast; with an actual close, one whose hour is over.
    package static func prediction(
        _ market: String = "KRW-BTC", hoursAgo: Int64 = 0, model: Int64? = 1, name: String = "2026-10-31T22-8f3a",
        isLate: Bool = false, actual: String? = nil
    ) -> Prediction {
        let hour = now - .seconds(3_600 * (hoursAgo + 1))
        let isModel = model != nil
        return Prediction(
            exchange: "upbit", market: market, openTime: hour, targetTime: hour + .seconds(3_600),
            madeAt: hour + .seconds(3_640), isLate: isLate, model: model, modelName: name, isMarketKnown: true,
            forecastReturn: isModel ? 0.001 : 0, forecastPrice: isModel ? 100_100.05 : 100_000,
            lowerPrice: 99_400, upperPrice: 100_800, deadBand: 0.0005,
            probabilities: isModel ? [0.25, 0.35, 0.4] : nil,
            close: "100000", actualClose: actual, actualReturn: actual == nil ? nil : 0.002,
            error: actual == nil ? nil : isModel ? 0.001 : 0.002, isInside: actual == nil ? nil : true)
    }
}
