import CivilTime
import Logging

/// `/api/…` over HTTP: finds the answer, and says in JSON what went wrong.
struct MarketRoutes: Sendable {
    let api: MarketAPI?
    let version: String
    let patience: Duration
    let logger: Logger

    /// The names below `/api/market`.
    static let names = ["prices", "symbols", "history", "trades", "orderbook"]

    func respond(to request: PageRequest) async -> PageReply {
        guard request.method != .other else { return APIProblem.readOnly.reply }
        if request.segments == ["api", "openapi.json"] {
            return .document(MarketOpenAPI.text(version: version), request)
        }
        do {
            let text = try await within(patience) { try await answer(to: request) }
            return .json(text + "\n", status: 200)
        } catch let problem as APIProblem {
            return problem.reply
        } catch {
            logger.warning("api without market data", metadata: ["error.message": "\(error)"])
            return APIProblem.unavailable(error).reply
        }
    }

    private func answer(to request: PageRequest) async throws -> String {
        guard request.segments.count == 3, request.segments[1] == "market",
            Self.names.contains(request.segments[2])
        else {
            throw APIProblem.notFound(
                "there is nothing at this address",
                "/api/market has \(Self.names.joined(separator: ", ")); "
                    + "/api/openapi.json describes them")
        }
        guard let api else { throw APIProblem.noPath }
        return switch request.segments[2] {
        case "prices": try await api.prices(request.query)
        case "symbols": try await api.symbols(request.query)
        case "history": try await api.history(request.query)
        case "trades": try await api.trades(request.query)
        default: try await api.orderBook(request.query)
        }
    }
}
