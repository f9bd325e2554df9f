import CivilTime
import Markets
import TestClocks
import Testing

@Suite("Rate limiter", .timeLimit(.minutes(1))) struct RateLimiterTests {
    private let clock = ManualClock()
    private let start = Timestamp(seconds: 1_800_000_000)

    private func limiter(requests: Int = 2) -> RateLimiter {
        let clock = clock
        let start = start
        return RateLimiter(
            exchange: .upbit, settings: RateLimiterSettings(limit: .init(requests: requests, per: .seconds(1))),
            clock: clock, wallClock: { start + clock.now.offset })
    }

    private func failure(_ body: () async throws(MarketError) -> RatePermit) async -> MarketError.Kind? {
        do throws(MarketError) {
            _ = try await body()
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("the third of two a second waits for the next second")
    func waiting() async throws {
        let limiter = limiter()
        _ = try await limiter.acquire(.candles)
        _ = try await limiter.acquire(.candles)
        async let third = limiter.acquire(.candles)
        await clock.sleeper(until: .seconds(1))
        clock.advance(to: .seconds(1))
        #expect(try await third.group == .candles)
    }

    @Test("waiters go in the order of asking")
    func fairness() async throws {
        let limiter = limiter(requests: 1)
        _ = try await limiter.acquire(.candles)
        let (order, source) = AsyncStream.makeStream(of: Int.self)
        var arrivals = order.makeAsyncIterator()
        let first = Task {
            _ = try await limiter.acquire(.candles)
            source.yield(1)
        }
        await clock.sleeper(until: .seconds(1))
        let second = Task {
            _ = try await limiter.acquire(.candles)
            source.yield(2)
        }
        clock.advance(to: .seconds(1))
        #expect(await arrivals.next() == 1)
        await clock.sleeper(until: .seconds(2))
        clock.advance(to: .seconds(2))
        #expect(await arrivals.next() == 2)
        try await first.value
        try await second.value
    }

    @Test("a cancelled waiter leaves the queue at once")
    func cancellation() async throws {
        let limiter = limiter(requests: 1)
        _ = try await limiter.acquire(.candles)
        let waiter = Task { await failure { () async throws(MarketError) in try await limiter.acquire(.candles) } }
        await clock.sleeper(until: .seconds(1))
        waiter.cancel()
        guard case .cancelled = await waiter.value else {
            Issue.record("not cancelled")
            return
        }
        // Its place is free for the next.
        async let next = limiter.acquire(.candles)
        await clock.sleeper(until: .seconds(1))
        clock.advance(to: .seconds(1))
        _ = try await next
    }

    @Test("a 418 makes callers wait, or tells them its end when they cannot")
    func block() async throws {
        let limiter = limiter()
        let permit = try await limiter.acquire(.candles)
        let until = await limiter.report(permit, .blocked(retryAfter: .seconds(90)))
        #expect(until == start + .seconds(90))
        let kind = await failure { () async throws(MarketError) in
            try await limiter.acquire(.ticker, maximumWait: .seconds(89))
        }
        guard case .blocked(let end) = kind else {
            Issue.record("expected a block, got \(String(describing: kind))")
            return
        }
        #expect(end == start + .seconds(90))
        async let patient = limiter.acquire(.ticker, maximumWait: .seconds(100))
        await clock.sleeper(until: .seconds(90))
        clock.advance(to: .seconds(90))
        let later = try await patient
        #expect(await limiter.report(later, .answered(remaining: nil)) == nil)
    }

    @Test("a pause longer than the waiting time fails at once")
    func pause() async throws {
        let limiter = limiter()
        let permit = try await limiter.acquire(.candles)
        await limiter.report(permit, .tooMany(retryAfter: .seconds(5)))
        let kind = await failure { () async throws(MarketError) in
            try await limiter.acquire(.candles, maximumWait: .seconds(4))
        }
        guard case .rateLimited = kind else {
            Issue.record("expected rateLimited, got \(String(describing: kind))")
            return
        }
        _ = try await limiter.acquire(.ticker, maximumWait: .zero)
    }

    @Test("a process has one limiter an exchange")
    func registry() {
        let limiters = RateLimiters()
        #expect(limiters.limiter(for: .upbit) === limiters.limiter(for: .upbit))
        #expect(limiters.limiter(for: .upbit) !== limiters.limiter(for: .binance))
        #expect(RateLimiters.shared.limiter(for: .upbit) === RateLimiters.shared.limiter(for: .upbit))
    }
}
