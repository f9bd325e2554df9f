/// Where the statements of an SQL text begin.
///
/// It knows comments, quotes, dollar quotes and parentheses, and not the grammar. Two uses rest on it, and both only get
/// less exact when it is wrong: stopping early when the last statement's result is too large, and naming a line.
enum SQLScript {
    /// The offsets, in UTF-8, of the first token of each statement that is not empty.
    ///
    /// Nil for a text with `BEGIN ATOMIC`, whose semicolons only the grammar can tell apart.
    static func statementStarts(_ sql: String) -> [Int]? {
        var scanner = Scanner(bytes: Array(sql.utf8))
        return scanner.run()
    }

    /// The number of the line, from 1, that holds the byte at `offset`.
    static func line(ofOffset offset: Int, in sql: String) -> Int {
        sql.utf8.prefix(offset).reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    }
}

private struct Scanner {
    let bytes: [UInt8]
    private var index = 0
    private var depth = 0
    private var starts: [Int] = []
    private var isBetweenStatements = true

    init(bytes: [UInt8]) { self.bytes = bytes }

    private func byte(_ offset: Int = 0) -> UInt8 {
        index + offset < bytes.count ? bytes[index + offset] : 0
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
            true
        default: false
        }
    }

    mutating func run() -> [Int]? {
        while index < bytes.count {
            switch byte() {
            case 0x20, 0x09, 0x0A, 0x0D, 0x0C: index += 1
            case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"): skipLine()
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): skipComment()
            case UInt8(ascii: ";"):
                index += 1
                if depth == 0 { isBetweenStatements = true }
            default:
                if isBetweenStatements { starts.append(index) }
                isBetweenStatements = false
                if !skipToken() { return nil }
            }
        }
        return starts
    }

    /// Moves behind a token; false at `ATOMIC`.
    private mutating func skipToken() -> Bool {
        switch byte() {
        case UInt8(ascii: "'"): skipQuoted(hasEscapes: false)
        case UInt8(ascii: "\""): skipQuoted(hasEscapes: false)
        case UInt8(ascii: "$"): skipDollar()
        case UInt8(ascii: "("):
            depth += 1
            index += 1
        case UInt8(ascii: ")"):
            depth = max(depth - 1, 0)
            index += 1
        case let first where Self.isWord(first):
            let start = index
            // A dollar sign inside a word belongs to it and begins no quote.
            while Self.isWord(byte()) || byte() == UInt8(ascii: "$") { index += 1 }
            let word = bytes[start..<index]
            if word.map({ $0 | 0x20 }) == Array("atomic".utf8) { return false }
            if byte() == UInt8(ascii: "'"), word.count == 1, first | 0x20 == UInt8(ascii: "e") {
                skipQuoted(hasEscapes: true)
            }
        default: index += 1
        }
        return true
    }

    private mutating func skipLine() {
        while index < bytes.count, byte() != 0x0A { index += 1 }
    }

    /// Comments nest.
    private mutating func skipComment() {
        var level = 0
        while index < bytes.count {
            if byte() == UInt8(ascii: "/") && byte(1) == UInt8(ascii: "*") {
                level += 1
                index += 2
            } else if byte() == UInt8(ascii: "*") && byte(1) == UInt8(ascii: "/") {
                level -= 1
                index += 2
                if level == 0 { return }
            } else {
                index += 1
            }
        }
    }

    /// A doubled quotation mark is seen as the end of one quote and the start of the next, which comes to the same.
    private mutating func skipQuoted(hasEscapes: Bool) {
        let mark = byte()
        index += 1
        while index < bytes.count, byte() != mark {
            index += hasEscapes && byte() == UInt8(ascii: "\\") ? 2 : 1
        }
        index += 1
        if hasEscapes, byte() == mark { skipQuoted(hasEscapes: true) }
    }

    /// `$tag$ … $tag$`, or a parameter such as `$1`.
    private mutating func skipDollar() {
        var end = index + 1
        while end < bytes.count, Self.isWord(bytes[end]) { end += 1 }
        let isTag = end < bytes.count && bytes[end] == UInt8(ascii: "$")
        let startsWithDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte(1))
        guard isTag, !startsWithDigit else {
            index += 1
            return
        }
        let tag = bytes[index...end]
        index = end + 1
        while index < bytes.count {
            if byte() == UInt8(ascii: "$"), bytes[index...].starts(with: tag) {
                index += tag.count
                return
            }
            index += 1
        }
    }
}
