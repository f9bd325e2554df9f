/// One token of an expression.
struct Token: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case name(String)
        case string(String)
        case integer(Int64)
        case decimal(Double)
        /// A punctuation mark or operator.
        case symbol(String)
        case end
    }

    let kind: Kind
    let offset: Int
}

/// Cuts the inside of `{{ … }}` into tokens, by Jinja's lexical rules.
struct Lexer {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    /// Tokens of `bytes[start..<end]`.
    init(_ bytes: [UInt8], from start: Int, to end: Int) {
        self.bytes = bytes
        position = start
        self.end = end
    }

    private static let symbols2: Set<String> = ["//", "**", "==", "!=", "<=", ">="]
    private static let symbols1 = Set("+-*/%~.,:|()[]{}<>=".utf8)

    mutating func tokens() throws(Failure) -> [Token] {
        var result: [Token] = []
        while true {
            while position < end, isBlank(bytes[position]) { position += 1 }
            let start = position
            guard position < end else {
                result.append(Token(kind: .end, offset: end))
                return result
            }
            let byte = bytes[position]
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                result.append(Token(kind: .string(try string(quote: byte)), offset: start))
            } else if isDigit(byte) {
                result.append(Token(kind: try number(), offset: start))
            } else if isNameStart(byte) {
                while position < end, isNameStart(bytes[position]) || isDigit(bytes[position]) { position += 1 }
                result.append(
                    Token(kind: .name(String(decoding: bytes[start..<position], as: UTF8.self)), offset: start))
            } else if position + 1 < end,
                Self.symbols2.contains(String(decoding: bytes[position...position + 1], as: UTF8.self))
            {
                position += 2
                result.append(
                    Token(kind: .symbol(String(decoding: bytes[start..<position], as: UTF8.self)), offset: start))
            } else if Self.symbols1.contains(byte) {
                position += 1
                result.append(Token(kind: .symbol(String(UnicodeScalar(byte))), offset: start))
            } else {
                let text = String(decoding: bytes[position..<min(position + 4, end)], as: UTF8.self)
                throw Failure("unexpected character '\(text.prefix(1))' in an expression", at: position)
            }
        }
    }

    /// A quoted string with Python's escapes.
    private mutating func string(quote: UInt8) throws(Failure) -> String {
        let start = position
        position += 1
        var result: [UInt8] = []
        while position < end {
            let byte = bytes[position]
            position += 1
            if byte == quote { return String(decoding: result, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\"), position < end else {
                result.append(byte)
                continue
            }
            let escape = bytes[position]
            position += 1
            switch escape {
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "r"): result.append(13)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "a"): result.append(7)
            case UInt8(ascii: "b"): result.append(8)
            case UInt8(ascii: "f"): result.append(12)
            case UInt8(ascii: "v"): result.append(11)
            case UInt8(ascii: "0"): result.append(0)
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): result.append(escape)
            case 10: break
            case UInt8(ascii: "N"):
                throw Failure(
                    "characters by name, '\\N{…}', are not available in this version",
                    hint: "write '\\u' and four digits",
                    at: position - 2)
            case UInt8(ascii: "x"): try append(hexDigits: 2, to: &result)
            case UInt8(ascii: "u"): try append(hexDigits: 4, to: &result)
            case UInt8(ascii: "U"): try append(hexDigits: 8, to: &result)
            default: result += [UInt8(ascii: "\\"), escape]
            }
        }
        throw Failure("a string that starts here has no closing quote", at: start)
    }

    private mutating func append(hexDigits count: Int, to result: inout [UInt8]) throws(Failure) {
        let start = position
        guard position + count <= end,
            let value = UInt32(String(decoding: bytes[position..<position + count], as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw Failure("expected \(count) hexadecimal digits of a character", at: start) }
        position += count
        result += Array(String(Character(scalar)).utf8)
    }

    private mutating func number() throws(Failure) -> Token.Kind {
        let start = position
        if bytes[position] == UInt8(ascii: "0"), position + 1 < end {
            let radix: Int? =
                switch bytes[position + 1] | 0x20 {
                case UInt8(ascii: "x"): 16
                case UInt8(ascii: "o"): 8
                case UInt8(ascii: "b"): 2
                default: nil
                }
            if let radix {
                position += 2
                let digits = take { isDigit($0) || isNameStart($0) }
                guard let value = Int64(digits.filter { $0 != "_" }, radix: radix) else {
                    throw Failure("'\(text(start))' is not a number", at: start)
                }
                return .integer(value)
            }
        }
        _ = take { isDigit($0) || $0 == UInt8(ascii: "_") }
        var isDecimal = false
        if position + 1 < end, bytes[position] == UInt8(ascii: "."), isDigit(bytes[position + 1]) {
            isDecimal = true
            position += 1
            _ = take { isDigit($0) || $0 == UInt8(ascii: "_") }
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            var ahead = position + 1
            if ahead < end, bytes[ahead] == UInt8(ascii: "+") || bytes[ahead] == UInt8(ascii: "-") { ahead += 1 }
            if ahead < end, isDigit(bytes[ahead]) {
                isDecimal = true
                position = ahead
                _ = take { isDigit($0) }
            }
        }
        let written = text(start)
        let isGrouped = written.split(separator: "_", omittingEmptySubsequences: false).allSatisfy {
            $0.first.map { $0.isNumber } ?? false
        }
        let digits = written.filter { $0 != "_" }
        // As in Python: an underscore between two digits, and no zeros before an integer.
        guard isGrouped, isDecimal || !digits.hasPrefix("0") || digits.allSatisfy({ $0 == "0" }) else {
            throw Failure("'\(written)' is not a number", at: start)
        }
        if isDecimal, let value = Double(digits) { return .decimal(value) }
        guard let value = Int64(digits) else {
            throw Failure("the number \(digits) is too large: integers have 64 bits", at: start)
        }
        return .integer(value)
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> String {
        let start = position
        while position < end, condition(bytes[position]) { position += 1 }
        return text(start)
    }

    private func text(_ start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }
}

func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
/// Letters, the underscore and everything beyond ASCII.
func isNameStart(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (65...90).contains(byte) || (97...122).contains(byte) || byte >= 0x80
}
