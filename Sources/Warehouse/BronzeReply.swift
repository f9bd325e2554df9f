import CivilTime
import HTTPClient
import Markets

/// What an exchange is asked for; the raw value is its token in the database and in documents.
enum MarketEndpoint: String, Sendable, CaseIterable {
    case candles
    case ticker24h = "ticker_24h"
}

/// A reply of an exchange with all that Bronze keeps of it: one row of the landing table, the events in it and the
/// hours it answers.
struct BronzeReply: Sendable {
    /// One element of a usable reply.
    struct Event: Sendable {
        var symbol: String
        /// The exchange's time: a candle's open time, a ticker's timestamp.
        var at: Timestamp
        /// The element's JSON as received.
        var payload: String
    }

    /// What a usable reply says about one hour of one market.
    struct Hour: Sendable, Hashable {
        var market: String
        var start: Timestamp
        var rows: Int
        var isFinal: Bool
    }

    var exchange: Exchange
    var endpoint: MarketEndpoint
    /// Path and query.
    var target: String
    /// The hours asked for.
    var hours: DataInterval
    /// Nil when no reply came.
    var status: Int?
    var body: [UInt8] = []
    /// Fields that the source says it computed.
    var derived: [String] = []
    /// Why the reply is not used; nil for one that is.
    var failure: String?
    var attempt: Int64
    var callTime: Timestamp
    /// Minutes a candle; 0 for tickers.
    var unit = 0
    var events: [Event] = []
    var answered: [Hour] = []

    /// A reply that came, usable or not.
    init(
        _ raw: RawReply, endpoint: MarketEndpoint, hours: DataInterval, attempt: Int64, callTime: Timestamp,
        failure: String? = nil
    ) {
        exchange = raw.exchange
        self.endpoint = endpoint
        target = raw.endpoint
        self.hours = hours
        status = raw.status
        body = raw.body
        derived = raw.headers.values("X-Derived")
            .flatMap { $0.split(separator: ",") }.map { $0.split(separator: " ").joined() }.filter { !$0.isEmpty }
        self.failure = failure
        self.attempt = attempt
        self.callTime = callTime
    }

    /// A request that got no reply at all.
    init(
        noReplyFrom exchange: Exchange, endpoint: MarketEndpoint, target: String, hours: DataInterval, attempt: Int64,
        callTime: Timestamp, failure: String
    ) {
        self.exchange = exchange
        self.endpoint = endpoint
        self.target = target
        self.hours = hours
        self.failure = failure
        self.attempt = attempt
        self.callTime = callTime
    }
}
