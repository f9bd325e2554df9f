package import CivilTime
package import Markets

/// A request for a market's past trades.
package struct FillRequest: Sendable, Hashable {
    package enum Purpose: Sendable, Hashable {
        /// Trades are known or suspected to be missing.
        case gap
        /// To see whether any is.
        case check
    }

    package let market: MarketCode
    package let purpose: Purpose
    /// Back to this time of the exchange.
    package let from: Timestamp
    /// How many trades to ask for at first.
    package let count: Int

    package init(market: MarketCode, purpose: Purpose, from: Timestamp, count: Int) {
        self.market = market
        self.purpose = purpose
        self.from = from
        self.count = count
    }
}

/// How a fill ended.
package struct FillOutcome: Sendable, Hashable {
    /// Trades that had not come over the stream.
    package var found: Int
    /// The time of the newest trade seen; nil when there was none.
    package var newest: Timestamp?
    /// Why it came to no end; nil for success.
    package var problem: String?

    package init(found: Int = 0, newest: Timestamp? = nil, problem: String? = nil) {
        self.found = found
        self.newest = newest
        self.problem = problem
    }
}

/// What is known of a market's trades, and what may be missing.
struct MarketCoverage: Sendable {
    var ledger = TradeLedger()
    /// Trades from then on may be missing.
    var missingSince: Timestamp?
    /// What is being asked.
    var running: FillRequest?
    /// No gap is asked for before.
    var retryAt = Duration.zero
    var failures = 0
    /// When the next comparison is due; nil before the first subscription.
    var nextCheck: Duration?
    /// Compared until then, by the exchange's time.
    var checkedUntil: Timestamp?
    /// Trades since the last comparison, to know how many to ask for.
    var tradesSinceCheck = 0
    /// Without any trade known: since when it is listened to, by our clock.
    var listeningSince: Timestamp?
    /// Whether it is known what was stored before the start.
    var isLookedUp = false
    /// The newest trade that was stored before the start; nil while that is not known, and when there was none.
    var storedUntil: Timestamp?

    /// From when on trades have not been compared with the exchange's list; nil before anything came.
    var uncheckedSince: Timestamp? { checkedUntil ?? ledger.remembersSince ?? listeningSince }

    /// Trades from `time` on may be missing.
    mutating func miss(since time: Timestamp) {
        missingSince = min(missingSince ?? time, time)
    }

    /// What comes from now on is not heard.
    mutating func lostConnection() {
        // Our clock may be ahead of the exchange's.
        guard let last = ledger.newest ?? listeningSince.map({ $0 - .seconds(60) }) else { return }
        miss(since: last)
    }
}

/// When to look for fills again.
struct GapSchedule: Sendable {
    /// Nothing is due before.
    var nextLook = Duration.zero
    /// The comparisons' share of requests allows none before.
    var nextCheckSlot = Duration.zero
    /// Fills under way, and how many of them are comparisons.
    var running = 0
    var checking = 0

    mutating func begin(_ request: FillRequest) {
        running += 1
        if request.purpose == .check { checking += 1 }
    }

    mutating func end(_ request: FillRequest) {
        running -= 1
        if request.purpose == .check { checking -= 1 }
        nextLook = .zero
    }
}
