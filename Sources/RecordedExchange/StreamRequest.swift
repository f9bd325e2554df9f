import FoundationEssentials

/// What a client asks of the WebSocket, read from its JSON array.
enum StreamRequest: Sendable, Equatable {
    /// Replaces all that was subscribed to before.
    case subscribe([Subscription], StreamFormat)
    case list(ticket: String)

    /// One object with a `type`.
    struct Subscription: Sendable, Equatable {
        var kind: StreamKind
        /// As the client wrote them; unknown ones never get a frame.
        var codes: [String]
        var wantsSnapshot = true
        var wantsRealtime = true
        /// In 10⁻⁸ KRW; order books only.
        var level: Int64 = 0
    }

    /// Why a request is answered with an error frame and the end of the connection.
    struct Refusal: Error, Equatable {
        enum Name: String, Sendable {
            case noTicket = "NO_TICKET"
            case noType = "NO_TYPE"
            case noCodes = "NO_CODES"
            case invalidParameter = "INVALID_PARAM"
            case wrongFormat = "WRONG_FORMAT"
        }

        let name: Name
        let message: String

        var frame: [UInt8] {
            var json = JSONBytes()
            json.raw("{\"error\":{\"name\":")
            json.string(name.rawValue)
            json.raw(",\"message\":")
            json.string(message)
            json.raw("}}")
            return json.bytes
        }

        static let wrongFormat = Refusal(name: .wrongFormat, message: "잘못된 요청 형식입니다.")
        static let noTicket = Refusal(name: .noTicket, message: "티켓이 존재하지 않거나, 유효하지 않습니다.")
        static let noType = Refusal(name: .noType, message: "타입이 존재하지 않습니다.")
        static let noCodes = Refusal(name: .noCodes, message: "코드가 존재하지 않습니다.")
    }

    /// Reads a request.
    ///
    /// - Throws: `Refusal`, whose frame tells the client what the real exchange would.
    static func parse(_ bytes: [UInt8]) throws(Refusal) -> StreamRequest {
        let parts: [Part]
        do {
            parts = try JSONDecoder().decode([Part].self, from: Data(bytes))
        } catch {
            throw .wrongFormat
        }
        guard let ticket = parts.compactMap(\.ticket).first, !ticket.isEmpty else { throw .noTicket }
        if let method = parts.compactMap(\.method).first {
            guard method == "LIST_SUBSCRIPTIONS" else {
                throw Refusal(name: .invalidParameter, message: "\(method) 은 지원하지 않는 메소드입니다.")
            }
            return .list(ticket: ticket)
        }
        var format = StreamFormat()
        if let name = parts.compactMap(\.format).last {
            guard let known = StreamFormat(name: name) else {
                throw Refusal(name: .invalidParameter, message: "\(name) 은 지원하지 않는 포맷입니다.")
            }
            format = known
        }
        var subscriptions: [Subscription] = []
        for part in parts where part.type != nil || part.codes != nil {
            guard let type = part.type else { throw .noType }
            guard let kind = StreamKind(name: type) else {
                throw Refusal(name: .invalidParameter, message: "\(type) 은 지원하지 않는 타입입니다.")
            }
            guard let codes = part.codes, !codes.isEmpty else { throw .noCodes }
            var subscription = Subscription(kind: kind, codes: codes)
            // Either of the two; both together ask for everything.
            subscription.wantsSnapshot = !(part.isOnlyRealtime ?? false) || (part.isOnlySnapshot ?? false)
            subscription.wantsRealtime = !(part.isOnlySnapshot ?? false) || (part.isOnlyRealtime ?? false)
            if let level = part.level {
                guard let parsed = ScaledDecimal.parse(Array(level.text.utf8)[...]) else {
                    throw Refusal(name: .invalidParameter, message: "\(level.text) 은 지원하지 않는 레벨입니다.")
                }
                subscription.level = parsed
            }
            subscriptions.append(subscription)
        }
        guard !subscriptions.isEmpty else { throw .noType }
        return .subscribe(subscriptions, format)
    }

    private struct Part: Decodable {
        var ticket: String?
        var type: String?
        var codes: [String]?
        var isOnlySnapshot: Bool?
        var isOnlyRealtime: Bool?
        var level: Level?
        var format: String?
        var method: String?

        private enum Key: String, CodingKey {
            case ticket, type, codes, level, format, method
            case isOnlySnapshot = "is_only_snapshot"
            case isOnlyRealtime = "is_only_realtime"
            /// As clients of 2021 write.
            case oldSnapshot = "isOnlySnapshot"
            case oldRealtime = "isOnlyRealtime"
        }

        init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: Key.self)
            ticket = try object.decodeIfPresent(String.self, forKey: .ticket)
            type = try object.decodeIfPresent(String.self, forKey: .type)
            codes = try object.decodeIfPresent([String].self, forKey: .codes)
            level = try object.decodeIfPresent(Level.self, forKey: .level)
            format = try object.decodeIfPresent(String.self, forKey: .format)
            method = try object.decodeIfPresent(String.self, forKey: .method)
            isOnlySnapshot =
                try object.decodeIfPresent(Bool.self, forKey: .isOnlySnapshot)
                ?? object.decodeIfPresent(Bool.self, forKey: .oldSnapshot)
            isOnlyRealtime =
                try object.decodeIfPresent(Bool.self, forKey: .isOnlyRealtime)
                ?? object.decodeIfPresent(Bool.self, forKey: .oldRealtime)
        }
    }

    /// A number, or a string with one in it.
    private struct Level: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let string = try? value.decode(String.self) {
                text = string
            } else if let integer = try? value.decode(Int64.self) {
                text = String(integer)
            } else {
                text = String(try value.decode(Double.self))
            }
        }
    }
}
