/// The latest trade, ticker and order book of every market.
///
/// A value never goes back: an older one (by the exchange's time; trades of the same time by sequential id) does not
/// replace a newer one, whatever order they come in.
package protocol LatestValues: Sendable {
    /// Takes what is newer than what is known.
    func take(_ messages: [StreamMessage]) async throws

    /// The latest of one market; nil when nothing was heard of it.
    func latest(_ key: StreamKey) async throws -> LatestMarket?

    /// The latest of every market heard of, in the order of their keys.
    func all() async throws -> [LatestMarket]
}

/// What was last heard of a market.
package struct LatestMarket: Sendable {
    package let key: StreamKey
    package var trade: StreamMessage?
    package var ticker: StreamMessage?
    package var orderBook: StreamMessage?

    package init(key: StreamKey) { self.key = key }
}
