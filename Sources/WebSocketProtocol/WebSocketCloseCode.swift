/// Why a WebSocket is closed, as the number in its close frame (RFC 6455 §7.4).
package struct WebSocketCloseCode: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The purpose was fulfilled.
    package static let normal = Self(rawValue: 1000)
    /// A server stops, or a page is left.
    package static let goingAway = Self(rawValue: 1001)
    package static let protocolError = Self(rawValue: 1002)
    package static let unacceptableData = Self(rawValue: 1003)
    /// Text that is not UTF-8.
    package static let inconsistentData = Self(rawValue: 1007)
    package static let policyViolation = Self(rawValue: 1008)
    package static let messageTooBig = Self(rawValue: 1009)
    package static let internalError = Self(rawValue: 1011)
    /// Come back later: the server has too much to do.
    package static let tryAgainLater = Self(rawValue: 1013)

    /// Whether the code may stand in a close frame.
    ///
    /// 1004, 1005, 1006 and 1015 are reserved for what happens without one.
    var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// What a close frame carries: at most 125 bytes, the reason cut between characters so that it stays UTF-8.
    package static func payload(_ code: WebSocketCloseCode?, reason: String) -> [UInt8] {
        guard let code else { return [] }
        var payload = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]
        for character in reason {
            guard payload.count + character.utf8.count <= 125 else { break }
            payload += Array(character.utf8)
        }
        return payload
    }
}
