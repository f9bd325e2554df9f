/// Decimal text to and from whole numbers of 10⁻⁸, without binary floating point.
enum ScaledDecimal {
    /// Digits, optionally a point and 1 to 8 digits; nil for anything else, signs and exponents included.
    static func parse(_ text: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        var decimals: Int?
        var digits = 0
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard decimals == nil, digits > 0 else { return nil }
                decimals = 0
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            if let places = decimals {
                guard places < 8 else { return nil }
                decimals = places + 1
            }
            digits += 1
            guard let next = appending(byte, to: value) else { return nil }
            value = next
        }
        guard digits > 0, decimals != 0 else { return nil }
        for _ in (decimals ?? 0)..<8 {
            guard let next = appending(UInt8(ascii: "0"), to: value) else { return nil }
            value = next
        }
        return value
    }

    private static func appending(_ digit: UInt8, to value: Int64) -> Int64? {
        let (tenfold, tooLarge) = value.multipliedReportingOverflow(by: 10)
        guard !tooLarge else { return nil }
        let (sum, over) = tenfold.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
        return over ? nil : sum
    }

    /// `|part / whole|` in 10⁻¹⁰, rounded half up: the exchange prints rates with ten decimals.
    static func rate(_ part: Int64, of whole: Int64) -> Int64 {
        guard whole > 0 else { return 0 }
        let scaled = Int128(part.magnitude) * 10_000_000_000
        return Int64(clamping: (scaled + Int128(whole) / 2) / Int128(whole))
    }
}
