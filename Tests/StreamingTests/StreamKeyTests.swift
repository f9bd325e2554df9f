import Markets
import Testing

@testable import Streaming

@Suite("Stream keys") struct StreamKeyTests {
    @Test("keys are ordered by exchange, then market")
    func order() throws {
        let bitcoin = StreamKey(exchange: .upbit, market: try #require(MarketCode("KRW-BTC")))
        let ether = StreamKey(exchange: .upbit, market: try #require(MarketCode("KRW-ETH")))
        let other = StreamKey(exchange: .bithumb, market: try #require(MarketCode("KRW-ETH")))
        #expect([ether, bitcoin, other].sorted() == [other, bitcoin, ether])
    }
}
