import CivilTime
import Markets
import Testing

@Suite("Market values") struct MarketValueTests {
    @Test("a market code is quote and base", arguments: ["KRW-BTC", "USDT-1INCH", "BTC-A"])
    func codes(text: String) throws {
        let code = try #require(MarketCode(text))
        #expect("\(code.quote)-\(code.base)" == text)
        #expect(code.description == text)
    }

    @Test(
        "other text is no market code",
        arguments: [
            "", "-", "KRW", "KRW-", "-BTC", "krw-btc", "KRW-BTC-X", "KRW BTC", "KRW-BTC;", "KRW-비트",
            "A-BCDEFGHIJKLMNOPQR",
        ])
    func badCodes(text: String) {
        #expect(MarketCode(text) == nil)
    }

    @Test("candles are aligned to midnight UTC")
    func alignment() throws {
        let instant = try #require(Timestamp(iso8601: "2026-01-01T04:00:00Z"))
        let aligned: Set<CandleUnit> = Set(CandleUnit.allCases).subtracting([.oneDay])
        #expect(Set(CandleUnit.allCases.filter { $0.isAligned(instant) }) == aligned)
        #expect(CandleUnit.allCases.filter { $0.isAligned(instant + .seconds(1)) } == [.oneSecond])
        #expect(!CandleUnit.oneSecond.isAligned(instant + .microseconds(1)))
    }

    @Test("tokens of exchanges and units stay as they are, since the database keeps them")
    func tokens() {
        #expect(Exchange.allCases.map(\.rawValue) == ["upbit", "bithumb", "korbit", "coinone", "binance"])
        #expect(CandleUnit.allCases.map(\.rawValue) == ["1s", "1m", "3m", "5m", "10m", "15m", "30m", "1h", "4h", "1d"])
    }
}
