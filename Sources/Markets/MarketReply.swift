package import CivilTime
package import HTTPClient

/// A reply as it came, for the record.
package struct RawReply: Sendable {
    /// The exchange asked.
    package var exchange: Exchange
    /// The address asked; market data needs no secrets, and any would be masked.
    package var url: String
    /// Path and query of the address.
    package var endpoint: String
    /// The reply's status code.
    package var status: Int
    /// The reply's header fields.
    package var headers: HTTPHeaders
    /// Decompressed; cut short when the connection broke (then the outcome is a failure of kind `transport`).
    package var body: [UInt8]
    /// When the request was sent, after waiting for the rate limit.
    package var callTime: Timestamp
    /// When the reply was complete, or broke off.
    package var receivedAt: Timestamp
    /// The caller's count of tries, from 1.
    package var attempt: Int

    /// A reply as given.
    package init(
        exchange: Exchange, url: String, endpoint: String, status: Int, headers: HTTPHeaders, body: [UInt8],
        callTime: Timestamp, receivedAt: Timestamp, attempt: Int
    ) {
        self.exchange = exchange
        self.url = url
        self.endpoint = endpoint
        self.status = status
        self.headers = headers
        self.body = body
        self.callTime = callTime
        self.receivedAt = receivedAt
        self.attempt = attempt
    }
}

/// A value together with the bytes it came from.
package struct MarketRow<Value: Sendable>: Sendable {
    /// What the row means.
    package var value: Value
    /// Where in the raw body the row stands.
    package var payload: Range<Int>

    /// A row.
    package init(value: Value, payload: Range<Int>) {
        self.value = value
        self.payload = payload
    }
}

/// A row that is JSON but makes no sense; the rows around it stay usable.
package struct RejectedRow: Sendable {
    /// Counted from 0.
    package var index: Int
    /// Where in the raw body the row stands.
    package var payload: Range<Int>
    /// What is wrong with it.
    package var problem: MalformedData

    /// A rejected row.
    package init(index: Int, payload: Range<Int>, problem: MalformedData) {
        self.index = index
        self.payload = payload
        self.problem = problem
    }
}

/// What a reply's rows mean.
package struct DecodedRows<Value: Sendable>: Sendable {
    /// In the exchange's order.
    package var accepted: [MarketRow<Value>]
    /// Those that make no sense, in the exchange's order.
    package var rejected: [RejectedRow]

    /// Rows.
    package init(accepted: [MarketRow<Value>], rejected: [RejectedRow]) {
        self.accepted = accepted
        self.rejected = rejected
    }
}

/// A reply and what it means; the evidence is there whether or not it makes sense.
package struct MarketReply<Value: Sendable>: Sendable {
    /// The reply as it came.
    package var raw: RawReply
    /// Its rows, or why there are none.
    package var outcome: Result<DecodedRows<Value>, MarketError>

    /// A reply.
    package init(raw: RawReply, outcome: Result<DecodedRows<Value>, MarketError>) {
        self.raw = raw
        self.outcome = outcome
    }

    /// All rows; throws when the exchange refused, the reply is garbled or any row is rejected.
    package func rows() throws(MarketError) -> [MarketRow<Value>] {
        let decoded = try outcome.get()
        if let first = decoded.rejected.first {
            let others = decoded.rejected.count - 1
            throw MarketError(
                raw.exchange, .malformed(first.problem), endpoint: raw.endpoint,
                message: first.problem.description + (others > 0 ? " (and \(others) more rows)" : ""))
        }
        return decoded.accepted
    }

    /// The values of all rows; throws as `rows()` does.
    package func values() throws(MarketError) -> [Value] {
        try rows().map(\.value)
    }

    /// A row's own text, as the exchange wrote it.
    package func text(of payload: Range<Int>) -> String {
        String(decoding: raw.body[payload.clamped(to: raw.body.indices)], as: UTF8.self)
    }
}
