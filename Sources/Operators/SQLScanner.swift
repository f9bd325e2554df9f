/// Tells SQL's code from what only looks like it: strings, quoted names and comments, by PostgreSQL's lexical rules.
struct SQLScanner {
    enum Kind {
        /// A letter or digit run: a keyword, a name, a number.
        case word
        /// A single other byte of code.
        case symbol
        /// A string, a quoted name, a dollar-quoted text.
        case quoted
        case comment
        case space
    }

    struct Token {
        let kind: Kind
        let range: Range<Int>
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The next token; nil at the end.
    ///
    /// What is not closed reaches to the end: the server says it better.
    mutating func next() -> Token? {
        guard position < bytes.endIndex else { return nil }
        let start = position
        let kind = advance()
        return Token(kind: kind, range: start..<position)
    }

    private func byte(_ offset: Int) -> UInt8? {
        position + offset < bytes.endIndex ? bytes[position + offset] : nil
    }

    private mutating func advance() -> Kind {
        let first = bytes[position]
        switch first {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0B, 0x0C:
            position += 1
            return .space
        case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"):
            while let next = byte(0), next != UInt8(ascii: "\n"), next != UInt8(ascii: "\r") { position += 1 }
            return .comment
        case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"):
            skipBlockComment()
            return .comment
        case UInt8(ascii: "'"):
            skipQuoted(UInt8(ascii: "'"), escapes: false)
            return .quoted
        case UInt8(ascii: "\""):
            skipQuoted(first, escapes: false)
            return .quoted
        case UInt8(ascii: "$"):
            return skipDollar()
        case _ where Self.startsWord(first):
            // E'…' has backslash escapes; B'…', X'…', N'…' and U&'…' have not and need no care.
            if first | 0x20 == UInt8(ascii: "e"), byte(1) == UInt8(ascii: "'") {
                position += 1
                skipQuoted(UInt8(ascii: "'"), escapes: true)
                return .quoted
            }
            while let next = byte(0), Self.continuesWord(next) { position += 1 }
            return .word
        default:
            position += 1
            return .symbol
        }
    }

    /// Block comments nest in PostgreSQL.
    private mutating func skipBlockComment() {
        var depth = 0
        while position < bytes.endIndex {
            if byte(0) == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else if byte(0) == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
                if depth == 0 { return }
            } else {
                position += 1
            }
        }
    }

    private mutating func skipQuoted(_ quote: UInt8, escapes: Bool) {
        position += 1
        while let next = byte(0) {
            if escapes, next == UInt8(ascii: "\\") {
                position = min(position + 2, bytes.endIndex)
            } else if next == quote {
                position += 1
                // A doubled quote is one inside.
                if byte(0) != quote { return }
                position += 1
            } else {
                position += 1
            }
        }
    }

    /// `$tag$ … $tag$`; a lone `$` (as in `$1`) is a symbol.
    private mutating func skipDollar() -> Kind {
        var end = position + 1
        if end < bytes.endIndex, Self.isDigit(bytes[end]) {
            position += 1
            return .symbol
        }
        while end < bytes.endIndex, Self.continuesWord(bytes[end]), bytes[end] != UInt8(ascii: "$") { end += 1 }
        guard end < bytes.endIndex, bytes[end] == UInt8(ascii: "$") else {
            position += 1
            return .symbol
        }
        let tag = bytes[position...end]
        position = end + 1
        while position < bytes.endIndex {
            if bytes[position] == UInt8(ascii: "$"), bytes[position...].starts(with: tag) {
                position += tag.count
                return .quoted
            }
            position += 1
        }
        return .quoted
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    private static func startsWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
            || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    /// A `$` may stand inside a name, where it opens no dollar quote.
    private static func continuesWord(_ byte: UInt8) -> Bool { startsWord(byte) || byte == UInt8(ascii: "$") }
}
