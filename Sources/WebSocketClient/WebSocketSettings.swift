/// What a connection waits for, and how much it takes.
package struct WebSocketSettings: Sendable {
    /// Whom a server's certificate must come from.
    package enum Trust: Sendable {
        /// The certificate authorities of the system.
        case system
        /// Only the certificates in a PEM text.
        case only(pem: String)
    }

    /// The longest time for name lookup and TCP.
    package var connectTimeout: Duration
    /// The longest time for TLS and the HTTP upgrade, after TCP.
    package var handshakeTimeout: Duration
    /// How long an own close waits for the other side's.
    package var closeTimeout: Duration
    /// How long a message may wait to be taken by the network; then the connection is given up.
    package var sendTimeout: Duration
    /// The largest message; a larger one ends the connection.
    package var maximumMessageBytes: Int
    /// How many messages may wait for the reader; then the socket is not read until they are taken.
    package var maximumWaitingMessages: Int
    /// How many bytes may wait for the reader, likewise.
    package var maximumWaitingBytes: Int
    package var trust: Trust
    /// The User-Agent field.
    package var userAgent: String

    package init(
        connectTimeout: Duration = .seconds(10), handshakeTimeout: Duration = .seconds(10),
        closeTimeout: Duration = .seconds(2), sendTimeout: Duration = .seconds(10),
        maximumMessageBytes: Int = 4 * 1024 * 1024, maximumWaitingMessages: Int = 16_384,
        maximumWaitingBytes: Int = 32 * 1024 * 1024, trust: Trust = .system, userAgent: String = "cryptoflow/0.1.0"
    ) {
        self.connectTimeout = connectTimeout
        self.handshakeTimeout = handshakeTimeout
        self.closeTimeout = closeTimeout
        self.sendTimeout = sendTimeout
        self.maximumMessageBytes = maximumMessageBytes
        self.maximumWaitingMessages = maximumWaitingMessages
        self.maximumWaitingBytes = maximumWaitingBytes
        self.trust = trust
        self.userAgent = userAgent
    }
}
