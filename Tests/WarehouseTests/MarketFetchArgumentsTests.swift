import DAGModel
import Execution
import Markets
import Testing

@testable import Warehouse

@Suite("Arguments of market_fetch")
struct MarketFetchArgumentsTests {
    private let candles: [String: JSONValue] = [
        "exchange": "upbit", "endpoint": "candles", "markets": ["KRW-BTC", "KRW-ETH", "KRW-BTC"],
    ]

    private func reason(_ changes: [String: JSONValue?]) -> String {
        var arguments = candles
        for (name, value) in changes { arguments[name] = value }
        do {
            _ = try MarketFetchArguments(arguments)
            return ""
        } catch let failure as TaskFailure {
            return failure.isRetryable ? "retryable: \(failure.reason)" : failure.reason
        } catch {
            return "\(error)"
        }
    }

    @Test("markets come in order without repetitions, and an hour is the unit unless said otherwise")
    func plain() throws {
        let arguments = try MarketFetchArguments(candles)
        #expect(arguments.markets.map(\.description) == ["KRW-BTC", "KRW-ETH"])
        #expect(arguments.unit == .oneHour)
        #expect(arguments.stretch == nil)
        var text = candles
        text["markets"] = "KRW-BTC, KRW-XRP"
        text["unit"] = "240"
        let rendered = try MarketFetchArguments(text)
        #expect(rendered.markets.map(\.description) == ["KRW-BTC", "KRW-XRP"])
        #expect(rendered.unit == .fourHours)
    }

    @Test(
        "what cannot be used is named",
        arguments: [
            (["exchange": nil], "exchange is missing: give upbit"),
            (["exchange": "uppbit"], "exchange \"uppbit\" is unknown: give upbit"),
            (["endpoint": "trades"], "endpoint \"trades\" is unknown: give candles or ticker_24h"),
            (["unit": 1], "unit is a candle's length in minutes: 60 or 240"),
            (["markets": nil], "markets is missing: give a list such as [KRW-BTC, KRW-ETH]"),
            (["markets": []], "markets is missing: give a list such as [KRW-BTC, KRW-ETH]"),
            (["markets": ["btc"]], "markets: \"btc\" is not a market such as KRW-BTC"),
            (
                ["start": "2026-01-01"],
                "end is missing: give both start and end, or neither for the run's data interval"
            ),
            (["start": "soon", "end": "2026-01-02"], "start is not a time such as 2026-01-01T00:00:00Z"),
            (
                ["start": "2026-01-01T00:30:00Z", "end": "2026-01-02"],
                "start 2026-01-01T00:30:00Z is not the start of a 1h candle: give whole hours in UTC"
            ),
            (
                ["start": "2026-01-03", "end": "2026-01-02"],
                "start 2026-01-03T00:00:00Z is not before end 2026-01-02T00:00:00Z"
            ),
        ] as [([String: JSONValue?], String)])
    func problems(changes: [String: JSONValue?], expected: String) {
        #expect(reason(changes) == "market_fetch: " + expected)
    }

    @Test("all problems are told at once")
    func together() {
        #expect(
            reason(["unit": 7, "markets": "x"])
                == "market_fetch: unit is a candle's length in minutes: 60 or 240; markets: \"x\" is not a market such "
                + "as KRW-BTC")
    }

    @Test("a ticker's patience is a duration and its quote a currency")
    func tickers() throws {
        let given: [String: JSONValue] = [
            "exchange": "upbit", "endpoint": "ticker_24h", "quote": "USDT", "skip_after": "90s",
        ]
        let arguments = try MarketFetchArguments(given)
        #expect(arguments.quote == "USDT")
        #expect(arguments.skipAfter == .seconds(90))
        #expect(reason(["endpoint": "ticker_24h", "quote": "krw&x=1"]).contains("quote is the currency"))
        #expect(reason(["endpoint": "ticker_24h", "skip_after": "soon"]).contains("skip_after is a duration"))
    }

    @Test("the registry knows the operator by its short name and its class path")
    func signature() {
        #expect(MarketFetch.signature.name == "market_fetch")
        #expect(MarketFetch.signature.aliases == ["cryptoflow.operators.MarketFetch"])
        #expect(!MarketFetch.signature.runsProcess)
    }
}
