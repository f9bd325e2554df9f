import Markets
import Synchronization

/// The latest values in this process's memory.
package final class InMemoryLatestValues: LatestValues {
    private let markets = Mutex<[StreamKey: LatestMarket]>([:])

    package init() {}

    package func take(_ messages: [StreamMessage]) async throws {
        markets.withLock { markets in
            for message in messages {
                let key = StreamKey(exchange: message.exchange, market: message.event.market)
                markets[key, default: LatestMarket(key: key)].take(message)
            }
        }
    }

    package func latest(_ key: StreamKey) async throws -> LatestMarket? {
        markets.withLock { $0[key] }
    }

    package func all() async throws -> [LatestMarket] {
        markets.withLock { Array($0.values) }.sorted { $0.key < $1.key }
    }
}

extension LatestMarket {
    /// Takes a message of this market if it is newer than the one of its kind.
    ///
    /// Trades are ordered by time and sequential id. Tickers and books of one instant differ in what moved since (the
    /// sums of 24 hours), so of those the one that came last counts.
    package mutating func take(_ message: StreamMessage) {
        switch message.event {
        case .trade(let new):
            if case .trade(let old)? = trade?.event,
                (old.tradedAt, old.sequentialID) >= (new.tradedAt, new.sequentialID)
            {
                return
            }
            trade = message
        case .ticker(let new):
            if let known = ticker, case .ticker(let old) = known.event,
                (old.exchangeTime, known.receivedAt) > (new.exchangeTime, message.receivedAt)
            {
                return
            }
            ticker = message
        case .orderBook(let new):
            if let known = orderBook, case .orderBook(let old) = known.event,
                (old.exchangeTime, known.receivedAt) > (new.exchangeTime, message.receivedAt)
            {
                return
            }
            orderBook = message
        }
    }
}
