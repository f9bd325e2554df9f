/// The decisions of a rate limiter: who may go when.
///
/// It has no clock; times are given to it, counted from any start.
///
/// A group's requests go in the order of asking when all of these hold:
/// - fewer than the limit were granted within the last period (a sliding window keeps every alignment of the
///   exchange's own window),
/// - the exchange's last word on what remains, at most one period old, exceeds what is under way,
/// - the group is not pausing after a 429, and the exchange has not shut us out by a 418.
struct RateLimiterState: Sendable {
    enum Decision: Sendable, Equatable {
        case granted(ticket: UInt64, RatePermit)
        /// The waiting time is over, or will be before a pause ends.
        case tooLate(ticket: UInt64)
        /// The block ends after the waiting time.
        case blocked(ticket: UInt64, until: Duration)
    }

    private struct Waiter: Sendable {
        let ticket: UInt64
        let deadline: Duration?

        func cannotWait(until instant: Duration) -> Bool {
            deadline.map { $0 < instant } ?? false
        }
    }

    private struct Group: Sendable {
        var limit: RateLimit
        var grants: [Duration] = []
        var underWay = 0
        var remaining: (count: Int, at: Duration)?
        var pause = Backoff()
        var waiters: [Waiter] = []
    }

    /// A time to wait that grows while the same trouble comes back.
    private struct Backoff: Sendable {
        private(set) var until = Duration.zero
        private var since = Duration.zero
        private var count = 0

        /// Requests granted before the trouble was known do not count as a repetition of it.
        mutating func extend(
            now: Duration, permit: RatePermit, retryAfter: Duration?, first: Duration, longest: Duration
        ) {
            if count == 0 || permit.grantedAt >= since {
                count += 1
                since = now
            }
            var length = first
            for _ in 1..<count where length < longest { length *= 2 }
            until = max(until, now + (retryAfter ?? min(length, longest)))
        }

        mutating func relax(permit: RatePermit) {
            if permit.grantedAt >= since { count = 0 }
        }
    }

    private let settings: RateLimiterSettings
    private var groups: [RequestGroup: Group] = [:]
    private var block = Backoff()

    init(settings: RateLimiterSettings) {
        self.settings = settings
    }

    /// When the exchange's block ends, or ended.
    var blockedUntil: Duration { block.until }

    mutating func request(ticket: UInt64, group: RequestGroup, deadline: Duration?) {
        var asked = groups[group] ?? emptyGroup(group)
        asked.waiters.append(Waiter(ticket: ticket, deadline: deadline))
        groups[group] = asked
    }

    /// Takes a waiting request back; one that is decided stays so.
    mutating func cancel(ticket: UInt64) {
        for group in groups.keys { groups[group]?.waiters.removeAll { $0.ticket == ticket } }
    }

    mutating func report(_ permit: RatePermit, _ report: LimiterReport, now: Duration) {
        var group = groups[permit.group] ?? emptyGroup(permit.group)
        group.underWay = max(group.underWay - 1, 0)
        switch report {
        case .answered(let remaining):
            if let remaining { group.remaining = (remaining, now) }
            group.pause.relax(permit: permit)
            block.relax(permit: permit)
        case .tooMany(let retryAfter):
            group.pause.extend(
                now: now, permit: permit, retryAfter: retryAfter, first: settings.firstPause,
                longest: settings.longestPause)
        case .blocked(let retryAfter):
            block.extend(
                now: now, permit: permit, retryAfter: retryAfter, first: settings.firstBlock,
                longest: settings.longestBlock)
        case .noAnswer:
            break
        }
        groups[permit.group] = group
    }

    /// Everything that can be decided at this time, in order.
    mutating func advance(now: Duration) -> [Decision] {
        var decisions: [Decision] = []
        for name in groups.keys {
            guard var group = groups[name] else { continue }
            group.grants.removeAll { $0 + group.limit.period <= now }
            let count = decisions.count
            while let head = group.waiters.first, earliest(group, now: now) <= now {
                group.waiters.removeFirst()
                group.grants.append(now)
                group.underWay += 1
                decisions.append(.granted(ticket: head.ticket, RatePermit(group: name, grantedAt: now)))
            }
            for waiter in group.waiters {
                if waiter.cannotWait(until: block.until) {
                    decisions.append(.blocked(ticket: waiter.ticket, until: block.until))
                } else if waiter.cannotWait(until: group.pause.until) || waiter.deadline.map({ $0 <= now }) == true {
                    decisions.append(.tooLate(ticket: waiter.ticket))
                }
            }
            let refused = Set(decisions[count...].map(\.ticket))
            group.waiters.removeAll { refused.contains($0.ticket) }
            groups[name] = group
        }
        return decisions
    }

    /// When to call `advance` next; nil when nobody waits.
    func nextDecision(now: Duration) -> Duration? {
        var next: Duration?
        for group in groups.values where !group.waiters.isEmpty {
            let times = [earliest(group, now: now)] + group.waiters.compactMap(\.deadline)
            next = times.reduce(next) { earlier, time in earlier.map { min($0, time) } ?? time }
        }
        return next
    }

    /// When the group's next request may go, as far as is known now.
    private func earliest(_ group: Group, now: Duration) -> Duration {
        var time = max(now, block.until, group.pause.until)
        if group.grants.count >= group.limit.requests {
            time = max(time, group.grants[group.grants.count - group.limit.requests] + group.limit.period)
        }
        if let remaining = group.remaining, remaining.count <= group.underWay {
            time = max(time, remaining.at + group.limit.period)
        }
        return time
    }

    private func emptyGroup(_ name: RequestGroup) -> Group {
        Group(limit: settings.groupLimits[name] ?? settings.limit)
    }
}

extension RateLimiterState.Decision {
    var ticket: UInt64 {
        switch self {
        case .granted(let ticket, _), .tooLate(let ticket), .blocked(let ticket, _): ticket
        }
    }
}
