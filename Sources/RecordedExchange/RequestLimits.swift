/// Which request limits the exchange enforces.
package enum LimitPolicy: String, Sendable, CaseIterable {
    /// Those of Upbit: see `RequestLimits`.
    case upbit
    /// None; answers still carry `Remaining-Req`.
    case none
}

/// Upbit's request limits as a value: requests and moments in, verdicts out.
///
/// Documented (docs.upbit.com, rate limits, read 2026-11): 10 requests a second in each quotation group, one in 10 seconds
/// for requests with an `Origin` header, 429 above that, and 418 with a growing block for those who go on. Not documented
/// and assumed here: seconds are counted from the process's start, a block follows 30 refusals of which none is more than
/// 10 s after the one before, the first block lasts 10 s, each later one twice as long up to 10 minutes, and after
/// 10 minutes without a refusal the next block is a first one again.
struct RequestLimits: Sendable {
    enum Verdict: Sendable, Equatable {
        /// Remaining requests of the second.
        case allowed(remaining: Int)
        case tooMany
        case blocked(seconds: Int)
    }

    static let perSecond = 10
    static let refusalsBeforeBlock = 30
    static let originInterval: Int64 = 10
    private static let second: Int64 = 1_000_000_000

    let policy: LimitPolicy
    private var windows: [ExchangeReply.Group: (second: Int64, used: Int)] = [:]
    private var lastWithOrigin: Int64?
    private var refusals = 0
    private var lastRefusal: Int64?
    private var blockedUntil: Int64?
    private var nextBlockSeconds: Int64 = 10

    init(policy: LimitPolicy) {
        self.policy = policy
    }

    /// Counts a request.
    ///
    /// - Parameter now: nanoseconds of a clock that only goes forward.
    mutating func admit(_ group: ExchangeReply.Group, withOrigin: Bool = false, now: Int64) -> Verdict {
        if let until = blockedUntil {
            if now < until { return .blocked(seconds: Int((until - now + Self.second - 1) / Self.second)) }
            blockedUntil = nil
        }
        guard policy == .upbit else { return .allowed(remaining: Self.perSecond - 1) }
        if withOrigin {
            if let last = lastWithOrigin, now - last < Self.originInterval * Self.second { return refuse(now: now) }
            lastWithOrigin = now
        }
        let second = now / Self.second
        var window = windows[group] ?? (second, 0)
        if window.second != second { window = (second, 0) }
        guard window.used < Self.perSecond else { return refuse(now: now) }
        window.used += 1
        windows[group] = window
        return .allowed(remaining: Self.perSecond - window.used)
    }

    /// Answers 418 to everything for a while, whatever the policy: the `418` fault.
    mutating func block(seconds: Int64, now: Int64) {
        blockedUntil = now + seconds * Self.second
    }

    /// Ends a block and forgets all refusals.
    mutating func forgive() {
        self = RequestLimits(policy: policy)
    }

    private mutating func refuse(now: Int64) -> Verdict {
        let quiet = lastRefusal.map { now - $0 } ?? 0
        if quiet > 10 * Self.second { refusals = 0 }
        if quiet > 600 * Self.second { nextBlockSeconds = 10 }
        lastRefusal = now
        refusals += 1
        guard refusals > Self.refusalsBeforeBlock else { return .tooMany }
        refusals = 0
        let seconds = nextBlockSeconds
        nextBlockSeconds = min(seconds * 2, 600)
        block(seconds: seconds, now: now)
        return .blocked(seconds: Int(seconds))
    }
}
