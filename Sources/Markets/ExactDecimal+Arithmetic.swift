extension ExactDecimal {
    /// How a value between two steps is rounded.
    package enum Rounding: Sendable, Hashable, CaseIterable {
        /// Towards negative infinity.
        case down
        /// Towards positive infinity.
        case up
        /// To zero.
        case towardZero
        /// To the nearest step, halves away from zero.
        case halfAwayFromZero
        /// To the nearest step, halves to the even multiple.
        case halfEven
    }

    /// The value with the other sign.
    package static prefix func - (value: ExactDecimal) -> ExactDecimal {
        ExactDecimal(shortSignificand: -value.significand, exponent: value.exponent)
    }

    /// The exact sum; throws `overflow`.
    package static func + (left: ExactDecimal, right: ExactDecimal) throws(ExactDecimalError) -> ExactDecimal {
        if left.isZero { return right }
        if right.isZero { return left }
        let (first, second, exponent) = try aligned(left, right)
        let (sum, overflow) = first.addingReportingOverflow(second)
        guard !overflow else { throw .overflow }
        return try ExactDecimal(significand: sum, exponent: exponent)
    }

    /// The exact difference; throws `overflow`.
    package static func - (left: ExactDecimal, right: ExactDecimal) throws(ExactDecimalError) -> ExactDecimal {
        try left + (-right)
    }

    /// The exact product; throws `overflow`.
    package static func * (left: ExactDecimal, right: ExactDecimal) throws(ExactDecimalError) -> ExactDecimal {
        let exponent = Int(left.exponent) + Int(right.exponent)
        let (product, overflow) = left.significand.multipliedReportingOverflow(by: right.significand)
        if !overflow { return try ExactDecimal(significand: product, exponent: exponent) }
        // The zeros at the product's end come from twos on one side and fives on the other; without them it may fit.
        var (first, second) = (left.significand, right.significand)
        let zeros = dropTens(&first, &second) + dropTens(&second, &first)
        let (shortProduct, stillOverflows) = first.multipliedReportingOverflow(by: second)
        guard !stillOverflows else { throw .overflow }
        return try ExactDecimal(significand: shortProduct, exponent: exponent + zeros)
    }

    /// The multiple of `tick` next to the value; throws `invalidTick` for a tick that is not positive, and `overflow`.
    package func rounded(
        toMultipleOf tick: ExactDecimal, _ rounding: Rounding
    ) throws(ExactDecimalError) -> ExactDecimal {
        guard tick.significand > 0 else { throw .invalidTick }
        guard !isZero else { return self }
        let (value, step, exponent) = try Self.aligned(self, tick)
        var (quotient, remainder) = value.quotientAndRemainder(dividingBy: step)
        guard remainder != 0 else { return self }
        let direction: Int128 = value < 0 ? -1 : 1
        // |remainder| against step - |remainder| cannot overflow, unlike twice the remainder.
        let rest = abs(remainder)
        let isAwayFromZero =
            switch rounding {
            case .down: value < 0
            case .up: value > 0
            case .towardZero: false
            case .halfAwayFromZero: rest >= step - rest
            case .halfEven: rest > step - rest || (rest == step - rest && quotient % 2 != 0)
            }
        if isAwayFromZero { quotient += direction }
        let (product, overflow) = quotient.multipliedReportingOverflow(by: step)
        guard !overflow else { throw .overflow }
        return try ExactDecimal(significand: product, exponent: exponent)
    }

    /// Both significands at the smaller exponent; throws `overflow` when the other does not fit there.
    private static func aligned(
        _ left: ExactDecimal, _ right: ExactDecimal
    ) throws(ExactDecimalError) -> (Int128, Int128, Int) {
        let exponent = min(left.exponent, right.exponent)
        func scaled(_ value: ExactDecimal) throws(ExactDecimalError) -> Int128 {
            guard let power = powerOfTen(Int(value.exponent) - Int(exponent)) else { throw .overflow }
            let (product, overflow) = value.significand.multipliedReportingOverflow(by: power)
            guard !overflow else { throw .overflow }
            return product
        }
        return (try scaled(left), try scaled(right), Int(exponent))
    }

    /// Takes the factors 2 of one number and 5 of the other out in pairs, and counts them.
    private static func dropTens(_ twos: inout Int128, _ fives: inout Int128) -> Int {
        var count = 0
        while twos % 2 == 0, fives % 5 == 0, twos != 0, fives != 0 {
            twos /= 2
            fives /= 5
            count += 1
        }
        return count
    }
}
