/// Why a WebSocket is closed, as the number in its close frame (RFC 6455 §7.4).
package struct WebSocketCloseCode: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The purpose was fulfilled.
    package static let normal = Self(rawValue: 1000)
    /// The server stops.
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
}

/// How a WebSocket connection ended.
package enum WebSocketClosure: Sendable, Equatable {
    /// The client sent a close frame; without a code it stands for 1005.
    case byClient(WebSocketCloseCode?, reason: String)
    /// This side sent a close frame first.
    case byServer(WebSocketCloseCode, reason: String)
    /// The connection ended without a close frame, which clients see as 1006.
    case lost
    /// This side ended the connection without a close frame, because no traffic came.
    case idle
}
