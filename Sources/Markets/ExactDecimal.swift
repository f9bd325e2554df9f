/// An exact decimal number: `significand × 10^exponent`, always in its shortest form.
///
/// Shortest means that the significand has no trailing zero (and zero is 0 × 10^0), so values that are equal are equal
/// field by field: 1.0, 1.00 and 1E0 are one value. Nothing is ever rounded silently; what does not fit is an error.
/// Foundation's `Decimal` is slower by an order of magnitude and reads "12abc" as 12.
package struct ExactDecimal: Sendable, Hashable {
    /// At most 38 digits (and up to 1.7 × 10^38); never `Int128.min`.
    package let significand: Int128
    /// From -128 to 127.
    package let exponent: Int8

    /// 0.
    package static let zero = ExactDecimal(shortSignificand: 0, exponent: 0)
    /// 1.
    package static let one = ExactDecimal(shortSignificand: 1, exponent: 0)

    /// A whole number.
    package init(_ value: Int64) {
        let (significand, zeros) = Self.withoutTrailingZeros(Int128(value))
        self.significand = significand
        exponent = Int8(zeros)
    }

    /// Any significand and exponent; throws `overflow` when the shortest form does not fit.
    package init(significand: Int128, exponent: Int) throws(ExactDecimalError) {
        guard significand != .min else { throw .overflow }
        let (short, zeros) = Self.withoutTrailingZeros(significand)
        guard short != 0 else {
            self = .zero
            return
        }
        guard let exponent = Int8(exactly: exponent + zeros) else { throw .overflow }
        self.init(shortSignificand: short, exponent: exponent)
    }

    /// For significands known to have no trailing zero.
    init(shortSignificand: Int128, exponent: Int8) {
        significand = shortSignificand
        self.exponent = exponent
    }

    /// Below zero.
    package var isNegative: Bool { significand < 0 }
    /// Equal to zero.
    package var isZero: Bool { significand == 0 }

    /// The value without its sign.
    package var magnitude: ExactDecimal {
        ExactDecimal(shortSignificand: abs(significand), exponent: exponent)
    }

    /// The nearest binary number, for statistics; money stays decimal.
    package var doubleValue: Double {
        Double("\(significand)e\(exponent)") ?? .nan
    }

    /// The value as a whole number; nil when it has a fraction or does not fit.
    package var int64: Int64? {
        guard exponent >= 0, let power = Self.powerOfTen(Int(exponent)) else { return nil }
        let (product, overflow) = significand.multipliedReportingOverflow(by: power)
        return overflow ? nil : Int64(exactly: product)
    }

    /// 10 to the n-th for n from 0 to 38; nil beyond, where Int128 ends.
    static func powerOfTen(_ n: Int) -> Int128? {
        powers.indices.contains(n) ? powers[n] : nil
    }

    private static let powers: [Int128] = (0..<38).reduce(into: [1]) { powers, n in powers.append(powers[n] * 10) }

    static func withoutTrailingZeros(_ value: Int128) -> (value: Int128, zeros: Int) {
        guard value != 0 else { return (0, 0) }
        var wide = value
        var zeros = 0
        while Int64(exactly: wide) == nil {
            let (quotient, remainder) = wide.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return (wide, zeros) }
            wide = quotient
            zeros += 1
        }
        // 64-bit division is an order of magnitude faster.
        var narrow = Int64(truncatingIfNeeded: wide)
        while true {
            let (quotient, remainder) = narrow.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return (Int128(narrow), zeros) }
            narrow = quotient
            zeros += 1
        }
    }
}

/// Why a text or a result is not an `ExactDecimal`.
package enum ExactDecimalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Not a number in JSON's notation; the offset of the first byte that does not fit.
    case notANumber(offset: Int)
    /// More digits than 38, or an exponent outside -128...127.
    case overflow
    /// A step to round to that is zero or negative.
    case invalidTick

    package var description: String {
        switch self {
        case .notANumber(let offset): "not a number in JSON's notation (at byte \(offset))"
        case .overflow: "the number does not fit into 38 digits with an exponent from -128 to 127"
        case .invalidTick: "the step to round to must be greater than zero"
        }
    }
}

extension ExactDecimal: Comparable {
    /// Compares by value, exactly, whatever the exponents.
    package static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
        guard left.exponent != right.exponent, left.significand.signum() == right.significand.signum() else {
            return left.significand < right.significand
        }
        // A side that overflows when brought to the other's exponent is the larger in magnitude.
        let difference = abs(Int(left.exponent) - Int(right.exponent))
        let isLeftScaled = left.exponent > right.exponent
        let scaled = isLeftScaled ? left.significand : right.significand
        var isOverflowing = true
        var product: Int128 = 0
        if let power = powerOfTen(difference) {
            (product, isOverflowing) = scaled.multipliedReportingOverflow(by: power)
        }
        if isOverflowing { return isLeftScaled == (scaled < 0) }
        return isLeftScaled ? product < right.significand : left.significand < product
    }
}

extension ExactDecimal: LosslessStringConvertible, Codable {
    /// Plain decimal notation, never with an exponent: "-0.00000001", "116539000".
    package var description: String {
        // A UInt64's digits come much faster than an Int128's.
        let magnitude = significand.magnitude
        let digits = UInt64(exactly: magnitude).map { String($0) } ?? String(magnitude)
        let sign = significand < 0 ? "-" : ""
        let places = -Int(exponent)
        if places == 0 { return sign + digits }
        if places < 0 { return sign + digits + String(repeating: "0", count: -places) }
        let count = digits.utf8.count
        if count > places {
            let point = digits.utf8.index(digits.startIndex, offsetBy: count - places)
            return sign + digits[..<point] + "." + digits[point...]
        }
        return sign + "0." + String(repeating: "0", count: places - count) + digits
    }

    /// Reads JSON's number notation; nil for anything else.
    ///
    /// `init(parsing:)` says why.
    package init?(_ description: String) {
        guard let value = try? ExactDecimal(parsing: description) else { return nil }
        self = value
    }

    /// Reads a string or a whole number.
    ///
    /// A JSON number with a fraction is refused, since Foundation's decoder hands it over by way of binary floating
    /// point.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let whole = try? container.decode(Int64.self) {
            self.init(whole)
            return
        }
        do {
            try self.init(parsing: try container.decode(String.self))
        } catch let error as ExactDecimalError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    /// Writes the plain notation as a string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
