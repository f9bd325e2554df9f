package import Markets

/// How a collector connects, waits, checks and bounds; the defaults are for Upbit's limits.
package struct CollectorSettings: Sendable {
    /// What is asked for.
    package var kinds = Set(MarketEvent.Kind.allCases)
    /// How many levels of each side of an order book.
    package var bookLevels = 15

    // MARK: Connecting

    /// The first wait before connecting again is a random time up to this; it doubles with each try that fails.
    package var firstBackoff = Duration.seconds(1)
    /// What the wait grows to at most.
    package var longestBackoff = Duration.seconds(60)
    /// The shortest wait, so that the exchange's own limit of connections is kept.
    package var shortestBackoff = Duration.milliseconds(250)
    /// After so long a time of good messages the next wait starts small again.
    package var stableAfter = Duration.seconds(60)
    /// So many tries in a row without a stable time are called failing.
    package var failingAfter = 3
    /// The shortest time between two subscriptions of one connection.
    package var subscriptionSpacing = Duration.seconds(1)

    // MARK: Health

    /// The shortest silence that is called a stall.
    package var stallAfter = Duration.seconds(30)
    /// The silence that is called a stall, in usual spacings of messages.
    package var stallSpacings = 20.0
    /// The longest silence that is not called a stall, however quiet the markets are.
    package var longestSilence = Duration.seconds(600)
    /// How long a stalled connection gets to speak again before it is given up.
    package var stallGrace = Duration.seconds(10)

    // MARK: Gaps

    /// After subscribing, the wait before past trades are asked for, so that none falls between both.
    package var fillDelay = Duration.seconds(1)
    /// How far before the last known trade is asked again: trades of one moment come in no certain order.
    package var overlap = Duration.seconds(5)
    /// At the start, how far before the last stored trade is asked again: what a crash lost may be older than it.
    package var startOverlap = Duration.seconds(600)
    /// The age of the oldest trades that the exchange still gives.
    package var longestFill = Duration.seconds(7 * 86_400)
    /// How often each market's trades are compared with what was received.
    package var checkInterval = Duration.seconds(60)
    /// The shortest time between the beginnings of two comparisons, of whatever markets.
    package var checkSpacing = Duration.milliseconds(250)
    /// A trade younger than this against its market's newest is still expected over the stream.
    package var checkGrace = Duration.seconds(3)
    /// How many markets are filled at once.
    package var maximumFills = 4
    /// How many of these may be comparisons, which are long in busy markets: gaps are not to wait for them.
    package var maximumChecks = 2
    /// The first wait after a fill that failed; it doubles with each further one.
    package var firstFillRetry = Duration.seconds(2)
    /// What that wait grows to at most.
    package var longestFillRetry = Duration.seconds(300)

    // MARK: Bounds

    /// How many messages wait for the bus; then order books are shed first, then tickers, then trades.
    package var bufferedMessages = 20_000
    /// How many messages are handed to the bus at once.
    package var publishedAtOnce = 1_000
    /// How many undecodable messages wait for their sink; further ones are only counted.
    package var bufferedLetters = 200
    /// How many trades of a market are remembered, to recognise them.
    ///
    /// Those between two comparisons even at 1,000 a second: a comparison publishes again what is not known any more.
    /// About 6 MB where a market is that busy.
    package var rememberedTrades = 131_072
    /// For how long they are remembered.
    package var rememberedTime = Duration.seconds(900)

    package init() {}
}
