import CivilTime
import Testing

@testable import WebServer

/// Market data that is only values.
struct FakeMarkets: MarketPages {
    var prices: [MarketPrice] = []
    var points: [MarketPoint] = []
    var readings: MarketReadings?
    var hours: [MarketHours] = []

    func latestPrices() async throws -> [MarketPrice] { prices }
    func priceLine(exchange: String, market: String, hours: Int) async throws -> [MarketPoint] { points }
    func indicators(exchange: String, market: String) async throws -> MarketReadings? { readings }
    func coverage(hours: Int) async throws -> [MarketHours] { self.hours }
}

@Suite("The market pages", .timeLimit(.minutes(1)))
struct MarketPagesTests {
    private let markets = FakeMarkets(
        prices: [
            MarketPrice(
                exchange: "upbit", market: "KRW-BTC", hour: Sample.now, price: "134567000.5", change24h: -0.01234)
        ],
        points: [1, 2, nil, 4, nil].enumerated().map { place, close in
            MarketPoint(hour: Sample.now + .seconds(Int64(place) * 3_600), close: close, average: nil)
        },
        readings: MarketReadings(
            hour: Sample.now,
            readings: [
                MarketReading(group: "Trend", name: "RSI 14", value: 55.128, unit: .plain),
                MarketReading(group: "Volatility", name: "24 hours", value: nil, unit: .fraction),
            ]),
        hours: [
            MarketHours(
                exchange: "upbit", market: "KRW-BTC", candles: 330, withoutTrade: 2, missing: 4, newest: Sample.now)
        ])

    @Test("the list shows price, change and completeness")
    func list() async throws {
        let text = try await TestSite(FakeHistory(), markets: markets).get("/market").text
        #expect(text.contains("134,567,000.5"))
        #expect(text.contains("-1.23 %"))
        #expect(text.contains("330 hours with candles, 2 without, 4 missing"))
        #expect(text.contains("href=\"/market/KRW-BTC?exchange=upbit\""))
    }

    @Test("a market shows its line with gaps, and its indicators")
    func one() async throws {
        let reply = try await TestSite(FakeHistory(), markets: markets).get("/market/KRW-BTC?exchange=upbit")
        #expect(reply.status == 200)
        let path = try #require(reply.text.split(separator: "<path class=\"close\" d=\"").last).prefix { $0 != "\"" }
        #expect(path.count { $0 == "M" } == 2)
        #expect(reply.text.contains("2 hours without a candle"))
        #expect(reply.text.contains("55.13"))
        #expect(reply.text.contains("<td class=\"num\">–</td>"))
    }

    @Test("an exchange that has no such market is not found")
    func otherExchange() async throws {
        #expect(
            try await TestSite(FakeHistory(), markets: markets).get("/market/KRW-BTC?exchange=korbit").status == 404)
    }

    @Test("a database without market data says so")
    func none() async throws {
        #expect(try await TestSite(FakeHistory()).get("/market").text.contains("no market data"))
        #expect(try await TestSite(FakeHistory(), markets: FakeMarkets()).get("/market").text.contains("No prices yet"))
    }

    @Test(
        "numbers are written for people",
        arguments: [
            ("1234567.50", "1,234,567.50"), ("999", "999"), ("-1000", "-1,000"), ("0.00012", "0.00012"), ("1e5", "1e5"),
        ])
    func grouped(text: String, expected: String) {
        #expect(NumberText.grouped(text) == expected)
    }

    @Test("fixed decimals are rounded and padded")
    func fixed() {
        #expect(NumberText.fixed(0.05, decimals: 1) == "0.1")
        #expect(NumberText.fixed(-0.001, decimals: 2) == "0.00")
        #expect(NumberText.fixed(12.3456, decimals: 2) == "12.35")
        #expect(NumberText.percent(.nan) == "–")
    }

    @Test("a day's label at the edge of a line is whole")
    func edge() throws {
        let midnight = Timestamp(seconds: Sample.now.seconds / 86_400 * 86_400)
        let points = (0..<30).map { hour in
            MarketPoint(hour: midnight + .seconds(hour * 3_600), close: 5, average: nil)
        }
        let html = PriceLine(points: points).html.html
        let label = try #require(html.firstMatch(of: #/<text class="day" x="([0-9.]+)"/#))
        #expect(try #require(Double(label.1)) >= 18)
    }

    @Test("a line of equal or extreme values is still a line", arguments: [[5, 5, 5], [0], [1e300, -1e300], [1e-12]])
    func extremes(values: [Double]) {
        let points = values.enumerated().map { place, value in
            MarketPoint(hour: Sample.now + .seconds(Int64(place) * 3_600), close: value, average: value)
        }
        let html = PriceLine(points: points).html.html
        #expect(!html.contains("nan") && !html.contains("inf"))
    }
}
