/// Reads JSON (RFC 8259) forward from bytes, strictly, and hands numbers over from their text: no value ever goes
/// through binary floating point.
///
/// Size and depth are bounded, the bytes must be UTF-8, and every error says at which byte. A caller asks for what it
/// expects next (`array`, `object`, `decimal`, `string` …) and gets an error when something else stands there.
package struct JSONReader: ~Copyable {
    /// Bounds that keep a broken or hostile sender from filling the memory.
    package struct Limits: Sendable {
        /// The longest document.
        package var bytes: Int
        /// The most arrays and objects within each other.
        package var depth: Int

        /// Bounds; the defaults hold the largest known reply many times over.
        package init(bytes: Int = 32 * 1024 * 1024, depth: Int = 32) {
            self.bytes = bytes
            self.depth = depth
        }
    }

    let bytes: UnsafeBufferPointer<UInt8>
    private let maximumDepth: Int
    private var depth = 0
    /// The offset of the next byte.
    package internal(set) var position = 0

    private init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    /// Reads one document; whatever `body` leaves unread but white space is an error.
    package static func read<Value>(
        _ bytes: [UInt8], limits: Limits = Limits(), _ body: (inout JSONReader) throws(MalformedData) -> Value
    ) throws(MalformedData) -> Value {
        let result: Result<Value, MalformedData> = bytes.withUnsafeBufferPointer { buffer in
            do throws(MalformedData) {
                return .success(try read(buffer, limits: limits, body))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Reads one document in place.
    static func read<Value>(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: Limits = Limits(),
        _ body: (inout JSONReader) throws(MalformedData) -> Value
    ) throws(MalformedData) -> Value {
        guard bytes.count <= limits.bytes else {
            throw MalformedData(offset: 0, reason: "\(bytes.count) bytes are more than the limit of \(limits.bytes)")
        }
        if !isASCII(bytes) {
            do throws(UTF8.ValidationError) {
                _ = try UTF8Span(validating: bytes.span)
            } catch {
                throw MalformedData(offset: error.byteOffsets.lowerBound, reason: "not UTF-8")
            }
        }
        var reader = JSONReader(bytes: bytes, maximumDepth: limits.depth)
        let value = try body(&reader)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.failure("unexpected text after the value") }
        return value
    }

    /// Most messages are ASCII, which is seen sixteen bytes at a time.
    private static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        let base = UnsafeRawPointer(start)
        var seen = SIMD2<UInt64>()
        var index = 0
        while index + 16 <= bytes.count {
            seen |= base.loadUnaligned(fromByteOffset: index, as: SIMD2<UInt64>.self)
            index += 16
        }
        var rest: UInt8 = 0
        while index < bytes.count {
            rest |= bytes[index]
            index += 1
        }
        return (seen[0] | seen[1]) & 0x8080_8080_8080_8080 == 0 && rest < 0x80
    }

    /// Checks that the bytes are one JSON document.
    package static func validate(_ bytes: [UInt8], limits: Limits = Limits()) throws(MalformedData) {
        try read(bytes, limits: limits) { (reader: inout JSONReader) throws(MalformedData) in try reader.skip() }
    }

    // MARK: - Structure

    /// Reads an array; `element` must read exactly one value each time it is called with the element's index.
    package mutating func array(
        _ element: (inout JSONReader, Int) throws(MalformedData) -> Void
    ) throws(MalformedData) {
        try open(0x5B, "an array")
        if close(0x5D) { return }
        var index = 0
        repeat {
            try element(&self, index)
            index += 1
        } while try comma(orClose: 0x5D)
    }

    /// Reads an object; `member` must read exactly one value each time it is called with a name.
    package mutating func object(
        _ member: (inout JSONReader, String) throws(MalformedData) -> Void
    ) throws(MalformedData) {
        try open(0x7B, "an object")
        if close(0x7D) { return }
        repeat {
            skipSpace()
            let name = try string()
            try colon()
            try member(&self, name)
        } while try comma(orClose: 0x7D)
    }

    /// Reads an object of known fields; unknown ones are skipped, a repeated or missing one is an error, and errors
    /// within a field carry its name.
    ///
    /// `member` must read one value each time it is called with a field's index.
    @inline(__always)
    mutating func object(
        _ table: FieldTable, _ member: (inout JSONReader, Int) throws(MalformedData) -> Void
    ) throws(MalformedData) {
        var cursor = FieldCursor()
        do throws(MalformedData) {
            while try nextField(&cursor, table) { try member(&self, cursor.field) }
        } catch {
            // Trouble between fields is not of the field before it.
            guard error.field == nil, cursor.isWithin else { throw error }
            var error = error
            error.field = table.name(cursor.field)
            throw error
        }
    }

    /// Where a reader stands within an object of known fields.
    struct FieldCursor {
        /// The field whose value stands next.
        fileprivate(set) var field = -1
        /// A field's value is being read.
        fileprivate(set) var isWithin = false
        private(set) var seen: UInt64 = 0
        fileprivate var start = -1

        /// False when it was seen before.
        @inline(__always)
        fileprivate mutating func enter(_ index: Int) -> Bool {
            field = index
            let bit: UInt64 = 1 &<< UInt64(index)
            guard seen & bit == 0 else { return false }
            seen |= bit
            isWithin = true
            return true
        }
    }

    /// Steps to the next known field's value; false at the object's end.
    @inline(__always)
    mutating func nextField(_ cursor: inout FieldCursor, _ table: FieldTable) throws(MalformedData) -> Bool {
        cursor.isWithin = false
        if cursor.start < 0 {
            skipSpace()
            cursor.start = position
            try open(0x7B, "an object")
            if close(0x7D) { return try end(cursor, table) }
        } else if try !comma(orClose: 0x7D) {
            return try end(cursor, table)
        }
        while true {
            skipSpace()
            let field: Int
            if let (index, length) = table.written(bytes, at: position, guess: cursor.field + 1) {
                position += length
                field = index
            } else {
                let index = try fieldIndex(table, guess: cursor.field + 1)
                try colon()
                guard let index else {
                    try skip()
                    guard try comma(orClose: 0x7D) else { return try end(cursor, table) }
                    continue
                }
                field = index
            }
            guard cursor.enter(field) else { throw failure("given twice", field: table.name(field)) }
            return true
        }
    }

    private func end(_ cursor: FieldCursor, _ table: FieldTable) throws(MalformedData) -> Bool {
        if let name = table.missing(seen: cursor.seen) {
            throw MalformedData(field: name, offset: cursor.start, reason: "missing")
        }
        return false
    }

    @inline(never)
    private mutating func fieldIndex(_ table: FieldTable, guess: Int) throws(MalformedData) -> Int? {
        let (content, isEscaped) = try rawString()
        guard isEscaped else { return table.index(of: UnsafeBufferPointer(rebasing: bytes[content]), guess: guess) }
        var name = try unescaped(content)
        return name.withUTF8 { table.index(of: $0, guess: guess) }
    }

    /// Goes back to an earlier position and skips the value there; for a caller that gave one up half-way.
    mutating func skip(from start: Int, depth: Int) throws(MalformedData) {
        goBack(to: start, depth: depth)
        try skip()
    }

    /// Goes back to an earlier position, to read the value there once more.
    mutating func goBack(to start: Int, depth: Int) {
        position = start
        self.depth = depth
    }

    /// Whether a text stands next.
    @inline(__always)
    func begins(with pattern: BytePattern) -> Bool {
        pattern.matches(bytes, at: position)
    }

    /// How many arrays and objects are open.
    var currentDepth: Int { depth }

    /// Skips one value of any kind, checking its grammar.
    package mutating func skip() throws(MalformedData) {
        switch try peek() {
        case 0x7B:
            try open(0x7B, "an object")
            if close(0x7D) { return }
            repeat {
                skipSpace()
                _ = try rawString()
                try colon()
                try skip()
            } while try comma(orClose: 0x7D)
        case 0x5B:
            try array { (reader: inout JSONReader, _) throws(MalformedData) in try reader.skip() }
        case 0x22:
            _ = try rawString()
        case 0x74: try word("true")
        case 0x66: try word("false")
        case 0x6E: try word("null")
        default: try skipNumber()
        }
    }

    // MARK: - Tokens

    /// Takes a text that stands next, byte for byte.
    @inline(__always)
    mutating func take(_ pattern: BytePattern) -> Bool {
        guard pattern.matches(bytes, at: position) else { return false }
        position += pattern.length
        return true
    }

    func byte(at index: Int) -> UInt8? {
        index < bytes.count ? bytes[index] : nil
    }

    mutating func advance(by count: Int) {
        position += count
    }

    /// Steps over white space.
    @inline(__always)
    package mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    @inline(__always)
    mutating func peek() throws(MalformedData) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw failure("the text ends early") }
        return bytes[position]
    }

    @inline(never)
    func unexpected(_ expectation: String) -> MalformedData {
        let found: String
        switch bytes[position] {
        case 0x22: found = "a string"
        case 0x7B: found = "an object"
        case 0x5B: found = "an array"
        case 0x74, 0x66: found = "true or false"
        case 0x6E: found = "null"
        case 0x2D, 0x30...0x39: found = "a number"
        case 0x21...0x7E: found = "\"\(Character(UnicodeScalar(bytes[position])))\""
        default: found = "byte \(bytes[position])"
        }
        return failure("found \(found), expected \(expectation)")
    }

    @inline(__always)
    private mutating func open(_ byte: UInt8, _ expectation: String) throws(MalformedData) {
        guard try peek() == byte else { throw unexpected(expectation) }
        guard depth < maximumDepth else { throw failure("nested deeper than \(maximumDepth) levels") }
        depth += 1
        position += 1
    }

    /// Takes the closing byte when it stands next, which ends an empty array or object.
    @inline(__always)
    private mutating func close(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        depth -= 1
        return true
    }

    /// True after a comma, false after the closing byte.
    @inline(__always)
    private mutating func comma(orClose byte: UInt8) throws(MalformedData) -> Bool {
        let next = try peek()
        if next == 0x2C {
            position += 1
            return true
        }
        guard next == byte else { throw unexpected("a comma or the end") }
        position += 1
        depth -= 1
        return false
    }

    private mutating func colon() throws(MalformedData) {
        guard try peek() == 0x3A else { throw unexpected("a colon") }
        position += 1
    }

    mutating func word(_ text: StaticString) throws(MalformedData) {
        let expected = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes[position...].starts(with: expected) else { throw failure("expected \(text)") }
        position += expected.count
    }

    /// Checks a number's grammar without its value, which may be beyond an `ExactDecimal`.
    mutating func skipNumber() throws(MalformedData) {
        guard bytes[position] == 0x2D || (0x30...0x39).contains(bytes[position]) else { throw unexpected("a value") }
        if bytes[position] == 0x2D { position += 1 }
        let start = position
        try skipDigits()
        guard position == start + 1 || bytes[start] != 0x30 else { throw failure("a number starts with a zero") }
        if position < bytes.count, bytes[position] == 0x2E {
            position += 1
            try skipDigits()
        }
        if position < bytes.count, bytes[position] | 0x20 == 0x65 {
            position += 1
            if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D { position += 1 }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(MalformedData) {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        guard position > start else { throw failure("a digit is missing") }
    }

    /// The range between the quotes, and whether it contains escapes.
    mutating func rawString() throws(MalformedData) -> (Range<Int>, isEscaped: Bool) {
        guard position < bytes.count, bytes[position] == 0x22 else {
            guard position < bytes.count else { throw failure("the text ends early") }
            throw unexpected("a string")
        }
        position += 1
        let start = position
        var isEscaped = false
        while position < bytes.count {
            switch bytes[position] {
            case 0x22:
                position += 1
                return (start..<position - 1, isEscaped)
            case 0x5C:
                isEscaped = true
                try checkEscape()
            case 0..<0x20:
                throw failure("a control character within a string")
            default:
                position += 1
            }
        }
        throw failure("a string without an end")
    }
}
