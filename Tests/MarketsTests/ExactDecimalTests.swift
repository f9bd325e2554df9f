import Markets
import Testing

@Suite("Exact decimals") struct ExactDecimalTests {
    @Test(
        "every notation of JSON's numbers is read and shown plainly",
        arguments: [
            ("0", "0"), ("-0", "0"), ("0E-8", "0"), ("0.000", "0"), ("0e999999999999999999999", "0"), ("1", "1"),
            ("-12", "-12"), ("100", "100"), ("1.0", "1"), ("1.50", "1.5"), ("163248000.00000000", "163248000"),
            ("1.16539E8", "116539000"), ("7.9276E-4", "0.00079276"), ("1e3", "1000"), ("1E+3", "1000"),
            ("12.34e1", "123.4"), ("-0.00000001", "-0.00000001"),
            ("137728155832.9616000000000000", "137728155832.9616"),
            ("17811024497020000", "17811024497020000"), ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"), ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"), ("9999999999999999999", "9999999999999999999"),
            ("10000000000000000000000000000000000000", "10000000000000000000000000000000000000"),
            ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
            ("-170141183460469231731687303715884105727", "-170141183460469231731687303715884105727"),
            ("0.12345678901234567890123456789012345678", "0.12345678901234567890123456789012345678"),
            ("1.00000000000000000000000000000000000000000000000000000", "1"),
        ])
    func reading(text: String, shown: String) throws {
        let value = try ExactDecimal(parsing: text)
        #expect(value.description == shown)
        #expect(try ExactDecimal(parsing: shown) == value)
    }

    @Test(
        "text that is not exactly one number is refused at its byte",
        arguments: [
            ("", 0), ("-", 1), ("+1", 0), (" 1", 0), ("1 ", 1), ("12abc", 2), ("1.", 2), (".5", 0), ("-.5", 1),
            ("1.e3", 2), ("1e", 2), ("1e+", 3), ("007", 1), ("00", 1), ("-01", 2), ("1,000", 1), ("0x10", 1),
            ("NaN", 0), ("Infinity", 0), ("1_000", 1), ("1.2.3", 3), ("--1", 1), ("１", 0), ("1\u{0}", 1),
        ])
    func refusing(text: String, offset: Int) {
        #expect(throws: ExactDecimalError.notANumber(offset: offset)) { try ExactDecimal(parsing: text) }
        #expect(ExactDecimal(text) == nil)
    }

    @Test(
        "numbers that do not fit are refused, never rounded",
        arguments: [
            "170141183460469231731687303715884105728", "-170141183460469231731687303715884105728",
            "340282366920938463463374607431768211456", "999999999999999999999999999999999999999", "1e128", "1e-129",
            "1234567890123456789012345678901234567891", "1e99999999999999999999", "1e-99999999999999999999",
            "1.0000000000000000000000000000000000000000000000001",
        ])
    func overflow(text: String) {
        #expect(throws: ExactDecimalError.overflow) { try ExactDecimal(parsing: text) }
    }

    @Test("the widest exponents are read and shown")
    func widest() throws {
        #expect(try ExactDecimal(parsing: "1e127").description == "1" + String(repeating: "0", count: 127))
        #expect(try ExactDecimal(parsing: "-1e-128").description == "-0." + String(repeating: "0", count: 127) + "1")
    }

    @Test("equal values are equal and hash alike, however they were written")
    func equality() throws {
        let spellings = ["1", "1.0", "1.00", "1E0", "10e-1", "0.1e1", "0.01E+2"]
        #expect(try Set(spellings.map { try ExactDecimal(parsing: $0) }).count == 1)
        #expect(try ExactDecimal(parsing: "100") == ExactDecimal(100))
        #expect(try ExactDecimal(significand: 1000, exponent: -3) == .one)
        #expect(try ExactDecimal(significand: 0, exponent: 5000) == .zero)
    }

    @Test("values compare by size across all exponents")
    func order() throws {
        let ascending = [
            "-1e127", "-170141183460469231731687303715884105727", "-1e3", "-10", "-9.99", "-1", "-1e-128", "0",
            "1e-128",
            "0.00000001", "0.1", "0.11", "0.2", "1", "9.99", "10", "1e3", "170141183460469231731687303715884105727",
            "1e39", "1e127",
        ]
        let values = try ascending.map { try ExactDecimal(parsing: $0) }
        for (i, left) in values.enumerated() {
            for (j, right) in values.enumerated() {
                #expect((left < right) == (i < j), "\(left) < \(right)")
            }
        }
    }

    @Test(
        "sums, differences and products are exact",
        arguments: [
            ("0.1", "0.2", "0.3", "-0.1", "0.02"), ("1", "-1", "0", "2", "-1"),
            ("1e20", "1e-10", nil, nil, "10000000000"),
            ("999.99", "0.01", "1000", "999.98", "9.9999"), ("0", "5", "5", "-5", "0"),
            ("-2.5", "-0.5", "-3", "-2", "1.25"),
        ] as [(String, String, String?, String?, String)])
    func arithmetic(left: String, right: String, sum: String?, difference: String?, product: String) throws {
        let (left, right) = (try ExactDecimal(parsing: left), try ExactDecimal(parsing: right))
        if let sum { #expect(try (left + right).description == sum) }
        if let difference { #expect(try (left - right).description == difference) }
        #expect(try (left * right).description == product)
    }

    @Test("results that do not fit are errors")
    func arithmeticOverflow() throws {
        let large = try ExactDecimal(parsing: "170141183460469231731687303715884105727")
        #expect(throws: ExactDecimalError.overflow) { try large + .one }
        #expect(throws: ExactDecimalError.overflow) { try (-large) - .one }
        #expect(throws: ExactDecimalError.overflow) { try large * large }
        let tiny = try ExactDecimal(parsing: "1e-128")
        #expect(throws: ExactDecimalError.overflow) { try tiny * tiny }
        #expect(throws: ExactDecimalError.overflow) { try ExactDecimal(parsing: "1e39") + .one }
    }

    @Test("a product whose zeros are taken out still fits")
    func productWithZeros() throws {
        let twos = try ExactDecimal(significand: 1 << 70, exponent: 0)
        let fives = try ExactDecimal(significand: (0..<50).reduce(Int128(1)) { five, _ in five * 5 }, exponent: 0)
        #expect(try (twos * fives) == ExactDecimal(significand: 1 << 20, exponent: 50))
        #expect(try (fives * twos) == ExactDecimal(significand: 1 << 20, exponent: 50))
    }

    @Test(
        "rounding goes to multiples of the tick",
        arguments: [
            ("1234.56", "0.5", "1234.5", "1235", "1234.5", "1234.5", "1234.5"),
            ("-1234.56", "0.5", "-1235", "-1234.5", "-1234.5", "-1234.5", "-1234.5"),
            ("0.25", "0.5", "0", "0.5", "0", "0.5", "0"), ("0.75", "0.5", "0.5", "1", "0.5", "1", "1"),
            ("-0.25", "0.5", "-0.5", "0", "0", "-0.5", "0"),
            (
                "163248123", "1000", "163248000", "163249000", "163248000",
                "163248000", "163248000"
            ), ("5", "5", "5", "5", "5", "5", "5"), ("0", "0.1", "0", "0", "0", "0", "0"),
        ])
    func rounding(
        value: String, tick: String, down: String, up: String, towardZero: String, half: String, even: String
    ) throws {
        let (value, tick) = (try ExactDecimal(parsing: value), try ExactDecimal(parsing: tick))
        let expected: [(ExactDecimal.Rounding, String)] = [
            (.down, down), (.up, up), (.towardZero, towardZero), (.halfAwayFromZero, half), (.halfEven, even),
        ]
        for (rule, text) in expected {
            #expect(try value.rounded(toMultipleOf: tick, rule).description == text, "\(rule)")
        }
    }

    @Test("a tick of zero or less is refused")
    func invalidTick() throws {
        for tick in ["0", "-1"] {
            let tick = try ExactDecimal(parsing: tick)
            #expect(throws: ExactDecimalError.invalidTick) { try ExactDecimal.one.rounded(toMultipleOf: tick, .down) }
        }
    }

    @Test("whole and binary values are taken out where they exist")
    func conversions() throws {
        #expect(try ExactDecimal(parsing: "1e3").int64 == 1000)
        #expect(try ExactDecimal(parsing: "1.5").int64 == nil)
        #expect(try ExactDecimal(parsing: "9223372036854775808").int64 == nil)
        #expect(try ExactDecimal(parsing: "1e100").int64 == nil)
        #expect(try ExactDecimal(parsing: "0.1").doubleValue == 0.1)
        #expect(try ExactDecimal(parsing: "-1.16539E8").doubleValue == -116_539_000)
        #expect(ExactDecimal(.min).description == "-9223372036854775808")
    }
}
