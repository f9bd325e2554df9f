/// One statement of an SQL text.
struct SQLStatement: Hashable {
    /// Without the semicolon, and without the comments and white space around it.
    let text: String
    /// 1-based line of its first word in the whole text.
    let line: Int
    /// Its first word in upper case, and the second: `ROLLBACK`, `TO`.
    let words: [String]

    /// Whether it would begin or end a transaction; `ROLLBACK TO` a savepoint does not.
    var controlsTransaction: Bool {
        guard let first = words.first else { return false }
        switch first {
        case "BEGIN", "COMMIT", "END", "ABORT": return true
        case "ROLLBACK": return !words.contains("TO")
        case "START", "PREPARE": return words.dropFirst().first == "TRANSACTION"
        default: return false
        }
    }
}

/// Splits an SQL text into its statements, as psql does: a semicolon ends one unless it is in a string, a quoted name, a
/// comment, parentheses, or the body of a function written with BEGIN ATOMIC.
enum SQLScript {
    static func split(_ sql: String) -> [SQLStatement] {
        let bytes = Array(sql.utf8)
        var scanner = SQLScanner(bytes[...])
        var statements: [SQLStatement] = []
        var line = 1
        var current = Draft()
        while let token = scanner.next() {
            let isEnd =
                token.kind == .symbol && bytes[token.range.lowerBound] == UInt8(ascii: ";") && current.parentheses <= 0
                && current.blocks == 0
            if isEnd {
                if let statement = current.statement(bytes) { statements.append(statement) }
                current = Draft()
            } else {
                current.add(token, bytes, line: line)
            }
            line += bytes[token.range].count { $0 == UInt8(ascii: "\n") }
        }
        if let statement = current.statement(bytes) { statements.append(statement) }
        return statements
    }

    private struct Draft {
        var start: Int?
        var end = 0
        var line = 1
        var words: [String] = []
        var parentheses = 0
        /// How many BEGIN ATOMIC and CASE are open.
        var blocks = 0
        private var lastWord = ""

        mutating func add(_ token: SQLScanner.Token, _ bytes: [UInt8], line: Int) {
            guard token.kind != .space, token.kind != .comment else { return }
            if start == nil {
                start = token.range.lowerBound
                self.line = line
            }
            end = token.range.upperBound
            switch token.kind {
            case .symbol:
                switch bytes[token.range.lowerBound] {
                case UInt8(ascii: "("): parentheses += 1
                case UInt8(ascii: ")"): parentheses -= 1
                default: break
                }
                lastWord = ""
            case .word:
                // Longer ones are no keywords.
                let word =
                    token.range.count > 20 ? "" : String(decoding: bytes[token.range], as: UTF8.self).uppercased()
                if words.count < 5 { words.append(word) }
                if isRoutine { track(word) }
                lastWord = word
            default:
                lastWord = ""
            }
        }

        /// Only a routine's definition can have statements inside.
        private var isRoutine: Bool {
            guard words.first == "CREATE" else { return false }
            let rest = words.dropFirst().drop { $0 == "OR" || $0 == "REPLACE" }
            return rest.first == "FUNCTION" || rest.first == "PROCEDURE"
        }

        private mutating func track(_ word: String) {
            switch word {
            case "ATOMIC" where lastWord == "BEGIN" && blocks == 0: blocks = 1
            case "CASE" where blocks > 0: blocks += 1
            case "END" where blocks > 0: blocks -= 1
            default: break
            }
        }

        func statement(_ bytes: [UInt8]) -> SQLStatement? {
            guard let start else { return nil }
            return SQLStatement(text: String(decoding: bytes[start..<end], as: UTF8.self), line: line, words: words)
        }
    }
}
