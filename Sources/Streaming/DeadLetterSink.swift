package import CivilTime
package import Markets

/// Takes what an exchange sent and what could not be understood, with its bytes, so that nothing is lost unseen.
///
/// An implementation is bounded: it may drop letters, and counts them. It never throws: a letter that cannot be kept
/// must not stop the stream.
package protocol DeadLetterSink: Sendable {
    func accept(_ letters: [DeadLetter]) async
}

/// One message, or one row of a reply, that did not decode.
package struct DeadLetter: Sendable, Hashable {
    package let exchange: Exchange
    /// The market, where the bytes told at least that.
    package let market: MarketCode?
    /// The message as it came, cut to ``longestBody`` bytes.
    package let bytes: [UInt8]
    /// How long the message was.
    package let length: Int
    /// What is wrong with it: field and byte, what was found and what would be right.
    package let reason: String
    package let receivedAt: Timestamp

    /// How much of a message is kept.
    package static let longestBody = 64 * 1024

    package init(
        exchange: Exchange, market: MarketCode?, bytes: some Collection<UInt8>, reason: String, receivedAt: Timestamp
    ) {
        self.exchange = exchange
        self.market = market
        self.bytes = Array(bytes.prefix(Self.longestBody))
        length = bytes.count
        self.reason = reason
        self.receivedAt = receivedAt
    }
}

/// Forgets them; they are still counted by the collector.
package struct NoDeadLetters: DeadLetterSink {
    package init() {}

    package func accept(_ letters: [DeadLetter]) async {}
}
