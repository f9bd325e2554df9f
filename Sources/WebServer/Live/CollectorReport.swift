package import CivilTime

/// A collector's state with its figures, as pages and metrics show it.
package struct CollectorReport: Hashable, Sendable {
    /// What it does; the token is shown and counted.
    package enum State: String, Hashable, Sendable, CaseIterable {
        case starting, running, stalled, reconnecting, stopped, failing
    }

    package let exchange: String
    /// Distinguishes collectors of one exchange.
    package let name: String
    package var markets: [String]
    package var state: State
    /// Why it is in this state, a sentence; empty for running.
    package var reason: String
    package var since: Timestamp
    /// When the last message came that could be used; health is its age.
    package var lastMessageAt: Timestamp?
    /// Messages a second.
    package var rate: Double
    /// Arrival less the exchange's time; clocks may differ.
    package var lagSeconds: Double?
    /// These count from the start.
    package var messages: Int
    package var reconnects: Int
    package var gaps: Int
    package var filledTrades: Int
    package var malformed: Int
    package var shed: Int
    /// Messages in each of the last 60 seconds, oldest first.
    package var history: [Int]

    package init(
        exchange: String, name: String, markets: [String], state: State, reason: String = "", since: Timestamp,
        lastMessageAt: Timestamp? = nil, rate: Double = 0, lagSeconds: Double? = nil, messages: Int = 0,
        reconnects: Int = 0, gaps: Int = 0, filledTrades: Int = 0, malformed: Int = 0, shed: Int = 0,
        history: [Int] = []
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

/// What the real-time path has done since its start, beyond what each collector says.
package struct StreamFigures: Hashable, Sendable {
    /// Messages of one exchange and kind.
    package struct Count: Hashable, Sendable {
        package let exchange: String
        package let kind: LiveKind
        package let messages: Int

        package init(exchange: String, kind: LiveKind, messages: Int) {
            self.exchange = exchange
            self.kind = kind
            self.messages = messages
        }
    }

    package var messages: [Count]
    /// Trades written, and those that were there already.
    package var storedTrades: Int
    package var duplicateTrades: Int
    /// Messages set aside because they did not decode.
    package var deadLetters: Int
    /// Commits of trades, and how long the last one took; nil before the first.
    package var commits: Int
    package var lastCommitSeconds: Double?
    /// Messages waiting for the database.
    package var waiting: Int

    package init(
        messages: [Count] = [], storedTrades: Int = 0, duplicateTrades: Int = 0, deadLetters: Int = 0,
        commits: Int = 0, lastCommitSeconds: Double? = nil, waiting: Int = 0
    ) {
        self.messages = messages
        self.storedTrades = storedTrades
        self.duplicateTrades = duplicateTrades
        self.deadLetters = deadLetters
        self.commits = commits
        self.lastCommitSeconds = lastCommitSeconds
        self.waiting = waiting
    }
}
