import FoundationEssentials
import Testing

@testable import RecordedExchange

@Suite("Faults") struct FaultTests {
    private func hits(_ fault: Fault, of requests: Int, path: String = "/v1/candles/days", market: String? = nil)
        -> [Int]
    {
        var plan = FaultPlan()
        plan.add(fault, now: 0)
        return (0..<requests).filter { _ in plan.take(path: path, market: market, now: 0) != nil }
    }

    @Test("a fault skips what it should, hits as often as it should and is over then")
    func skipAndCount() {
        #expect(hits(Fault(kind: .internalError, count: 3, skip: 2), of: 10) == [2, 3, 4])
        #expect(hits(Fault(kind: .internalError), of: 4) == [0, 1, 2, 3])
    }

    @Test("only the path's beginning and the market asked for are hit")
    func matching() {
        #expect(hits(Fault(kind: .reset, path: "/v1/ticker"), of: 3).isEmpty)
        #expect(hits(Fault(kind: .reset, path: "/v1/candles"), of: 1) == [0])
        #expect(hits(Fault(kind: .reset, market: "KRW-ETH"), of: 1, market: "KRW-BTC").isEmpty)
        #expect(hits(Fault(kind: .reset, market: "krw-eth"), of: 1, market: "KRW-BTC,KRW-ETH") == [0])
    }

    @Test("a probability hits about its share, always the same requests for a seed")
    func probability() {
        let first = hits(Fault(kind: .reset, probability: 0.25, seed: 7), of: 1000)
        #expect(first == hits(Fault(kind: .reset, probability: 0.25, seed: 7), of: 1000))
        #expect(first != hits(Fault(kind: .reset, probability: 0.25, seed: 8), of: 1000))
        #expect((200...300).contains(first.count))
        #expect(hits(Fault(kind: .reset, probability: 0), of: 100).isEmpty)
    }

    @Test("a fault with a duration ends by itself")
    func duration() {
        var plan = FaultPlan()
        plan.add(Fault(kind: .reset, lasts: 1.5), now: 1_000_000_000)
        #expect(plan.take(path: "/v1/ticker", market: nil, now: 2_499_999_999) != nil)
        #expect(plan.faults(now: 2_499_999_999).count == 1)
        #expect(plan.take(path: "/v1/ticker", market: nil, now: 2_500_000_000) == nil)
        #expect(plan.faults(now: 2_500_000_000).isEmpty)
    }

    @Test("both spellings mean the same")
    func spellings() throws {
        let expected = Fault(kind: .tooManyRequests, path: "/v1/candles", count: 3, probability: 0.5, seconds: 1.5)
        #expect(try Fault.parse(option: "429,path=/v1/candles,count=3,probability=0.5,seconds=1.5") == expected)
        let json = #"{"kind":"429","path":"/v1/candles","count":3,"probability":0.5,"seconds":1.5}"#
        #expect(try Fault.parse(json: Data(json.utf8)) == expected)
        #expect(try Fault.parse(json: Data(#"{"kind":429}"#.utf8)) == Fault(kind: .tooManyRequests))
        #expect(try JSONDecoder().decode(Fault.self, from: JSONEncoder().encode(expected)) == expected)
    }

    @Test(
        "a fault that is wrong is refused with a reason",
        arguments: [
            ("teapot", "kind is one of 429, 418"), ("500,cuont=3", "no \"cuont\""),
            ("500,count=0", "count is between 1"),
            ("500,count=x", "count is between"), ("500,probability=2", "probability is between"),
            ("500,seconds=-1", "seconds is between"), ("500,lasts=nan", "lasts is between"), ("500,oops", "name=value"),
        ])
    func refused(option: String, reason: String) {
        let error = #expect(throws: RecordingError.self) { try Fault.parse(option: option) }
        #expect(error?.description.contains(reason) == true)
    }

    @Test("JSON that is no object is refused")
    func noObject() {
        #expect(throws: RecordingError.self) { try Fault.parse(json: Data("[]".utf8)) }
        #expect(throws: RecordingError.self) { try Fault.parse(json: Data("{\"kind\":".utf8)) }
    }
}
