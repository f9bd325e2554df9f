package import CivilTime

/// A collector's state with its figures, at one moment.
package struct CollectorStatus: Sendable, Hashable {
    /// The exchange's token, such as `upbit`.
    package let exchange: String
    /// Distinguishes collectors of one exchange.
    package var name: String
    /// The exchange's own codes.
    package var markets: [String]
    package var state: CollectorState
    /// Why it is in this state, a sentence; empty for running.
    package var reason: String
    /// Since when it is in this state.
    package var since: Timestamp
    /// When the last message came that could be used; health is its age.
    package var lastMessageAt: Timestamp?
    /// Messages a second, over the last 10 seconds.
    package var rate: Double
    /// Arrival less the exchange's time of the last trade, in seconds; clocks may differ.
    package var lagSeconds: Double?
    /// Since the start.
    package var messages: Int
    package var reconnects: Int
    /// Gaps found, and trades that filled them over REST.
    package var gaps: Int
    package var filledTrades: Int
    /// Messages that did not decode.
    package var malformed: Int
    /// Messages shed because something behind was slow.
    package var shed: Int
    /// Messages in each of the last 60 seconds, oldest first.
    package var history: [Int]

    package init(
        exchange: String, name: String, markets: [String], state: CollectorState = .starting,
        reason: String = "", since: Timestamp, lastMessageAt: Timestamp? = nil, rate: Double = 0,
        lagSeconds: Double? = nil, messages: Int = 0, reconnects: Int = 0, gaps: Int = 0, filledTrades: Int = 0,
        malformed: Int = 0, shed: Int = 0, history: [Int] = []
    ) {
        self.exchange = exchange
        self.name = name
        self.markets = markets
        self.state = state
        self.reason = reason
        self.since = since
        self.lastMessageAt = lastMessageAt
        self.rate = rate
        self.lagSeconds = lagSeconds
        self.messages = messages
        self.reconnects = reconnects
        self.gaps = gaps
        self.filledTrades = filledTrades
        self.malformed = malformed
        self.shed = shed
        self.history = history
    }
}
