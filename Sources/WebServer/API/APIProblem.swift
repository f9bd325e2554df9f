/// Why the API cannot answer as asked: what it sends instead.
struct APIProblem: Error, Sendable, Hashable {
    let status: Int
    /// For programs.
    let code: String
    /// For people: what, and why.
    let message: String
    /// What would be right.
    let detail: String

    static func invalid(_ parameter: String, _ message: String, _ detail: String) -> APIProblem {
        APIProblem(status: 400, code: "invalid_\(parameter)", message: message, detail: detail)
    }

    static func unknownSymbol(_ unknown: SymbolBook.Unknown) -> APIProblem {
        APIProblem(status: 400, code: "unknown_symbol", message: unknown.message, detail: unknown.advice)
    }

    static func notFound(_ message: String, _ detail: String) -> APIProblem {
        APIProblem(status: 404, code: "not_found", message: message, detail: detail)
    }

    static let readOnly = APIProblem(
        status: 405, code: "method_not_allowed", message: "these addresses only answer questions",
        detail: "use GET or HEAD")

    static let noPath = APIProblem(
        status: 503, code: "no_live_path", message: "no real-time path runs in this program",
        detail: "start it with cryptoflow standalone")

    static let noModels = APIProblem(
        status: 503, code: "no_models", message: "this program serves no models",
        detail: "start it with cryptoflow standalone")

    static func unavailable(_ error: any Error) -> APIProblem {
        APIProblem(
            status: 503, code: "unavailable", message: "the data cannot be read just now",
            detail: "try again in a moment (\(error))")
    }

    var reply: PageReply {
        .json(
            "{\"error\":{\"code\":\(LiveJSON.quoted(code)),\"message\":\(LiveJSON.quoted(message)),"
                + "\"detail\":\(LiveJSON.quoted(detail))}}\n", status: status)
    }
}
