import SeededRandom
import Testing

@testable import Markets

@Suite("Rate limiter's decisions") struct RateLimiterStateTests {
    private var state = RateLimiterState(settings: RateLimiterSettings(limit: .init(requests: 3, per: .seconds(1))))

    private func granted(_ decisions: [RateLimiterState.Decision]) -> [RatePermit] {
        decisions.compactMap { if case .granted(_, let permit) = $0 { permit } else { nil } }
    }

    private mutating func ask(
        _ tickets: ClosedRange<UInt64>, _ group: RequestGroup = .candles, deadline: Duration? = nil
    ) {
        for ticket in tickets { state.request(ticket: ticket, group: group, deadline: deadline) }
    }

    @Test("requests beyond the limit wait for the window to slide, in order")
    mutating func slidingWindow() {
        ask(1...2)
        #expect(state.advance(now: .zero).map(\.ticket) == [1, 2])
        ask(3...8)
        #expect(state.advance(now: .milliseconds(400)).map(\.ticket) == [3])
        #expect(state.nextDecision(now: .milliseconds(400)) == .seconds(1))
        #expect(state.advance(now: .milliseconds(999)).isEmpty)
        #expect(state.advance(now: .seconds(1)).map(\.ticket) == [4, 5])
        #expect(state.nextDecision(now: .seconds(1)) == .milliseconds(1400))
        #expect(state.advance(now: .milliseconds(1400)).map(\.ticket) == [6])
        #expect(state.advance(now: .seconds(10)).map(\.ticket) == [7, 8])
        #expect(state.nextDecision(now: .seconds(10)) == nil)
    }

    @Test("groups have limits of their own")
    mutating func groups() {
        ask(1...3, .candles)
        ask(4...6, .ticker)
        #expect(Set(state.advance(now: .zero).map(\.ticket)) == Set(1...6))
    }

    @Test("what the exchange says remains is kept for a period, less what is under way")
    mutating func remaining() {
        ask(1...1)
        let first = granted(state.advance(now: .zero))
        state.report(first[0], .answered(remaining: 1), now: .milliseconds(100))
        ask(2...4)
        #expect(state.advance(now: .milliseconds(100)).map(\.ticket) == [2])
        #expect(state.nextDecision(now: .milliseconds(100)) == .milliseconds(1100))
        #expect(state.advance(now: .milliseconds(1100)).map(\.ticket) == [3, 4])
    }

    @Test("nothing remaining stops the group until the next second")
    mutating func nothingRemains() {
        ask(1...1)
        let first = granted(state.advance(now: .zero))
        state.report(first[0], .answered(remaining: 0), now: .milliseconds(50))
        ask(2...2)
        #expect(state.advance(now: .milliseconds(50)).isEmpty)
        #expect(state.advance(now: .milliseconds(1050)).map(\.ticket) == [2])
    }

    @Test("a 429 pauses its group, longer with each one, and an answer ends the growth")
    mutating func pauses() {
        var now = Duration.zero
        for (ticket, pause) in [(1, 1), (2, 2), (3, 4), (4, 8)] as [(UInt64, Int)] {
            ask(ticket...ticket)
            let permits = granted(state.advance(now: now))
            #expect(permits.count == 1)
            state.report(permits[0], .tooMany(retryAfter: nil), now: now)
            ask(100 + ticket...100 + ticket)
            #expect(state.advance(now: now).isEmpty)
            #expect(state.nextDecision(now: now) == now + .seconds(pause))
            state.cancel(ticket: 100 + ticket)
            now += .seconds(pause)
        }
        ask(5...5)
        let answered = granted(state.advance(now: now))
        state.report(answered[0], .answered(remaining: nil), now: now)
        ask(6...6)
        let sixth = granted(state.advance(now: now))
        state.report(sixth[0], .tooMany(retryAfter: nil), now: now)
        ask(7...7)
        #expect(state.nextDecision(now: now) == now + .seconds(1))
    }

    @Test("several 429 for requests sent together count as one")
    mutating func pausesTogether() {
        ask(1...3)
        let permits = granted(state.advance(now: .zero))
        for permit in permits { state.report(permit, .tooMany(retryAfter: nil), now: .milliseconds(20)) }
        ask(4...4)
        #expect(state.nextDecision(now: .milliseconds(20)) == .milliseconds(1020))
    }

    @Test("a Retry-After is kept to")
    mutating func retryAfter() {
        ask(1...1)
        let permits = granted(state.advance(now: .zero))
        state.report(permits[0], .tooMany(retryAfter: .seconds(7)), now: .zero)
        ask(2...2)
        #expect(state.nextDecision(now: .zero) == .seconds(7))
    }

    @Test("a 418 stops every group; those who cannot wait that long learn its end")
    mutating func block() {
        ask(1...1)
        let permits = granted(state.advance(now: .zero))
        state.report(permits[0], .blocked(retryAfter: nil), now: .zero)
        ask(2...2, .ticker)
        ask(3...3, .market, deadline: .seconds(59))
        ask(4...4, .market, deadline: .seconds(61))
        #expect(state.advance(now: .zero) == [.blocked(ticket: 3, until: .seconds(60))])
        #expect(Set(state.advance(now: .seconds(60)).map(\.ticket)) == [2, 4])
    }

    @Test("a waiting time that ends is told at its end")
    mutating func deadline() {
        ask(1...3)
        _ = state.advance(now: .zero)
        ask(4...4, deadline: .milliseconds(500))
        ask(5...5)
        #expect(state.nextDecision(now: .zero) == .milliseconds(500))
        #expect(state.advance(now: .milliseconds(500)) == [.tooLate(ticket: 4)])
        #expect(state.advance(now: .seconds(1)).map(\.ticket) == [5])
    }

    @Test("no window of a second ever sees more than the limit", arguments: 0..<20 as Range<UInt64>)
    mutating func neverMore(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var now = Duration.zero
        var ticket: UInt64 = 0
        var grants: [Duration] = []
        var open: [RatePermit] = []
        for _ in 0..<500 {
            now += .milliseconds(Int.random(in: 0...200, using: &generator))
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                ticket += 1
                state.request(ticket: ticket, group: .candles, deadline: nil)
            }
            let permits = granted(state.advance(now: now))
            grants += permits.map(\.grantedAt)
            open += permits
            if !open.isEmpty, Bool.random(using: &generator) {
                let remaining = Int.random(in: 0...3, using: &generator)
                state.report(open.removeFirst(), .answered(remaining: remaining), now: now)
            }
            #expect(grants.filter { $0 + .seconds(1) > now }.count <= 3)
        }
        #expect(state.advance(now: now + .seconds(3600)).count <= 3)
        #expect(grants.count > 100)
    }
}
