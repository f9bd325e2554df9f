import Testing

@testable import RecordedExchange

@Suite("Requests and numbers") struct RequestTests {
    @Test("percent signs are decoded, a plus is a space in the query only, the first of two equal names wins")
    func decoding() {
        let target = RequestTarget("/v1/a%2Bb+c?to=2025-07-30T00%3A00%3A00%2B09%3a00&x=1+2&x=3&empty=&bad=%zz")
        #expect(target.path == "/v1/a+b+c")
        #expect(target.value("to") == "2025-07-30T00:00:00+09:00")
        #expect(target.value("x") == "1 2")
        #expect(target.value("empty") == nil)
        #expect(target.value("absent", "bad") == "%zz")
    }

    @Test(
        "decimal text is read exactly or not at all",
        arguments: [
            ("0", 0), ("1", 100_000_000), ("472.8", 47_280_000_000), ("0.00000001", 1), ("007", 700_000_000),
            ("92233720368", 9_223_372_036_800_000_000), ("92233720369", nil), ("", nil), (".5", nil), ("5.", nil),
            ("-1", nil), ("1e3", nil), ("1.2.3", nil), ("0.000000001", nil), ("12abc", nil),
        ] as [(String, Int64?)])
    func decimals(text: String, value: Int64?) {
        #expect(ScaledDecimal.parse(Array(text.utf8)[...]) == value)
    }

    @Test("numbers are printed in Upbit's notation")
    func printing() {
        var json = JSONBytes()
        json.decimal(Int64(16_248_300_000_000_000))
        json.raw(" ")
        json.decimal(Int64(-1))
        json.raw(" ")
        json.decimal(Int128(13_772_815_583_296_160_000), padding: 8)
        json.raw(" ")
        json.rate(-17_283_860)
        json.raw(" ")
        json.string("a\"\\\n한")
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == "162483000.00000000 -0.00000001 137728155832.9616000000000000 -0.0017283860 \"a\\\"\\\\\\u000a한\"")
    }

    @Test("rates are rounded half up at the tenth decimal")
    func rates() {
        // The change and rate of the captured answer in rest_ticker.json.
        #expect(ScaledDecimal.rate(-28_200_000_000_000, of: 16_315_800_000_000_000) == 17_283_860)
        #expect(ScaledDecimal.rate(5, of: 0) == 0)
    }
}
