package import FoundationEssentials

/// A disturbance on request, for tests of those who talk to the exchange.
package struct Fault: Sendable, Equatable {
    /// What happens to a request.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// 429 with Upbit's kind of body.
        case tooManyRequests = "429"
        /// 418, and from then on to every request until `seconds` (2 unless given) have passed.
        case blocked = "418"
        /// 500 with a JSON body.
        case internalError = "500"
        /// 503 with a page of HTML, as a proxy in front would send.
        case unavailable = "503"
        /// 200, a whole HTTP answer whose JSON ends in the middle.
        case truncate
        /// 200, but the connection closes before the announced length was sent.
        case cutoff
        /// The connection is reset without an answer.
        case reset
        /// The right answer, `seconds` late (2 unless given).
        case slow
        /// No answer: after `seconds` (60 unless given), or when the faults are cleared, the connection is reset.
        case hang
        /// 200 with bytes that are neither JSON nor UTF-8.
        case garbage
        /// The WebSocket's handshake gets 503.
        case refuse
        /// The WebSocket's connection ends (FIN), without a close frame.
        case disconnect
        /// The WebSocket stays connected and says nothing for `seconds` (60 unless given); what happens meanwhile is lost.
        case stall
        /// A WebSocket message comes twice.
        case duplicate
        /// A WebSocket message comes after up to `window` later ones (5 unless given).
        case reorder
        /// A WebSocket message never comes.
        case gap

        /// The endpoints a fault hits unless its path is given.
        package var defaultPath: String {
            switch self {
            case .refuse, .disconnect, .stall, .duplicate, .reorder, .gap: ExchangeStream.path
            default: "/v1/"
            }
        }

        /// What can happen to a request.
        static let ofRequests: Set<Kind> = [
            .tooManyRequests, .blocked, .internalError, .unavailable, .truncate, .cutoff, .reset, .slow, .hang,
            .garbage,
        ]
        /// What can happen to the WebSocket's handshake.
        static let ofHandshakes: Set<Kind> = [.refuse, .tooManyRequests, .blocked, .internalError, .unavailable]
        /// What can happen to a message of the WebSocket; `slow` delays it and all that follow for its seconds.
        static let ofMessages: Set<Kind> = [
            .disconnect, .reset, .stall, .duplicate, .reorder, .gap, .garbage, .truncate, .slow,
        ]
    }

    package var kind: Kind
    /// Requests whose path begins with this are hit.
    ///
    /// Unless given: every endpoint of the API, or the WebSocket for the kinds that only it has. `/websocket/v1` makes
    /// `reset`, `slow`, `garbage` and `truncate` hit the WebSocket's messages.
    package var path: String
    /// Only requests that ask for this market; nil for any.
    package var market: String?
    /// How many requests are hit before the fault is over; nil for no end.
    package var count: Int?
    /// How many matching requests pass first.
    package var skip: Int
    /// The share of matching requests that is hit, drawn from `seed`, so the same requests are hit every time.
    package var probability: Double
    package var seed: UInt64
    /// See the kinds.
    package var seconds: Double?
    /// For `reorder`: how many later messages may come first; nil for 5.
    package var window: Int?
    /// The fault is over so many seconds after it was set up; nil for no end.
    package var lasts: Double?

    /// A fault that hits every request of the API until it is cleared.
    package init(
        kind: Kind, path: String? = nil, market: String? = nil, count: Int? = nil, skip: Int = 0,
        probability: Double = 1, seed: UInt64 = 1, seconds: Double? = nil, lasts: Double? = nil,
        window: Int? = nil
    ) {
        self.kind = kind
        self.path = path ?? kind.defaultPath
        self.market = market
        self.count = count
        self.skip = skip
        self.probability = probability
        self.seed = seed
        self.seconds = seconds
        self.lasts = lasts
        self.window = window
    }
}

extension Fault: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case kind, path, market, count, skip, probability, seed, seconds, lasts, window
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            kind: try container.decode(Kind.self, forKey: .kind),
            path: try container.decodeIfPresent(String.self, forKey: .path),
            market: try container.decodeIfPresent(String.self, forKey: .market),
            count: try container.decodeIfPresent(Int.self, forKey: .count),
            skip: try container.decodeIfPresent(Int.self, forKey: .skip) ?? 0,
            probability: try container.decodeIfPresent(Double.self, forKey: .probability) ?? 1,
            seed: try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? 1,
            seconds: try container.decodeIfPresent(Double.self, forKey: .seconds),
            lasts: try container.decodeIfPresent(Double.self, forKey: .lasts),
            window: try container.decodeIfPresent(Int.self, forKey: .window))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(path, forKey: .path)
        try container.encodeIfPresent(market, forKey: .market)
        try container.encodeIfPresent(count, forKey: .count)
        try container.encode(skip, forKey: .skip)
        try container.encode(probability, forKey: .probability)
        try container.encode(seed, forKey: .seed)
        try container.encodeIfPresent(seconds, forKey: .seconds)
        try container.encodeIfPresent(lasts, forKey: .lasts)
        try container.encodeIfPresent(window, forKey: .window)
    }

    /// Reads `{"kind":"500","path":"/v1/candles","count":3}`.
    ///
    /// Unknown keys are refused: a mistyped one would otherwise make a fault that hits too much.
    ///
    /// - Throws: `RecordingError` saying what is wrong.
    package static func parse(json: Data) throws(RecordingError) -> Fault {
        let object: [String: FaultValue]
        do {
            object = try JSONDecoder().decode([String: FaultValue].self, from: json)
        } catch {
            throw RecordingError("a fault is a JSON object such as {\"kind\":\"500\",\"count\":3}")
        }
        return try parse(object.mapValues(\.text))
    }

    /// Reads `500,path=/v1/candles,count=3`, the form of the command line.
    ///
    /// - Throws: `RecordingError` saying what is wrong.
    package static func parse(option: String) throws(RecordingError) -> Fault {
        var values: [String: String] = [:]
        for (index, part) in option.split(separator: ",").enumerated() {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            if index == 0, sides.count == 1 {
                values["kind"] = sides[0]
            } else {
                guard sides.count == 2 else {
                    throw RecordingError("fault \"\(option)\": expected name=value, found \"\(part)\"")
                }
                values[sides[0]] = sides[1]
            }
        }
        return try parse(values)
    }

    private static func parse(_ values: [String: String]) throws(RecordingError) -> Fault {
        let known = Key.allCases.map(\.rawValue)
        if let unknown = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw RecordingError("a fault has no \"\(unknown)\"; it may have \(known.joined(separator: ", "))")
        }
        guard let kind = Kind(rawValue: values["kind"] ?? "") else {
            let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecordingError("a fault's kind is one of \(kinds), not \"\(values["kind"] ?? "")\"")
        }
        func number<Number: LosslessStringConvertible & Comparable>(
            _ key: Key, in range: ClosedRange<Number>
        ) throws(RecordingError) -> Number? {
            guard let text = values[key.rawValue] else { return nil }
            guard let number = Number(text), range.contains(number) else {
                throw RecordingError(
                    "a fault's \(key.rawValue) is between \(range.lowerBound) and \(range.upperBound), not \"\(text)\"")
            }
            return number
        }
        return Fault(
            kind: kind, path: values["path"], market: values["market"],
            count: try number(.count, in: 1...1_000_000), skip: try number(.skip, in: 0...1_000_000) ?? 0,
            probability: try number(.probability, in: 0...1.0) ?? 1, seed: try number(.seed, in: 0...UInt64.max) ?? 1,
            seconds: try number(.seconds, in: 0...600.0), lasts: try number(.lasts, in: 0...86_400.0),
            window: try number(.window, in: 1...1000))
    }
}

/// A JSON string or number as text; the checks that follow are the same for both.
private struct FaultValue: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let string = try? container.decode(String.self) {
            text = string
        } else if let integer = try? container.decode(Int64.self) {
            text = String(integer)
        } else {
            text = String(try container.decode(Double.self))
        }
    }
}
