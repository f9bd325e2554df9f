import CivilTime
import Testing

@testable import RecordedExchange

@Suite("Shapes of Upbit's answers") struct ShapeTests {
    private func reply(_ target: String) throws -> ExchangeReply {
        Samples.api(try Samples.shipped.get(), now: try Samples.time("2024-08-15T12:34:56Z")).get(target)
    }

    @Test(
        "keys, their order and their types are those of captured answers",
        arguments: [
            ("/v1/market/all", "rest_markets"), ("/v1/market/all?is_details=true", "rest_markets_details"),
            ("/v1/market/all?isDetails=true", "rest_markets_details"), ("/v1/ticker?markets=KRW-BTC", "rest_ticker"),
            ("/v1/ticker/all?quote_currencies=KRW", "rest_ticker"),
            ("/v1/candles/minutes/60?market=KRW-BTC", "rest_candles_minutes_60"),
            ("/v1/candles/minutes/60?market=KRW-BTC&count=3", "rest_candles_minutes_1"),
            ("/v1/candles/days?market=KRW-BTC", "rest_candles_days"),
            ("/v1/candles/minutes/1?market=KRW-BTC&count=3", "rest_candles_minutes_1"),
            ("/v1/candles/minutes/30?market=KRW-BTC", "rest_candles_minutes_1"),
            ("/v1/candles/seconds?market=KRW-BTC&count=3", "rest_candles_seconds"),
            ("/v1/trades/ticks?market=KRW-BTC&count=3", "rest_trades"),
            ("/v1/orderbook?markets=KRW-BTC", "rest_orderbook"),
            ("/v1/orderbook/instruments?markets=KRW-BTC,KRW-ETH", "rest_orderbook_instruments"),
        ])
    func shape(target: String, fixture: String) throws {
        let ours = try JSONShape.parse(try reply(target).body)
        let captured = try JSONShape.parse(try Samples.fixture(fixture))
        #expect(ours.signature == captured.signature)
    }

    @Test(
        "error bodies are those of captured answers to the byte",
        arguments: [
            ("/v1/candles/days", "rest_error_400", 400), ("/v1/ticker?markets=KRW-BTC,KRW-NOPE", "rest_error_404", 404),
        ])
    func errorBodies(target: String, fixture: String, status: Int) throws {
        let reply = try reply(target)
        #expect(reply.status == status)
        var captured = try Samples.fixture(fixture)
        while captured.last == UInt8(ascii: "\n") { captured.removeLast() }
        #expect(reply.body == captured)
    }

    @Test("numbers have as many decimals as captured ones")
    func notation() throws {
        func decimals(_ row: JSONShape) -> [String] {
            guard case .object(let members) = row else { return [] }
            return members.compactMap { key, value in
                guard case .number(let text) = value else { return nil }
                return "\(key) \(text.split(separator: ".").dropFirst().first?.count ?? 0)"
            }
        }
        for (target, fixture) in [
            ("/v1/ticker?markets=KRW-BTC", "rest_ticker"), ("/v1/candles/days?market=KRW-BTC", "rest_candles_days"),
            ("/v1/candles/minutes/60?market=KRW-BTC", "rest_candles_minutes_1"),
        ] {
            let ours = try #require(try JSONShape.parse(try reply(target).body).elements.first)
            let captured = try #require(try JSONShape.parse(try Samples.fixture(fixture)).elements.first)
            #expect(decimals(ours) == decimals(captured))
        }
    }
}
