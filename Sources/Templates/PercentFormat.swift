/// Python's `'%s and %05d' % (a, b)` for the conversions that templates meet.
enum PercentFormat {
    static func text(_ format: String, _ argument: Value) throws(Failure) -> String {
        var values: [Value] = if case .tuple(let elements) = argument { elements } else { [argument] }
        values.reverse()
        var result = ""
        var scalars = Array(format.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            guard var conversion = scalars.popFirst() else { throw Failure("a format ends with '%'") }
            if conversion == "%" {
                result += "%"
                continue
            }
            var isZeroPadded = false
            var isLeft = false
            var width = 0
            var precision: Int?
            while conversion == "0" || conversion == "-" {
                if conversion == "0" { isZeroPadded = true } else { isLeft = true }
                conversion = try next(&scalars)
            }
            while let digit = conversion.digit {
                width = min(width * 10 + digit, 10_000)
                conversion = try next(&scalars)
            }
            if conversion == "." {
                precision = 0
                conversion = try next(&scalars)
                while let digit = conversion.digit {
                    precision = min((precision ?? 0) * 10 + digit, 100)
                    conversion = try next(&scalars)
                }
            }
            guard let value = values.popLast() else { throw Failure("the format asks for more values than there are") }
            var piece: String
            switch conversion {
            case "s":
                piece = try value.text()
                if let precision { piece = String(piece.prefix(precision)) }
            case "r": piece = try value.representation()
            case "d", "i":
                guard let number = value.number, abs(number) < 9e18 else {
                    throw Failure("'%d' takes a number, found \(value.kindDescription)")
                }
                piece = value.integer.map { String($0) } ?? String(Int64(number))
            case "f":
                guard let number = value.number else {
                    throw Failure("'%f' takes a number, found \(value.kindDescription)")
                }
                piece = Decimals.fixed(number, precision ?? 6)
            default: throw Failure("the format conversion '%\(conversion)' is not available in this version")
            }
            let missing = width - piece.unicodeScalars.count
            if missing > 0 {
                if isLeft {
                    piece += String(repeating: " ", count: missing)
                } else if isZeroPadded, conversion != "s", conversion != "r" {
                    let sign = piece.hasPrefix("-") ? "-" : ""
                    piece = sign + String(repeating: "0", count: missing) + piece.dropFirst(sign.count)
                } else {
                    piece = String(repeating: " ", count: missing) + piece
                }
            }
            result += piece
        }
        if !values.isEmpty, case .tuple = argument { throw Failure("the format does not use all its values") }
        return result
    }

    private static func next(_ scalars: inout ArraySlice<Unicode.Scalar>) throws(Failure) -> Unicode.Scalar {
        guard let scalar = scalars.popFirst() else { throw Failure("a format ends within a conversion") }
        return scalar
    }
}

extension Unicode.Scalar {
    fileprivate var digit: Int? { ("0"..."9").contains(self) ? Int(value) - 48 : nil }
}
