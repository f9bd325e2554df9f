package import CivilTime
package import Markets

/// One market event on its way from a collector to whoever listens.
package struct StreamMessage: Sendable {
    /// How the event reached us.
    package enum Origin: String, Sendable, Hashable {
        /// Sent by the exchange as it happened.
        case realtime
        /// Sent by the exchange on subscribing: possibly known already.
        case snapshot
        /// Asked for over REST after a gap.
        case fill
    }

    package let exchange: Exchange
    package let event: MarketEvent
    package let origin: Origin
    /// When its bytes were read from the socket, by the wall clock.
    package let receivedAt: Timestamp
    /// The same moment on the monotonic clock, in nanoseconds: for latencies within this process.
    package let receivedNanoseconds: UInt64

    package init(
        exchange: Exchange, event: MarketEvent, origin: Origin, receivedAt: Timestamp, receivedNanoseconds: UInt64
    ) {
        self.exchange = exchange
        self.event = event
        self.origin = origin
        self.receivedAt = receivedAt
        self.receivedNanoseconds = receivedNanoseconds
    }
}
