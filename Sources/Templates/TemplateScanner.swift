/// Cuts a template into text, expressions and statements, dropping comments and resolving `{% raw %}` and whitespace control.
struct TemplateScanner {
    enum Piece {
        case text(Range<Int>)
        case expression(Range<Int>)
        /// What stands between `{%` and `%}`, and where the tag opens.
        case statement(Range<Int>, open: Int)
    }

    private let bytes: [UInt8]
    private var position = 0
    /// Set after `-}}`, `-%}` or `-#}`: the blanks that follow are dropped.
    private var trimsNext = false
    private var pending: [Piece] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The text with line breaks as line feeds and without the one at its end, as Jinja reads templates.
    static func normalized(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == 10, previous == 13 {
                previous = byte
                continue
            }
            result.append(byte == 13 ? 10 : byte)
            previous = byte
        }
        if result.last == 10 { result.removeLast() }
        return result
    }

    /// The next piece, nil at the end.
    mutating func next() throws(Failure) -> Piece? {
        while true {
            if !pending.isEmpty { return pending.removeFirst() }
            guard position < bytes.count else { return nil }
            if trimsNext {
                trimsNext = false
                while position < bytes.count, isBlank(bytes[position]) { position += 1 }
                if position == bytes.count { return nil }
            }
            let start = position
            guard let open = findOpening(from: position) else {
                position = bytes.count
                return .text(start..<bytes.count)
            }
            let modifier = open + 2 < bytes.count ? bytes[open + 2] : 0
            var textEnd = open
            if modifier == UInt8(ascii: "-") {
                while textEnd > start, isBlank(bytes[textEnd - 1]) { textEnd -= 1 }
            }
            if textEnd > start { pending.append(.text(start..<textEnd)) }
            let hasModifier = modifier == UInt8(ascii: "-") || modifier == UInt8(ascii: "+")
            try readTag(at: open, inside: open + 2 + (hasModifier ? 1 : 0))
        }
    }

    private func findOpening(from start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "{") {
                let second = bytes[index + 1]
                if second == UInt8(ascii: "{") || second == UInt8(ascii: "%") || second == UInt8(ascii: "#") {
                    return index
                }
            }
            index += 1
        }
        return nil
    }

    private mutating func readTag(at open: Int, inside: Int) throws(Failure) {
        switch bytes[open + 1] {
        case UInt8(ascii: "#"):
            guard let close = find("#}", from: open + 2) else {
                throw Failure("a comment that starts here has no closing '#}'", at: open)
            }
            trimsNext = close > open + 2 && bytes[close - 1] == UInt8(ascii: "-")
            position = close + 2
        case UInt8(ascii: "{"):
            let close = try tagEnd(UInt8(ascii: "}"), from: inside, open: open)
            var end = close
            if end > inside, bytes[end - 1] == UInt8(ascii: "-") {
                trimsNext = true
                end -= 1
            }
            pending.append(.expression(inside..<end))
            position = close + 2
        default: try readStatement(at: open, inside: inside)
        }
    }

    /// The `}}` or `%}` that closes a tag: not one within a string, a list or a mapping.
    private func tagEnd(_ mark: UInt8, from start: Int, open: Int) throws(Failure) -> Int {
        var index = start
        var braces = 0
        let isOutput = mark == UInt8(ascii: "}")
        while index < bytes.count {
            let byte = bytes[index]
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                let quote = index
                index += 1
                while index < bytes.count, bytes[index] != byte { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
                guard index < bytes.count else {
                    throw Failure("a string that starts here has no closing quote", at: quote)
                }
            } else if byte == mark, next == UInt8(ascii: "}"), braces == 0 {
                return index
            } else if byte == UInt8(ascii: "{") {
                braces += 1
            } else if byte == UInt8(ascii: "}") {
                braces = max(braces - 1, 0)
            } else if isOutput, byte == UInt8(ascii: "%"), next == UInt8(ascii: "}") {
                break
            }
            index += 1
        }
        let (what, close) = isOutput ? ("an expression", "}}") : ("a statement", "%}")
        throw Failure("\(what) that starts here has no closing '\(close)'", at: open)
    }

    private mutating func readStatement(at open: Int, inside: Int) throws(Failure) {
        let close = try tagEnd(UInt8(ascii: "%"), from: inside, open: open)
        var end = close
        let sign = end > inside ? bytes[end - 1] : 0
        let trims = sign == UInt8(ascii: "-")
        if trims || sign == UInt8(ascii: "+") { end -= 1 }
        let isRaw = bytes[inside..<end].split(whereSeparator: isBlank).elementsEqual([Array("raw".utf8)[...]])
        if isRaw { return try readRaw(from: close + 2, trims: trims, open: open) }
        pending.append(.statement(inside..<end, open: open))
        trimsNext = trims
        position = close + 2
    }

    /// Everything up to `{% endraw %}` as text.
    private mutating func readRaw(from start: Int, trims: Bool, open: Int) throws(Failure) {
        var from = start
        var search = start
        while let tag = find("{%", from: search) {
            guard let end = endRaw(at: tag) else {
                search = tag + 2
                continue
            }
            var textEnd = tag
            if trims { while from < textEnd, isBlank(bytes[from]) { from += 1 } }
            if end.trimsBefore { while textEnd > from, isBlank(bytes[textEnd - 1]) { textEnd -= 1 } }
            pending.append(.text(from..<textEnd))
            trimsNext = end.trimsAfter
            position = end.close
            return
        }
        throw Failure("'{% raw %}' has no '{% endraw %}'", at: open)
    }

    /// Whether `{% endraw %}` stands at an opening, and what follows it.
    ///
    /// Looks at its few bytes only.
    private func endRaw(at tag: Int) -> (close: Int, trimsBefore: Bool, trimsAfter: Bool)? {
        var index = tag + 2
        func byte() -> UInt8 { index < bytes.count ? bytes[index] : 0 }
        func takeSign() -> Bool {
            let sign = byte()
            if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { index += 1 }
            return sign == UInt8(ascii: "-")
        }
        let trimsBefore = takeSign()
        while isBlank(byte()) { index += 1 }
        let word = Array("endraw".utf8)
        guard index + word.count <= bytes.count, bytes[index..<index + word.count].elementsEqual(word) else {
            return nil
        }
        index += word.count
        while isBlank(byte()) { index += 1 }
        let trimsAfter = takeSign()
        guard byte() == UInt8(ascii: "%"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "}") else {
            return nil
        }
        return (index + 2, trimsBefore, trimsAfter)
    }

    private func find(_ mark: StaticString, from start: Int) -> Int? {
        let first = mark.utf8Start[0]
        let second = mark.utf8Start[1]
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == first, bytes[index + 1] == second { return index }
            index += 1
        }
        return nil
    }
}
