package import CivilTime
package import Collecting

/// The real-time path as pages, APIs and sockets see it.
///
/// Every question is bounded in rows, and answers within the patience of a page or throws.
package protocol LiveMarkets: Sendable {
    /// The tokens of the candle units that ``candles(_:)`` knows, smallest first.
    var candleUnits: [String] { get }

    /// The state of every collector, by exchange and name; empty when none runs.
    func collectors() async throws -> [CollectorStatus]

    /// What the path has done since its start.
    func figures() async throws -> StreamFigures

    /// Every market that is collected, by exchange and code.
    func symbols() async throws -> [LiveSymbol]

    /// What was last heard of every market, by exchange and code.
    func latest() async throws -> [LiveSnapshot]

    /// What was last heard of one market; nil when nothing was.
    func latest(_ id: LiveMarketID) async throws -> LiveSnapshot?

    /// Candles of a market, oldest first; empty when there are none.
    func candles(_ query: CandleQuery) async throws -> [LiveCandle]

    /// Trades of a market, newest first.
    func trades(_ query: TradeQuery) async throws -> [LiveTrade]

    /// What happens from now on, in batches of at least one, in each market's order.
    ///
    /// The buffer behind it is bounded and sheds order books first; it never holds up a publisher. Ending the iteration
    /// ends the subscription.
    ///
    /// - Parameter isWanted: asked for every message before it is converted; cheap, and its answers change.
    func updates(
        _ isWanted: @escaping @Sendable (LiveMarketID, LiveKind) -> Bool
    ) async throws -> any AsyncSequence<[LiveUpdate], any Error> & Sendable
}

extension LiveMarkets {
    package var candleUnits: [String] { ["1s", "1m", "3m", "5m", "10m", "15m", "30m", "1h", "4h", "1d"] }
}

/// Which candles: those that open in `from ..< to`, the newest `limit` of them.
package struct CandleQuery: Hashable, Sendable {
    package var id: LiveMarketID
    package var unit: String
    /// Nil for no bound.
    package var from: Timestamp?
    package var to: Timestamp?
    package var limit: Int

    package init(id: LiveMarketID, unit: String, from: Timestamp? = nil, to: Timestamp? = nil, limit: Int) {
        self.id = id
        self.unit = unit
        self.from = from
        self.to = to
        self.limit = limit
    }
}

/// Which trades: the newest `limit`, or the newest before a place in the list.
package struct TradeQuery: Hashable, Sendable {
    package var id: LiveMarketID
    package var limit: Int
    package var before: TradeCursor?

    package init(id: LiveMarketID, limit: Int, before: TradeCursor? = nil) {
        self.id = id
        self.limit = limit
        self.before = before
    }
}

/// A place in a market's list of trades, which goes by time and, within an instant, by sequential id.
package struct TradeCursor: Hashable, Sendable, CustomStringConvertible {
    package let at: Timestamp
    /// Nil for before every trade of the instant.
    package let sequentialID: Int64?

    package init(at: Timestamp, sequentialID: Int64?) {
        self.at = at
        self.sequentialID = sequentialID
    }

    package init(_ trade: LiveTrade) { self.init(at: trade.at, sequentialID: trade.sequentialID) }

    /// Reads ``description`` back, or an ISO 8601 instant; nil when it is neither.
    package init?(_ text: String) {
        if let instant = Timestamp(iso8601: text) {
            self.init(at: instant, sequentialID: nil)
            return
        }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, let at = Int64(parts[0]), let id = Int64(parts[1]) else { return nil }
        self.init(at: Timestamp(microseconds: at), sequentialID: id)
    }

    package var description: String {
        sequentialID.map { "\(at.microseconds)_\($0)" } ?? at.iso8601
    }
}
