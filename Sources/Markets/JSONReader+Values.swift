/// The values that stand in a document.
extension JSONReader {
    /// Reads a number, exactly.
    @inline(__always)
    package mutating func decimal() throws(MalformedData) -> ExactDecimal {
        let first = try peek()
        guard first == 0x2D || (0x30...0x39).contains(first) else { throw unexpected("a number") }
        let start = position
        var end = position
        do throws(ExactDecimalError) {
            let value = try ExactDecimal.scan(bytes, at: &end)
            position = end
            return value
        } catch {
            position = start
            throw failure(error.description)
        }
    }

    /// Reads a whole number; `1.0` and `1E3` are whole numbers too.
    @inline(__always)
    package mutating func integer() throws(MalformedData) -> Int64 {
        let first = try peek()
        guard first == 0x2D || (0x30...0x39).contains(first) else { throw unexpected("a whole number") }
        var value: UInt64 = 0
        let index = position + DigitRun.read(bytes, at: position, into: &value)
        let isPlain = index < bytes.count && (bytes[index] == 0x2C || bytes[index] == 0x7D || bytes[index] == 0x5D)
        if isPlain, index - position <= 18, first != 0x30 || index == position + 1, index > position {
            position = index
            return Int64(truncatingIfNeeded: value)
        }
        let start = position
        guard let value = try decimal().int64 else {
            position = start
            throw failure("not a whole number of 64 bits")
        }
        return value
    }

    /// Reads a string.
    package mutating func string() throws(MalformedData) -> String {
        guard try peek() == 0x22 else { throw unexpected("a string") }
        let (content, isEscaped) = try rawString()
        if isEscaped { return try unescaped(content) }
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[content]), as: UTF8.self)
    }

    /// Reads a string without escapes in place; `body` sees its bytes.
    @inline(__always)
    mutating func plainString<Value>(
        _ body: (UnsafeBufferPointer<UInt8>) -> Value
    ) throws(MalformedData) -> Value {
        guard try peek() == 0x22 else { throw unexpected("a string") }
        let (content, isEscaped) = try rawString()
        guard isEscaped else { return body(UnsafeBufferPointer(rebasing: bytes[content])) }
        var text = try unescaped(content)
        return text.withUTF8(body)
    }

    /// Reads true or false.
    package mutating func bool() throws(MalformedData) -> Bool {
        switch try peek() {
        case 0x74:
            try word("true")
            return true
        case 0x66:
            try word("false")
            return false
        default: throw unexpected("true or false")
        }
    }

    /// Reads null when it stands next, and says so.
    package mutating func null() throws(MalformedData) -> Bool {
        guard try peek() == 0x6E else { return false }
        try word("null")
        return true
    }

    /// True when a string stands next.
    package mutating func isString() throws(MalformedData) -> Bool {
        try peek() == 0x22
    }

    /// An error at the next byte.
    package func failure(_ reason: String, field: String? = nil) -> MalformedData {
        MalformedData(field: field, offset: position, reason: reason)
    }
}
