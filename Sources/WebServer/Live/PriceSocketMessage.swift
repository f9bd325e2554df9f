import DAGModel

/// What a client of `/ws/prices` asks for, read from a text message.
enum PriceSocketMessage: Hashable, Sendable {
    case subscribe(symbols: [String], kinds: Set<LiveKind>)
    /// Without kinds, all of the symbols' kinds; without symbols, everything.
    case unsubscribe(symbols: [String], kinds: Set<LiveKind>)
    case ping

    static let mostSymbols = 200

    /// Why a message is refused; the connection stays.
    struct Refusal: Error, Hashable, Sendable {
        let code: String
        let message: String
        let detail: String

        var json: String {
            "{\"type\":\"error\",\"code\":\(LiveJSON.quoted(code)),\"message\":\(LiveJSON.quoted(message)),"
                + "\"detail\":\(LiveJSON.quoted(detail))}"
        }
    }

    private static let example = #"{"action":"subscribe","symbols":["KRW-BTC"],"channels":["trade","ticker"]}"#

    init(_ text: String) throws(Refusal) {
        guard let value = try? JSONValue(parsing: text) else {
            throw Refusal(code: "invalid_json", message: "this is not JSON", detail: "write \(Self.example)")
        }
        guard let members = value.objectValue else {
            throw Refusal(
                code: "invalid_message", message: "this is \(value.kindDescription), not an object",
                detail: "write \(Self.example)")
        }
        guard let action = members["action"]?.stringValue else {
            throw Refusal(code: "invalid_message", message: "action is missing", detail: "write \(Self.example)")
        }
        for name in members.keys.sorted() where !["action", "symbols", "channels"].contains(name) {
            throw Refusal(
                code: "invalid_message", message: "there is no field \"\(name.prefix(40))\"",
                detail: "a message has action, symbols and channels")
        }
        let symbols = try Self.texts(members["symbols"], "symbols")
        let kinds = try Self.kinds(members["channels"])
        switch action {
        case "ping": self = .ping
        case "subscribe":
            guard !symbols.isEmpty else {
                throw Refusal(
                    code: "invalid_symbols", message: "symbols is missing or empty", detail: "write \(Self.example)")
            }
            self = .subscribe(symbols: symbols, kinds: kinds.isEmpty ? Set(LiveKind.allCases) : kinds)
        case "unsubscribe":
            self = .unsubscribe(symbols: symbols, kinds: kinds.isEmpty ? Set(LiveKind.allCases) : kinds)
        default:
            let near = NearestName.of(action, among: ["subscribe", "unsubscribe", "ping"])
            throw Refusal(
                code: "invalid_action", message: "there is no action \"\(action.prefix(40))\"",
                detail: near.map { "did you mean \($0)?" } ?? "there are subscribe, unsubscribe and ping")
        }
    }

    private static func texts(_ value: JSONValue?, _ name: String) throws(Refusal) -> [String] {
        guard let value, value != .null else { return [] }
        let texts = value.arrayValue?.compactMap(\.stringValue) ?? []
        guard let elements = value.arrayValue, texts.count == elements.count else {
            throw Refusal(
                code: "invalid_\(name)", message: "\(name) is not a list of texts", detail: "write \(example)")
        }
        guard texts.count <= mostSymbols else {
            throw Refusal(
                code: "invalid_\(name)", message: "\(name) has \(texts.count) entries",
                detail: "at most \(mostSymbols) are taken")
        }
        return texts
    }

    private static func kinds(_ value: JSONValue?) throws(Refusal) -> Set<LiveKind> {
        var kinds: Set<LiveKind> = []
        for text in try texts(value, "channels") {
            guard let kind = LiveKind(rawValue: text) else {
                throw Refusal(
                    code: "unknown_channel", message: "there is no channel \"\(text.prefix(40))\"",
                    detail: "there are \(LiveKind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            kinds.insert(kind)
        }
        return kinds
    }
}

/// What one client of `/ws/prices` hears: a value that takes its messages.
struct PriceSubscription: Hashable, Sendable {
    private(set) var markets: [LiveMarketID: Set<LiveKind>] = [:]

    static let mostMarkets = PriceSocketMessage.mostSymbols

    var topic: LiveTopic { .socket(markets) }

    /// Takes a message.
    ///
    /// - Returns: the markets of a subscription, whose state the client is told first.
    /// - Throws: a refusal, and then nothing has changed.
    mutating func take(
        _ message: PriceSocketMessage, _ book: SymbolBook
    ) throws(PriceSocketMessage.Refusal) -> [LiveMarketID] {
        switch message {
        case .ping: return []
        case .subscribe(let symbols, let kinds):
            let ids = try Self.find(symbols, book)
            var next = markets
            for id in ids { next[id, default: []].formUnion(kinds) }
            guard next.count <= Self.mostMarkets else {
                throw .init(
                    code: "too_many_symbols", message: "that would be \(next.count) symbols",
                    detail: "a connection has at most \(Self.mostMarkets); open another one")
            }
            markets = next
            return ids
        case .unsubscribe(let symbols, let kinds):
            let ids = symbols.isEmpty ? Array(markets.keys) : try Self.find(symbols, book)
            for id in ids {
                let rest = markets[id]?.subtracting(kinds) ?? []
                markets[id] = rest.isEmpty ? nil : rest
            }
            return []
        }
    }

    private static func find(
        _ symbols: [String], _ book: SymbolBook
    ) throws(PriceSocketMessage.Refusal) -> [LiveMarketID] {
        var ids: [LiveMarketID] = []
        for symbol in symbols {
            do {
                let id = try book.find(symbol)
                if !ids.contains(id) { ids.append(id) }
            } catch {
                throw .init(code: "unknown_symbol", message: error.message, detail: error.advice)
            }
        }
        return ids
    }

    /// What is subscribed to now, as the client is told.
    func json(_ type: String) -> String {
        let rows = markets.sorted { $0.key < $1.key }.map { id, kinds in
            let channels = LiveKind.allCases.filter(kinds.contains).map { "\"\($0.rawValue)\"" }
            return "{\"exchange\":\(LiveJSON.quoted(id.exchange)),\"symbol\":\(LiveJSON.quoted(id.market)),"
                + "\"channels\":[\(channels.joined(separator: ","))]}"
        }
        return "{\"type\":\"\(type)\",\"subscriptions\":[" + rows.joined(separator: ",") + "]}"
    }
}
