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
