import Markets
import Testing

@testable import Streaming

@Suite("Latest values, every implementation", .timeLimit(.minutes(1)))
struct LatestValuesConformanceTests {
    @Test("a market has its latest trade, ticker and book; an unheard one has nothing", arguments: LatestUnderTest.all)
    func latest(_ implementation: LatestUnderTest) async throws {
        let latest = try await implementation.make()
        #expect(try await latest.latest(Sample.key()) == nil)
        try await latest.take([
            Sample.trade(at: 1, id: 1), Sample.ticker(at: 2, price: "5"), Sample.book(at: 3, best: 6),
            Sample.trade("KRW-ETH", at: 1, id: 7),
        ])
        let bitcoin = try #require(try await latest.latest(Sample.key()))
        #expect(bitcoin.labels == ["trade KRW-BTC 1", "ticker KRW-BTC 5", "book KRW-BTC 6"])
        let all = try await latest.all()
        #expect(all.map(\.key.market.description) == ["KRW-BTC", "KRW-ETH"])
        #expect(all.last?.labels == ["trade KRW-ETH 7"])
    }

    @Test("whatever the order of arrival, the newest stays", arguments: LatestUnderTest.all)
    func order(_ implementation: LatestUnderTest) async throws {
        let messages = try [
            Sample.trade(at: 1, id: 9), Sample.trade(at: 2, id: 3), Sample.trade(at: 2, id: 4),
            Sample.ticker(at: 1, price: "1"), Sample.ticker(at: 2, price: "2"),
            Sample.ticker(at: 2, price: "3", receivedAt: 3),
            Sample.book(at: 1, best: 11), Sample.book(at: 2, best: 12),
        ]
        for _ in 0..<50 {
            let latest = try await implementation.make()
            for message in messages.shuffled() { try await latest.take([message]) }
            let market = try #require(try await latest.latest(Sample.key()))
            #expect(market.labels == ["trade KRW-BTC 4", "ticker KRW-BTC 3", "book KRW-BTC 12"])
        }
    }
}

extension LatestMarket {
    fileprivate var labels: [String] { [trade, ticker, orderBook].compactMap { $0?.label } }
}
