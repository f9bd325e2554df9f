import CivilTime
import Markets
import Testing

@Suite("Senseless rows of Upbit's replies") struct UpbitValidationTests {
    private static let good =
        #"{"market":"KRW-BTC","candle_date_time_utc":"2026-01-01T05:00:00","candle_date_time_kst":"2026-01-01T14:00:00","#
        + #""opening_price":10.0,"high_price":12,"low_price":9,"trade_price":11,"timestamp":1767246000000,"#
        + #""candle_acc_trade_price":100,"candle_acc_trade_volume":9,"unit":60}"#

    private func decode(_ rows: String...) throws -> DecodedRows<Candle> {
        let market = try #require(MarketCode("KRW-BTC"))
        return try UpbitDialect().candles(market: market, unit: .oneHour, to: nil, count: 200)
            .decode(Array("[\(rows.joined(separator: ","))]".utf8))
    }

    @Test(
        "a senseless value is rejected with its row and field",
        arguments: [
            ("\"opening_price\":10.0", "\"opening_price\":-10.0", "opening_price"),
            ("\"opening_price\":10.0", "\"opening_price\":0", "opening_price"),
            ("\"opening_price\":10.0", "\"opening_price\":\"10\"", "opening_price"),
            ("\"opening_price\":10.0", "\"opening_price\":null", "opening_price"),
            ("\"opening_price\":10.0", "\"opening_price\":13", "opening_price"),
            ("\"opening_price\":10.0", "\"opening_price\":{\"a\":[1,{}]}", "opening_price"),
            ("\"opening_price\":10.0,", "", "opening_price"),
            ("\"opening_price\":10.0", "\"opening_price\":10,\"opening_price\":10", "opening_price"),
            ("\"opening_price\":10.0", "\"opening_price\":1e500", "opening_price"),
            ("\"high_price\":12", "\"high_price\":8", "high_price"),
            ("\"trade_price\":11", "\"trade_price\":8.99", "trade_price"),
            ("\"candle_acc_trade_volume\":9", "\"candle_acc_trade_volume\":-1", "candle_acc_trade_volume"),
            ("\"market\":\"KRW-BTC\"", "\"market\":\"KRW-ETH\"", "market"),
            ("\"market\":\"KRW-BTC\"", "\"market\":\"krw btc\"", "market"),
            ("T05:00:00", "T05:30:00", "candle_date_time_utc"), ("T05:00:00", "T25:00:00", "candle_date_time_utc"),
            ("2026-01-01T05", "2026-02-30T05", "candle_date_time_utc"),
            ("T05:00:00", "T05:00:00Z", "candle_date_time_utc"),
            ("2026-01-01T05", "1999-01-01T05", "candle_date_time_utc"),
            ("T14:00:00", "T13:00:00", "candle_date_time_kst"), ("\"unit\":60", "\"unit\":30", "unit"),
            ("1767246000000", "1767246000", "timestamp"), ("1767246000000", "17672460000.5", "timestamp"),
            ("1767246000000", "9223372036854775807", "timestamp"),
        ])
    func rejected(original: String, replacement: String, field: String) throws {
        let pieces = Self.good.split(separator: original, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(pieces.count == 2)
        let bad = pieces.joined(separator: replacement)
        let later = Self.later
        let rows = try decode(later, bad, Self.earlier)
        #expect(rows.accepted.count == 2)
        let rejected = try #require(rows.rejected.first)
        #expect(rejected.index == 1)
        #expect(rejected.problem.row == 1)
        #expect(rejected.problem.field == field)
        #expect(rejected.payload.count == bad.utf8.count)
        #expect(rejected.problem.description.hasPrefix("row 1, field \(field), byte "))
    }

    @Test("unknown fields are skipped, and the order of fields does not matter")
    func tolerance() throws {
        let more = Self.good.dropLast() + #","new_field":{"a":[1,2,{"b":null}]},"other":"x"}"#
        #expect(try decode(String(more)).accepted.count == 1)
        let fields = Self.good.dropFirst().dropLast().split(separator: ",")
        let reversed = "{" + fields.reversed().joined(separator: ", ") + "}"
        #expect(try decode(reversed).accepted.map(\.value) == decode(Self.good).accepted.map(\.value))
    }

    @Test("candles that are not newest first, or repeated, are rejected")
    func order() throws {
        #expect(try decode(Self.good, Self.later).rejected.map(\.index) == [1])
        #expect(try decode(Self.good, Self.good).rejected.map(\.index) == [1])
    }

    @Test("a row that is not an object is rejected alone", arguments: ["1", "null", "[]", "\"x\"", "{}"])
    func notAnObject(row: String) throws {
        let rows = try decode(Self.good, row)
        #expect(rows.accepted.count == 1)
        #expect(rows.rejected.map(\.index) == [1])
    }

    @Test(
        "text that is not JSON refuses the whole reply",
        arguments: ["[", "{}", "null", "<html>", "[{]", "[{\"market\":}]"])
    func notJSON(text: String) throws {
        let market = try #require(MarketCode("KRW-BTC"))
        #expect(throws: MalformedData.self) {
            try UpbitDialect().candles(market: market, unit: .oneHour, to: nil, count: 1).decode(Array(text.utf8))
        }
    }

    private static let later = moved(hour: "06", korean: "15")
    private static let earlier = moved(hour: "04", korean: "13")

    private static func moved(hour: String, korean: String) -> String {
        good.split(separator: "T05:").joined(separator: "T\(hour):").split(separator: "T14:")
            .joined(separator: "T\(korean):")
    }
}
