import DAGModel
import Logging

/// `/api/…` over HTTP: finds the answer, and says in JSON what went wrong.
struct APIRoutes: Sendable {
    let markets: MarketAPI?
    let models: ModelAPI?
    let version: String
    let patience: Duration
    let logger: Logger

    /// The names below `/api/market`.
    static let marketNames = ["prices", "symbols", "history", "trades", "orderbook"]
    /// The names below `/api/ai`.
    static let modelNames = ["models", "predictions"]

    func respond(to request: PageRequest) async -> PageReply {
        guard request.method != .other else { return APIProblem.readOnly.reply }
        if request.segments == ["api", "openapi.json"] {
            return .document(OpenAPI.text(version: version), request)
        }
        do {
            let text = try await within(patience) { try await answer(to: request) }
            return .json(text + "\n", status: 200)
        } catch let problem as APIProblem {
            return problem.reply
        } catch {
            logger.warning("api without its data", metadata: ["error.message": "\(error)"])
            return APIProblem.unavailable(error).reply
        }
    }

    private func answer(to request: PageRequest) async throws -> String {
        let path = Array(request.segments.dropFirst())
        switch (path.first, path.count) {
        case ("market", 2) where Self.marketNames.contains(path[1]):
            guard let markets else { throw APIProblem.noPath }
            return switch path[1] {
            case "prices": try await markets.prices(request.query)
            case "symbols": try await markets.symbols(request.query)
            case "history": try await markets.history(request.query)
            case "trades": try await markets.trades(request.query)
            default: try await markets.orderBook(request.query)
            }
        case ("ai", 2) where Self.modelNames.contains(path[1]), ("ai", 3) where path[1] == "models":
            guard let models else { throw APIProblem.noModels }
            if path.count == 3 { return try await models.model(path[2], request.query).jsonText }
            return path[1] == "models"
                ? try await models.models(request.query).jsonText
                : try await models.predictions(request.query).jsonText
        default:
            throw APIProblem.notFound(
                "there is nothing at this address",
                "/api/market has \(Self.marketNames.joined(separator: ", ")); "
                    + "/api/ai has \(Self.modelNames.joined(separator: ", ")); /api/openapi.json describes them")
        }
    }
}
