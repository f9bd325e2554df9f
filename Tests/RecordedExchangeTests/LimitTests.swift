import Testing

@testable import RecordedExchange

@Suite("Request limits") struct LimitTests {
    private static let second: Int64 = 1_000_000_000

    @Test("ten requests a second pass in each group, the eleventh does not, the next second is a new one")
    func perSecond() {
        var limits = RequestLimits(policy: .upbit)
        for remaining in (0..<10).reversed() {
            #expect(limits.admit(.candles, now: Self.second + 5) == .allowed(remaining: remaining))
        }
        #expect(limits.admit(.candles, now: 2 * Self.second - 1) == .tooMany)
        #expect(limits.admit(.ticker, now: 2 * Self.second - 1) == .allowed(remaining: 9))
        #expect(limits.admit(.candles, now: 2 * Self.second) == .allowed(remaining: 9))
    }

    @Test("going on after many refusals brings a block, the next one is twice as long")
    func growingBlock() {
        var limits = RequestLimits(policy: .upbit)
        func hammer(at now: Int64) -> RequestLimits.Verdict {
            for _ in 0..<10 { _ = limits.admit(.candles, now: now) }
            for _ in 0..<RequestLimits.refusalsBeforeBlock { #expect(limits.admit(.candles, now: now) == .tooMany) }
            return limits.admit(.candles, now: now)
        }
        #expect(hammer(at: 0) == .blocked(seconds: 10))
        #expect(limits.admit(.ticker, now: 9 * Self.second + 1) == .blocked(seconds: 1))
        #expect(hammer(at: 10 * Self.second) == .blocked(seconds: 20))
        #expect(hammer(at: 30 * Self.second) == .blocked(seconds: 40))
        // After ten quiet minutes the next block is a first one again.
        #expect(hammer(at: 700 * Self.second) == .blocked(seconds: 10))
    }

    @Test("refusals far apart bring no block")
    func refusalsFarApart() {
        var limits = RequestLimits(policy: .upbit)
        for round in Int64(0)..<100 {
            let now = round * 11 * Self.second
            for _ in 0..<10 { _ = limits.admit(.market, now: now) }
            #expect(limits.admit(.market, now: now) == .tooMany)
        }
    }

    @Test("a request with an Origin header passes once in ten seconds")
    func origin() {
        var limits = RequestLimits(policy: .upbit)
        #expect(limits.admit(.ticker, withOrigin: true, now: 0) == .allowed(remaining: 9))
        #expect(limits.admit(.ticker, withOrigin: true, now: 9 * Self.second) == .tooMany)
        #expect(limits.admit(.ticker, withOrigin: false, now: 9 * Self.second) == .allowed(remaining: 9))
        #expect(limits.admit(.ticker, withOrigin: true, now: 10 * Self.second) == .allowed(remaining: 9))
    }

    @Test("without limits everything passes, except while a block on request lasts")
    func withoutLimits() {
        var limits = RequestLimits(policy: .none)
        for _ in 0..<1000 { #expect(limits.admit(.candles, now: 0) == .allowed(remaining: 9)) }
        limits.block(seconds: 2, now: 0)
        #expect(limits.admit(.candles, now: 2 * Self.second - 1) == .blocked(seconds: 1))
        #expect(limits.admit(.candles, now: 2 * Self.second) == .allowed(remaining: 9))
        limits.block(seconds: 2, now: 2 * Self.second)
        limits.forgive()
        #expect(limits.admit(.candles, now: 2 * Self.second) == .allowed(remaining: 9))
    }
}
