/// Python's `int()` and `float()` of texts.
enum Numbers {
    /// The whole number of a value; nil when it is none.
    ///
    /// Throws for one that 64 bits cannot hold: Python's integers have no end, these have.
    static func integer(_ value: Value, base: Int) throws(Failure) -> Value? {
        guard let text = value.plainString else {
            if let number = value.integer { return .int(number) }
            guard let number = value.number, !number.isNaN else { return nil }
            return .int(try whole(number))
        }
        if let (digits, radix, isNegative) = digits(text, base: base) {
            guard let number = Int64((isNegative ? "-" : "") + digits, radix: radix) else { throw tooLarge(text) }
            return .int(number)
        }
        guard let number = double(text), number.isFinite else { return nil }
        return .int(try whole(number))
    }

    private static func tooLarge(_ text: String) -> Failure {
        Failure("'int': \(text.prefix(60)) is too large; integers have 64 bits")
    }

    private static func whole(_ number: Double) throws(Failure) -> Int64 {
        guard number.isFinite else { throw Failure("'int': \(Decimals.text(number)) is no whole number") }
        guard number > -0x1p63 - 1, number < 0x1p63 else { throw tooLarge(Decimals.text(number)) }
        return Int64(number)
    }

    /// The bare digits of an integer; nil when the text is none.
    private static func digits(_ text: String, base: Int) -> (String, radix: Int, isNegative: Bool)? {
        var rest = ascii(text)[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        var radix = base
        let prefixes: [String: Int] = ["0b": 2, "0o": 8, "0x": 16]
        if let found = prefixes[rest.prefix(2).lowercased()], base == 0 || base == found, rest.count > 2 {
            radix = found
            rest = rest.dropFirst(2)
            if rest.first == "_" { rest.removeFirst() }
        } else if base == 0 {
            radix = 10
            if rest.hasPrefix("0"), rest.contains(where: { $0 != "0" && $0 != "_" }) { return nil }
        }
        guard let plain = ungrouped(rest) else { return nil }
        let fits = plain.allSatisfy { $0.isASCII && ($0.hexDigitValue ?? $0.letterValue).map { $0 < radix } ?? false }
        return fits ? (plain, radix, isNegative) : nil
    }

    static func double(_ text: String) -> Double? {
        let text = ascii(text)
        var rest = text[...]
        if rest.hasPrefix("-") || rest.hasPrefix("+") { rest.removeFirst() }
        if ["inf", "infinity", "nan"].contains(rest.lowercased()) { return Double(text) }
        // Swift would also take hexadecimal digits.
        guard rest.allSatisfy({ "0123456789.eE+-_".contains($0) }), let plain = ungrouped(text[...]) else { return nil }
        if let number = Double(plain) { return number }
        // `5.` and `.5` are numbers in Python.
        let mantissa = plain.prefix { $0 != "e" && $0 != "E" }
        guard mantissa.contains(where: \.isNumber), mantissa.hasSuffix(".") || mantissa.contains(".") else {
            return nil
        }
        let padded = mantissa.replacing(".", with: mantissa.hasSuffix(".") ? ".0" : "0.", maxReplacements: 1)
        return Double(String(padded) + plain.dropFirst(mantissa.count))
    }

    /// Without underscores, which may stand between two digits; nil when one stands elsewhere, or nothing is there.
    private static func ungrouped(_ text: Substring) -> String? {
        guard !text.isEmpty else { return nil }
        var result = ""
        var last: Character = "_"
        for character in text {
            if character == "_" {
                guard last.isHexDigit || last.isLetter else { return nil }
            } else {
                if last == "_", !result.isEmpty, !(character.isHexDigit || character.isLetter) { return nil }
                result.append(character)
            }
            last = character
        }
        return last == "_" ? nil : result
    }

    /// Trimmed, and every script's decimal digits as `0` to `9`.
    private static func ascii(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in Texts.trimmed(text).unicodeScalars {
            if !scalar.isASCII, scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue,
                let digit = Unicode.Scalar(48 + UInt32(value))
            {
                result.append(digit)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}

extension Character {
    /// `g` to `z` as digits of bases beyond 16.
    fileprivate var letterValue: Int? {
        guard isASCII, isLetter, let value = lowercased().utf8.first else { return nil }
        return Int(value) - 87
    }
}
