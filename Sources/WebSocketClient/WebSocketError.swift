/// Why there is no connection, or none any more: with whom, what went wrong and what to do about it.
package struct WebSocketError: Error, Sendable, CustomStringConvertible {
    /// Kinds that a caller may react to.
    ///
    /// More may be added: keep a default.
    package enum Kind: Sendable, Hashable {
        /// The text is not a ws or wss URL.
        case badURL
        /// A header field that cannot be sent, or must not be: `Origin`.
        case invalidRequest
        /// The host's name has no address.
        case resolve
        /// No TCP connection.
        case connect
        /// The time for connecting, the handshake or sending is over.
        case timeout
        /// The TLS handshake failed, or the certificate is not one to trust.
        case tls
        /// The server answered the upgrade with another HTTP status.
        case refused(status: Int)
        /// The other side broke the protocol, or sent more than is taken.
        case protocolError
        /// The other side closed the connection, with its code.
        case closed(code: Int)
        /// The connection broke without a close.
        case lost
        /// The connection is closed, by this side.
        case notOpen
        /// The calling task was cancelled.
        case cancelled
    }

    package let kind: Kind
    package let url: String
    /// What went wrong, in a sentence without a full stop.
    package let reason: String
    /// What to do about it; empty when there is nothing to advise.
    package let advice: String

    package init(_ kind: Kind, url: String, reason: String, advice: String = "") {
        self.kind = kind
        self.url = url
        self.reason = reason
        self.advice = advice
    }

    package var description: String {
        "\(url): \(reason)" + (advice.isEmpty ? "" : "; \(advice)")
    }
}
