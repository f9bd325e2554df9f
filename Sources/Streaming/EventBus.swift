package import Markets

/// Carries market events from collectors to sinks and pages.
///
/// An implementation keeps the order of one market's messages from one publisher. A subscriber that falls behind loses
/// messages by its own policy, never another subscriber's, and never makes a publisher wait unless its policy says so.
package protocol EventBus: Sendable {
    /// Hands messages to every subscription whose filter they pass.
    ///
    /// Returns when they are accepted; with a subscriber of policy ``Overflow/wait`` that is full, only when it has room.
    func publish(_ messages: [StreamMessage]) async throws

    /// A stream of the messages published from now on, in batches of at least one.
    ///
    /// Ending the iteration, or cancelling the task that iterates, ends the subscription.
    func subscribe(_ request: SubscriptionRequest) async throws -> any BusSubscription
}

/// What a subscriber wants to hear, and what happens when it is slow.
package struct SubscriptionRequest: Sendable {
    /// What a full buffer does.
    package enum Overflow: Sendable, Hashable {
        /// Publishers wait: for sinks that must not lose anything.
        case wait
        /// Order books are shed first, then tickers, then trades, the oldest of each kind first; all are counted.
        case shed
    }

    /// A name for status and logs.
    package var name: String
    /// The kinds to hear.
    package var kinds: Set<MarketEvent.Kind>
    /// The exchanges and markets to hear; nil for all.
    package var markets: Set<StreamKey>?
    /// The most messages waiting for the subscriber.
    package var capacity: Int
    package var overflow: Overflow

    package init(
        name: String, kinds: Set<MarketEvent.Kind> = Set(MarketEvent.Kind.allCases), markets: Set<StreamKey>? = nil,
        capacity: Int = 8_192, overflow: Overflow = .shed
    ) {
        self.name = name
        self.kinds = kinds
        self.markets = markets
        self.capacity = capacity
        self.overflow = overflow
    }
}

/// A market of an exchange.
package struct StreamKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let exchange: Exchange
    package let market: MarketCode

    package init(exchange: Exchange, market: MarketCode) {
        self.exchange = exchange
        self.market = market
    }

    package var description: String { "\(exchange)/\(market)" }

    package static func < (left: StreamKey, right: StreamKey) -> Bool {
        (left.exchange.rawValue, left.market) < (right.exchange.rawValue, right.market)
    }
}

/// A subscriber's end of the bus.
package protocol BusSubscription: AsyncSequence, Sendable where Element == [StreamMessage], Failure == any Error {
    /// How many messages of each kind were shed because the subscriber was slow.
    var shed: [MarketEvent.Kind: Int] { get }
    /// How many messages wait for the subscriber.
    var waiting: Int { get }

    /// Accepts nothing further: the iteration gets what was accepted before, then ends.
    func finish()
}
