extension ExactDecimal {
    /// Reads a whole text as a number in JSON's notation (RFC 8259, section 6): `-12`, `0.5`, `1.16539E8`, `0E-8`.
    ///
    /// Throws `notANumber` for anything else ("", "1.", ".5", "+1", "007", "12abc", " 1") and `overflow`.
    package init(parsing text: String) throws(ExactDecimalError) {
        var text = text
        let result: Result<ExactDecimal, ExactDecimalError> = text.withUTF8 { bytes in
            do throws(ExactDecimalError) {
                return .success(try ExactDecimal(parsing: bytes))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    /// Reads all the bytes as a number in JSON's notation.
    package init(parsing bytes: UnsafeBufferPointer<UInt8>) throws(ExactDecimalError) {
        var position = 0
        let value = try Self.scan(bytes, at: &position)
        guard position == bytes.count else { throw .notANumber(offset: position) }
        self = value
    }

    /// Reads the number that starts at `position` and leaves `position` behind it.
    @inline(__always)
    static func scan(
        _ bytes: UnsafeBufferPointer<UInt8>, at position: inout Int
    ) throws(ExactDecimalError) -> ExactDecimal {
        if let value = scanShort(bytes, at: &position) { return value }
        return try scanAny(bytes, at: &position)
    }

    /// Reads a number of at most 19 digits, eight digits at a time; nil for whatever it leaves to `scanAny`, errors
    /// included.
    @inline(__always)
    private static func scanShort(
        _ bytes: UnsafeBufferPointer<UInt8>, at position: inout Int
    ) -> ExactDecimal? {
        var index = position
        let isNegative = index < bytes.count && bytes[index] == 0x2D
        if isNegative { index += 1 }
        let start = index
        var value: UInt64 = 0
        index += DigitRun.read(bytes, at: index, into: &value)
        var count = index - start
        guard count > 0, count <= 19, count == 1 || bytes[start] != 0x30 else { return nil }
        var scale = 0
        if index < bytes.count, bytes[index] == 0x2E {
            index += 1
            let whole = value
            let digits = DigitRun.read(bytes, at: index, into: &value)
            count += digits
            guard digits > 0, count <= 19 else { return nil }
            index += digits
            // The usual ".00000000": without it there is less to strip.
            if value == whole &* DigitRun.power(digits) { value = whole } else { scale = -digits }
        }
        if index < bytes.count, bytes[index] | 0x20 == 0x65 { return nil }
        position = index
        guard value != 0 else { return .zero }
        scale += DigitRun.stripZeros(&value)
        let magnitude = Int128(truncatingIfNeeded: value)
        return ExactDecimal(
            shortSignificand: isNegative ? -magnitude : magnitude, exponent: Int8(truncatingIfNeeded: scale))
    }

    /// Reads any number, byte by byte, and says what is wrong with what is none.
    @inline(never)
    private static func scanAny(
        _ bytes: UnsafeBufferPointer<UInt8>, at position: inout Int
    ) throws(ExactDecimalError) -> ExactDecimal {
        let count = bytes.count
        var index = position
        var digits = Digits()
        var isNegative = false

        if index < count, bytes[index] == 0x2D {
            isNegative = true
            index += 1
        }
        guard index < count, let first = digit(bytes[index]) else { throw .notANumber(offset: index) }
        if first == 0 {
            index += 1
            if index < count, digit(bytes[index]) != nil { throw .notANumber(offset: index) }
        } else {
            while index < count, let digit = digit(bytes[index]) {
                try digits.append(digit)
                index += 1
            }
        }
        var scale = 0
        if index < count, bytes[index] == 0x2E {
            index += 1
            let start = index
            while index < count, let digit = digit(bytes[index]) {
                try digits.append(digit)
                index += 1
            }
            scale = start - index
            guard scale < 0 else { throw .notANumber(offset: index) }
        }
        if index < count, bytes[index] | 0x20 == 0x65 {
            scale += try exponent(bytes, at: &index)
        }
        position = index
        return try digits.value(isNegative: isNegative, scale: scale)
    }

    private static func exponent(
        _ bytes: UnsafeBufferPointer<UInt8>, at index: inout Int
    ) throws(ExactDecimalError) -> Int {
        index += 1
        var isNegative = false
        if index < bytes.count, bytes[index] == 0x2D || bytes[index] == 0x2B {
            isNegative = bytes[index] == 0x2D
            index += 1
        }
        let start = index
        var value = 0
        while index < bytes.count, let digit = digit(bytes[index]) {
            // Far beyond every exponent that fits, so more digits change nothing.
            value = min(value * 10 + Int(digit), 1_000_000_000)
            index += 1
        }
        guard index > start else { throw .notANumber(offset: index) }
        return isNegative ? -value : value
    }

    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt8? {
        let value = byte &- 0x30
        return value < 10 ? value : nil
    }

    /// Digits gathered in the shortest form: zeros wait until a digit other than zero follows them.
    private struct Digits {
        private var narrow: UInt64 = 0
        private var wide: UInt128 = 0
        /// Digits in `narrow` or `wide`; up to 19 always fit into `narrow`.
        private var count = 0
        private var waitingZeros = 0

        @inline(__always)
        mutating func append(_ digit: UInt8) throws(ExactDecimalError) {
            guard digit != 0 else {
                if count > 0 { waitingZeros += 1 }
                return
            }
            let added = count == 0 ? 1 : waitingZeros + 1
            if count + added <= 19 {
                for _ in 0..<added { narrow &*= 10 }
                narrow &+= UInt64(digit)
                count += added
                waitingZeros = 0
            } else {
                try appendWide(digit, added)
            }
        }

        @inline(never)
        private mutating func appendWide(_ digit: UInt8, _ added: Int) throws(ExactDecimalError) {
            guard count + added <= 39 else { throw .overflow }
            if count <= 19 { wide = UInt128(narrow) }
            for _ in 0..<added {
                let (product, overflow) = wide.multipliedReportingOverflow(by: 10)
                guard !overflow else { throw .overflow }
                wide = product
            }
            let (sum, overflow) = wide.addingReportingOverflow(UInt128(digit))
            guard !overflow, sum <= UInt128(Int128.max) else { throw .overflow }
            wide = sum
            count += added
            waitingZeros = 0
        }

        @inline(__always)
        func value(isNegative: Bool, scale: Int) throws(ExactDecimalError) -> ExactDecimal {
            guard count > 0 else { return .zero }
            guard let exponent = Int8(exactly: scale + waitingZeros) else { throw .overflow }
            let magnitude = count <= 19 ? Int128(narrow) : Int128(wide)
            return ExactDecimal(shortSignificand: isNegative ? -magnitude : magnitude, exponent: exponent)
        }
    }
}
