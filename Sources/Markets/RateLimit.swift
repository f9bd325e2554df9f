/// How many requests an exchange takes in a time.
package struct RateLimit: Sendable, Hashable {
    /// How many requests, 1 or more.
    package var requests: Int
    /// In how long a time.
    package var period: Duration

    /// A limit; less than one request or a millisecond is raised to that.
    package init(requests: Int, per period: Duration) {
        self.requests = max(requests, 1)
        self.period = max(period, .milliseconds(1))
    }
}

/// The settings of one exchange's limiter.
package struct RateLimiterSettings: Sendable {
    /// The limit of groups without one of their own: Upbit's and most exchanges' 10 requests a second.
    package var limit: RateLimit
    /// The limits of groups that differ.
    package var groupLimits: [RequestGroup: RateLimit]
    /// The pause of a group after its first 429 without a Retry-After; it doubles with each further one.
    package var firstPause: Duration
    /// What a pause grows to at most.
    package var longestPause: Duration
    /// The wait after the first 418 without a Retry-After; it doubles with each further one.
    package var firstBlock: Duration
    /// What the wait after a 418 grows to at most.
    package var longestBlock: Duration

    /// Settings; the defaults are Upbit's documented limits.
    package init(
        limit: RateLimit = RateLimit(requests: 10, per: .seconds(1)), groupLimits: [RequestGroup: RateLimit] = [:],
        firstPause: Duration = .seconds(1), longestPause: Duration = .seconds(60),
        firstBlock: Duration = .seconds(60), longestBlock: Duration = .seconds(3600)
    ) {
        self.limit = limit
        self.groupLimits = groupLimits
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.firstBlock = firstBlock
        self.longestBlock = longestBlock
    }
}

/// What became of a request, as far as the limit is concerned.
package enum LimiterReport: Sendable, Hashable {
    /// The exchange answered; `remaining` is what it still takes in this second, when it said so.
    case answered(remaining: Int?)
    /// Status 429.
    case tooMany(retryAfter: Duration?)
    /// Status 418: the whole address is shut out.
    case blocked(retryAfter: Duration?)
    /// No answer came.
    case noAnswer
}

/// The right to send one request; it must be handed back with a report.
package struct RatePermit: Sendable, Hashable {
    /// The group of requests that it is for.
    package let group: RequestGroup
    /// On the limiter's own time line.
    let grantedAt: Duration
}
