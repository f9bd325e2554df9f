/// How the trades between recorded candles are made.
package struct TickSettings: Sendable, Equatable {
    /// Another seed makes other trades of the same candles.
    package var seed: UInt64
    /// How many trades a market has in a second, on average.
    package var tradesPerSecond: Double

    package init(seed: UInt64 = 1, tradesPerSecond: Double = 2) {
        self.seed = seed
        self.tradesPerSecond = tradesPerSecond
    }

    /// What `tradesPerSecond` may be.
    package static let rates = 0.1...20_000.0
}
