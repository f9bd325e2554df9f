/// What a plain scalar means by YAML 1.2's core schema: null, booleans, integers and floats; everything else is text.
///
/// YAML 1.1's `yes`, `no`, `on`, `off`, its sexagesimal numbers and its dates are text.
enum ScalarResolver {
    enum Resolved: Equatable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string
        /// An integer beyond 64 bits.
        case tooLarge
    }

    static func resolve(_ bytes: UnsafeBufferPointer<UInt8>) -> Resolved {
        guard let first = bytes.first else { return .null }
        switch first {
        case UInt8(ascii: "~"): return bytes.count == 1 ? .null : .string
        case UInt8(ascii: "n"), UInt8(ascii: "N"):
            return isWord(bytes, "null") || isWord(bytes, "Null") || isWord(bytes, "NULL") ? .null : .string
        case UInt8(ascii: "t"), UInt8(ascii: "T"):
            return isWord(bytes, "true") || isWord(bytes, "True") || isWord(bytes, "TRUE") ? .bool(true) : .string
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            return isWord(bytes, "false") || isWord(bytes, "False") || isWord(bytes, "FALSE") ? .bool(false) : .string
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return number(bytes)
        default: return .string
        }
    }

    private static func isWord(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
        bytes.count == word.utf8CodeUnitCount
            && bytes.elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Resolved {
        // 0o17 and 0xff carry no sign.
        if bytes.count > 2, bytes[0] == UInt8(ascii: "0"),
            bytes[1] == UInt8(ascii: "o") || bytes[1] == UInt8(ascii: "x")
        {
            let isHex = bytes[1] == UInt8(ascii: "x")
            let digits = bytes[2...]
            let fits = digits.allSatisfy { byte in
                isHex
                    ? isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
                    : (48...55).contains(byte)
            }
            guard fits else { return .string }
            guard let value = Int64(String(decoding: digits, as: UTF8.self), radix: isHex ? 16 : 8) else {
                return .tooLarge
            }
            return .int(value)
        }
        var index = bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-") ? 1 : 0
        let isSigned = index == 1
        guard index < bytes.count else { return .string }
        if bytes[index] == UInt8(ascii: "."), index + 1 < bytes.count, !isDigit(bytes[index + 1]) {
            let word = String(decoding: bytes[(index + 1)...], as: UTF8.self)
            if ["inf", "Inf", "INF"].contains(word) {
                return .double(bytes[0] == UInt8(ascii: "-") ? -.infinity : .infinity)
            }
            if ["nan", "NaN", "NAN"].contains(word), !isSigned { return .double(.nan) }
            return .string
        }
        var digits = 0
        var isWhole = true
        while index < bytes.count, isDigit(bytes[index]) {
            digits += 1
            index += 1
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            while index < bytes.count, isDigit(bytes[index]) {
                digits += 1
                index += 1
            }
        }
        guard digits > 0 else { return .string }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard index < bytes.count, isDigit(bytes[index]) else { return .string }
            while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        }
        guard index == bytes.count else { return .string }
        let text = String(decoding: bytes, as: UTF8.self)
        if isWhole { return Int64(text).map { .int($0) } ?? .tooLarge }
        // A leading or trailing point is fine in YAML, not for Swift.
        var padded = text
        if let point = padded.firstIndex(of: ".") {
            let after = padded.index(after: point)
            if after == padded.endIndex || !padded[after].isNumber { padded.insert("0", at: after) }
        }
        return Double(padded).map { .double($0) } ?? .string
    }
}
