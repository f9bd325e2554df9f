import FoundationEssentials

/// A JSON text as written: members in their order, whole numbers apart from others.
package indirect enum JSONTree: Sendable {
    /// Null, a boolean, a number or a string.
    case scalar(JSONValue)
    case array([JSONTree])
    /// A name given twice stands where it first stood, with the last value.
    case object([(name: String, value: JSONTree)])

    /// Reads one JSON text.
    ///
    /// Throws `DecodingError` when it is not JSON, and for a number that 64 bits cannot hold: an integer is never rounded.
    package init(parsing text: String) throws {
        var reader = JSONTreeReader(text)
        do throws(JSONTreeReader.Problem) {
            self = try reader.document()
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: [], debugDescription: "\(error.text) at byte \(error.offset)"))
        }
    }
}

/// Reads JSON by hand: Foundation's decoder takes `2.0` for an integer, and an integer beyond 64 bits for another number.
private struct JSONTreeReader {
    struct Problem: Error {
        let text: String
        let offset: Int
    }

    private let bytes: [UInt8]
    private var position = 0
    private static let maximumDepth = 512

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func document() throws(Problem) -> JSONTree {
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw problem("something follows the value") }
        return value
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func problem(_ text: String, at offset: Int? = nil) -> Problem {
        Problem(text: text, offset: offset ?? position)
    }

    private mutating func skipBlanks() {
        while let byte = current, byte == 32 || byte == 9 || byte == 10 || byte == 13 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Problem) -> JSONTree {
        guard depth < Self.maximumDepth else { throw problem("values stand more than \(Self.maximumDepth) deep") }
        skipBlanks()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .scalar(.string(try string()))
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        case nil: throw problem("a value is missing")
        default:
            for (word, value) in [("null", .null), ("true", .bool(true)), ("false", .bool(false))]
                as [(String, JSONValue)] where bytes[position...].starts(with: word.utf8)
            {
                position += word.utf8.count
                return .scalar(value)
            }
            throw problem("this is no value")
        }
    }

    private mutating func array(depth: Int) throws(Problem) -> JSONTree {
        position += 1
        var elements: [JSONTree] = []
        skipBlanks()
        if take("]") { return .array([]) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipBlanks()
        } while take(",")
        guard take("]") else { throw problem("expected ',' or ']'") }
        return .array(elements)
    }

    private mutating func object(depth: Int) throws(Problem) -> JSONTree {
        position += 1
        var members: [(name: String, value: JSONTree)] = []
        var places: [String: Int] = [:]
        skipBlanks()
        if take("}") { return .object([]) }
        repeat {
            skipBlanks()
            guard current == UInt8(ascii: "\"") else { throw problem("expected a name in quotes") }
            let name = try string()
            skipBlanks()
            guard take(":") else { throw problem("expected ':'") }
            let value = try value(depth: depth + 1)
            if let place = places[name] {
                members[place].value = value
            } else {
                places[name] = members.count
                members.append((name, value))
            }
            skipBlanks()
        } while take(",")
        guard take("}") else { throw problem("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func number() throws(Problem) -> JSONTree {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        var isWhole = true
        if take(".") {
            isWhole = false
            try digits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole {
            guard let number = Int64(text) else {
                throw problem("the integer \(text.prefix(60)) is beyond 64 bits; write it as a string", at: start)
            }
            return .scalar(.int(number))
        }
        guard let number = Double(text), number.isFinite else {
            throw problem("the number \(text.prefix(60)) is too large", at: start)
        }
        return .scalar(.double(number))
    }

    private mutating func digits() throws(Problem) {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw problem("expected a digit") }
    }

    private mutating func string() throws(Problem) -> String {
        position += 1
        var result: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &result)
            case 0..<0x20: throw problem("a control character stands in a string", at: position - 1)
            default: result.append(byte)
            }
        }
        throw problem("a string has no closing quote")
    }

    private mutating func escape(into result: inout [UInt8]) throws(Problem) {
        guard let byte = current else { throw problem("a string has no closing quote") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(8)
        case UInt8(ascii: "f"): result.append(12)
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "r"): result.append(13)
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "u"):
            let start = position - 2
            var code = try unit()
            if (0xD800..<0xDC00).contains(code), take("\\"), take("u") {
                let low = try unit()
                guard (0xDC00..<0xE000).contains(low) else { throw problem("half a character stands alone", at: start) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw problem("half a character stands alone", at: start) }
            result += Array(String(Character(scalar)).utf8)
        default: throw problem("unknown escape in a string", at: position - 2)
        }
    }

    private mutating func unit() throws(Problem) -> UInt32 {
        let end = position + 4
        guard end <= bytes.count, bytes[position..<end].allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let code = UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
        else { throw problem("expected four hexadecimal digits") }
        position = end
        return code
    }
}
