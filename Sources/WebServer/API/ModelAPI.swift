import DAGModel

/// The answers of `/api/ai`: models and forecasts as JSON values; it knows no HTTP.
///
/// Names are stable: they may be added to, never renamed; a value that is not known is null.
struct ModelAPI: Sendable {
    let source: any ModelPages

    private static let limits = 1...500
    private static let usualLimit = 50

    func models(_ query: [String: String]) async throws -> JSONValue {
        let limit = try Self.limit(APIParameters(query, allowed: ["limit"]))
        let list = try await source.models(limit: limit)
        let inUse = try await source.changes(limit: 1).first?.model
        return ["models": .array(list.map(ModelJSON.summary)), "in_use": inUse.map { .int($0) } ?? .null]
    }

    /// - Parameter reference: an id, a name, or `current`.
    func model(_ reference: String, _ query: [String: String]) async throws -> JSONValue {
        _ = try APIParameters(query, allowed: [])
        guard let facts = try await source.model(reference) else {
            throw APIProblem.notFound(
                "there is no model \"\(reference.prefix(80))\"",
                "/api/ai/models lists them; \"current\" is the one in use, if one is")
        }
        return ModelJSON.facts(facts)
    }

    func predictions(_ query: [String: String]) async throws -> JSONValue {
        let parameters = try APIParameters(query, allowed: ["symbol", "exchange", "limit"])
        let forecasts = try await source.forecasts(
            exchange: query["exchange"]?.lowercased(), market: query["symbol"]?.uppercased(),
            limit: Self.limit(parameters))
        return ["predictions": .array(forecasts.map(ModelJSON.forecast))]
    }

    private static func limit(_ parameters: APIParameters) throws -> Int {
        try parameters.number("limit", in: limits, otherwise: usualLimit)
    }
}
