/// How one exchange's WebSocket is asked and read.
///
/// Pure, as ``MarketDialect`` is: it makes texts and reads bytes, and touches no network.
package protocol MarketStreamDialect: Sendable {
    var exchange: Exchange { get }
    /// The exchange's own address.
    var defaultStreamURL: String { get }
    /// What keeps a connection open.
    var keepAlive: StreamKeepAlive { get }

    /// The messages that ask for exactly this and end what was asked for before, in order.
    func subscription(_ request: StreamRequest) -> [String]
    /// Reads one message and appends what it says; what makes no sense becomes ``StreamSignal/malformed(_:market:)``.
    func decode(_ message: UnsafeBufferPointer<UInt8>, into signals: inout [StreamSignal])
}

extension MarketStreamDialect {
    /// Reads one message; for callers to whom speed does not matter.
    package func decode(_ message: [UInt8]) -> [StreamSignal] {
        var signals: [StreamSignal] = []
        message.withUnsafeBufferPointer { decode($0, into: &signals) }
        return signals
    }
}

/// What a collector wants to hear of an exchange.
package struct StreamRequest: Sendable, Hashable {
    /// The markets, at least one.
    package var markets: [MarketCode]
    package var kinds: Set<MarketEvent.Kind>
    /// How many levels of each side of an order book; exchanges give the next greater number they know.
    package var bookLevels: Int
    /// A text that tells this subscription from others, where an exchange wants one.
    package var ticket: String
    /// Shorter names in the messages, where an exchange has them.
    package var isShort: Bool

    package init(
        markets: [MarketCode], kinds: Set<MarketEvent.Kind> = Set(MarketEvent.Kind.allCases), bookLevels: Int = 15,
        ticket: String, isShort: Bool = true
    ) {
        self.markets = markets
        self.kinds = kinds
        self.bookLevels = bookLevels
        self.ticket = ticket
        self.isShort = isShort
    }
}

/// What keeps a connection open, and how long it may be silent.
package struct StreamKeepAlive: Sendable, Hashable {
    /// What the client sends.
    package enum Form: Sendable, Hashable {
        /// WebSocket's own ping.
        case ping
        /// A text message.
        case text(String)
    }

    package var form: Form
    /// How often it is sent.
    package var interval: Duration
    /// After how long without it the exchange closes the connection.
    package var idleLimit: Duration

    package init(form: Form, interval: Duration, idleLimit: Duration) {
        self.form = form
        self.interval = interval
        self.idleLimit = idleLimit
    }
}

/// What a message of an exchange's stream says.
package enum StreamSignal: Sendable {
    /// Something about a market; `isSnapshot` when it is the state on subscribing, which may be known already.
    case event(MarketEvent, isSnapshot: Bool)
    /// The exchange is there; an answer to the keep-alive.
    case alive(String)
    /// The exchange refuses what was asked, with its name for the reason; it usually closes the connection next.
    case refused(name: String, message: String)
    /// A message of a kind that is not asked for.
    case other(type: String)
    /// What is wrong with the message; the market where at least that could be read.
    case malformed(MalformedData, market: MarketCode?)
}
