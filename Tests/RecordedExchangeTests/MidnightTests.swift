import CivilTime
import HTTPClient
import LoopbackHTTP
import Markets
import Testing

@testable import RecordedExchange

/// Upbit's list of trades is that of one UTC day: a gap across midnight is in two of them.
@Suite("Past trades across the exchange's midnight", .timeLimit(.minutes(1))) struct MidnightTests {
    @Test(
        "a gap across midnight is filled whole, on whatever day our own clock is",
        arguments: [(day: -300, seconds: 20), (day: 0, seconds: 0), (day: 4, seconds: 20)] as [(day: Int64, Int64)])
    func gap(day: Int64, seconds: Int64) async throws {
        let length: Int64 = 86_400
        let midnight = Timestamp(seconds: (Timestamp.now().seconds / length + day) * length)
        let now = midnight + .seconds(seconds)
        let api = Samples.api(try Samples.shipped.get(), now: now, shiftWeeks: nil)
        let server = try LoopbackServer { request in [.reply(body: api.get(request.target).body)] }
        defer { server.stop() }
        let limits = RateLimiterSettings(limit: .init(requests: 100_000, per: .seconds(1)))
        let rest = MarketREST(
            dialect: UpbitDialect(), http: HTTPClient(), limiter: RateLimiter(exchange: .upbit, settings: limits),
            baseURL: server.url)
        let from = midnight - .seconds(40)
        var found: Set<Int64> = []
        try await rest.walkTrades(market: try #require(MarketCode("KRW-BTC")), backTo: from, count: 20) { reply in
            found.formUnion(try reply.values().map(\.sequentialID))
        }
        let shift = api.clock.shiftSeconds * 1000
        let sent = api.markets[0].trades(from: from.milliseconds - shift, to: now.milliseconds + 1 - shift)
        #expect(sent.contains { $0.time + shift < midnight.milliseconds } && sent.count > 20)
        #expect(found.isSuperset(of: sent.map { $0.sequentialID(shift: shift) }))
    }
}
