package import CivilTime
package import HTTPClient

/// Why an exchange gave no usable market data.
package struct MarketError: Error, Sendable, CustomStringConvertible {
    /// What a caller may react to.
    ///
    /// More may be added: keep a default.
    package enum Kind: Sendable {
        /// Too many requests (status 429), or no free slot within the caller's waiting time.
        case rateLimited
        /// The exchange has shut this address out (status 418) until about then.
        case blocked(until: Timestamp)
        /// The exchange knows nothing of that name (status 404).
        case notFound
        /// Another refusal, with the exchange's own name for it ("400", "INVALID_PARAM").
        case exchangeError(status: Int, name: String)
        /// The exchange is in trouble (status 5xx).
        case server(status: Int)
        /// The reply is not what it should be.
        case malformed(MalformedData)
        /// No complete reply came.
        case transport(HTTPClientError)
        /// The calling task was cancelled.
        case cancelled
    }

    /// The exchange asked.
    package let exchange: Exchange
    /// What a caller may react to.
    package let kind: Kind
    /// What was asked: path and query; nil when nothing was sent.
    package let endpoint: String?
    /// The exchange's message or our reason, in a sentence without a full stop.
    package let message: String

    /// An error.
    package init(_ exchange: Exchange, _ kind: Kind, endpoint: String? = nil, message: String) {
        self.exchange = exchange
        self.kind = kind
        self.endpoint = endpoint
        self.message = message
    }

    /// The same call may succeed later.
    ///
    /// A limit or block passes, a garbled reply is most often a passing trouble; a refused parameter stays refused.
    package var isRetryable: Bool {
        switch kind {
        case .rateLimited, .blocked, .server, .malformed: true
        case .exchangeError(let status, _): status == 408 || status == 425
        case .transport(let error): error.isRetryable
        case .notFound, .cancelled: false
        }
    }

    /// The calling task was cancelled.
    package var isCancellation: Bool {
        if case .cancelled = kind { true } else { false }
    }

    package var description: String {
        let place = endpoint.map { " \($0)" } ?? ""
        let head = "\(exchange.displayName)\(place): "
        return switch kind {
        case .rateLimited: head + "too many requests, \(message); it is tried again when the limit allows"
        case .blocked(let until):
            head + "this address is blocked until about \(until.iso8601), \(message); wait, and check that nothing"
                + " else on this address asks the exchange"
        case .notFound: head + "not found, \(message); check the market's name"
        case .exchangeError(let status, let name): head + "refused with status \(status) (\(name)), \(message)"
        case .server(let status): head + "the exchange failed with status \(status), \(message); try again later"
        case .malformed: head + "the reply is not what it should be: \(message)"
        case .transport, .cancelled: head + message
        }
    }
}
