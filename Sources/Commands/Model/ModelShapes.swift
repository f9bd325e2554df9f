import CivilTime
import DAGModel
import FoundationEssentials
import ModelRegistry

/// Models, promotions and forecasts as JSON values.
///
/// Keys are stable: they may be added to, never renamed; a value that is not known is null.
enum ModelShapes {
    /// What lists hold.
    static func summary(_ model: RegisteredModel, _ shapes: RecordShapes) -> JSONValue {
        let judged = model.card.judgement.candidate
        return [
            "id": .int(model.id), "name": .string(model.name), "created_at": time(model.createdAt, shapes),
            "promoted_at": time(model.promotedAt, shapes), "is_in_use": .bool(model.isInUse),
            "verdict": .string(model.card.judgement.verdict.rawValue), "reason": .string(model.card.judgement.reason),
            "trained_from": .string(model.card.training.from), "trained_until": .string(model.card.training.until),
            "judged_from": string(judged?.from), "judged_until": string(judged?.until),
            "scores": value(judged?.model), "naive_scores": value(judged?.naive), "sha256": .string(model.sha256),
        ]
    }

    /// The summary and the artefact's card.
    static func whole(_ model: RegisteredModel, _ shapes: RecordShapes) -> JSONValue {
        var members = summary(model, shapes).objectValue ?? [:]
        members["card"] = value(model.card)
        return .object(members)
    }

    static func promotion(_ promotion: ModelPromotion, _ shapes: RecordShapes) -> JSONValue {
        [
            "id": .int(promotion.id), "model_id": int(promotion.model), "model": string(promotion.modelName),
            "replaced_id": int(promotion.replaced), "replaced": string(promotion.replacedName),
            "promoted_at": time(promotion.promotedAt, shapes), "actor": .string(promotion.actor),
            "reason": .string(promotion.reason), "is_rollback": .bool(promotion.isRollback),
        ]
    }

    static func prediction(_ prediction: Prediction, _ shapes: RecordShapes) -> JSONValue {
        [
            "exchange": .string(prediction.exchange), "market": .string(prediction.market),
            "open_time": time(prediction.openTime, shapes), "target_time": time(prediction.targetTime, shapes),
            "made_at": time(prediction.madeAt, shapes), "is_late": .bool(prediction.isLate),
            "model_id": int(prediction.model), "model": .string(prediction.modelName),
            "market_known": .bool(prediction.isMarketKnown), "close": .string(prediction.close),
            "forecast_return": .double(prediction.forecastReturn), "forecast_price": .double(prediction.forecastPrice),
            "lower_price": double(prediction.lowerPrice), "upper_price": double(prediction.upperPrice),
            "p_down": double(prediction.probabilities?[0]), "p_flat": double(prediction.probabilities?[1]),
            "p_up": double(prediction.probabilities?[2]), "actual_close": string(prediction.actualClose),
            "actual_return": double(prediction.actualReturn), "error": double(prediction.error),
            "is_inside": prediction.isInside.map { .bool($0) } ?? .null,
        ]
    }

    /// Anything with the names its artefact gives it.
    static func value(_ content: (some Encodable)?) -> JSONValue {
        guard let content, let data = try? JSONEncoder().encode(content) else { return .null }
        return (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .null
    }

    private static func time(_ instant: Timestamp?, _ shapes: RecordShapes) -> JSONValue {
        instant.map { .string(shapes.text($0)) } ?? .null
    }

    private static func string(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    private static func int(_ number: Int64?) -> JSONValue { number.map { .int($0) } ?? .null }
    private static func double(_ number: Double?) -> JSONValue { number.map { .double($0) } ?? .null }
}
