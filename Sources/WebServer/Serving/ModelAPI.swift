import CivilTime
import DAGModel
import Logging

/// `/api/ai/…`: models and forecasts as JSON.
///
/// Names are stable: they may be added to, never renamed; a value that is not known is null. Errors are
/// `{"error": {"code", "message"}}`.
struct ModelAPI {
    static let root = ["api", "ai"]

    let models: (any ModelPages)?
    let patience: Duration
    let logger: Logger

    private static let limits = 1...500
    private static let usualLimit = 50

    /// Why there is no result.
    private struct Refusal: Error {
        let status: Int
        let code: String
        let message: String
    }

    func reply(to request: PageRequest) async -> PageReply {
        do {
            guard request.method != .other else {
                throw Refusal(
                    status: 405, code: "method_not_allowed", message: "this interface only reads: use GET or HEAD")
            }
            guard let models else {
                throw Refusal(status: 404, code: "not_found", message: "this program serves no models")
            }
            let value = try await within(patience) { try await Self.answer(request, models) }
            return .json(value.jsonText + "\n", status: 200)
        } catch let refusal as Refusal {
            return Self.error(refusal)
        } catch {
            logger.warning("model API without database", metadata: ["error.message": "\(error)"])
            return Self.error(
                Refusal(status: 503, code: "unavailable", message: "the database does not answer; try again"))
        }
    }

    private static func answer(_ request: PageRequest, _ models: any ModelPages) async throws -> JSONValue {
        let path = request.segments.dropFirst(root.count)
        switch (path.first, path.count) {
        case ("models", 1):
            let list = try await models.models(limit: try limit(request))
            let inUse = try await models.changes(limit: 1).first?.model
            return [
                "models": .array(list.map(ModelJSON.summary)), "in_use": inUse.map { .int($0) } ?? .null,
            ]
        case ("models", 2):
            let reference = request.segments[3]
            guard let facts = try await models.model(reference) else {
                throw Refusal(status: 404, code: "not_found", message: "there is no model \"\(reference)\"")
            }
            return ModelJSON.facts(facts)
        case ("predictions", 1):
            let forecasts = try await models.forecasts(
                exchange: request.query["exchange"], market: request.query["symbol"], limit: try limit(request))
            return ["predictions": .array(forecasts.map(ModelJSON.forecast))]
        default:
            throw Refusal(
                status: 404, code: "not_found",
                message: "there are /api/ai/models, /api/ai/models/ID and /api/ai/predictions?symbol=MARKET&limit=N")
        }
    }

    private static func limit(_ request: PageRequest) throws -> Int {
        guard let text = request.query["limit"] else { return usualLimit }
        guard let limit = Int(text), limits.contains(limit) else {
            throw Refusal(
                status: 400, code: "invalid_limit",
                message: "limit is a whole number from \(limits.lowerBound) to \(limits.upperBound)")
        }
        return limit
    }

    private static func error(_ refusal: Refusal) -> PageReply {
        let value: JSONValue = ["error": ["code": .string(refusal.code), "message": .string(refusal.message)]]
        return .json(value.jsonText + "\n", status: refusal.status)
    }
}
