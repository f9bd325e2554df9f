/// Reads one field of a cron expression into bit masks.
struct CronFieldParser {
    /// What a field says.
    struct Result {
        /// A bit for each value; Sunday is bit 0.
        var mask: UInt64 = 0
        /// The month's last day.
        var last = false
        /// Bit `weekday * 8 + k`: the k-th such weekday of a month, k 0 for the last.
        var nth: UInt64 = 0
        /// Begins with a star, or is `?`.
        var star = false
        /// Is exactly `*` or `?`.
        var plain = false
        /// One of the items is exactly `*` or `?`.
        var hasPlainItem = false
        /// All of them are.
        var hasOnlyPlainItems = true
        /// There is a star anywhere, or the field is `?`.
        var hasStar = false
        /// The mask has every value of the field.
        var isFull = false
    }

    let field: CronField
    let piece: CronParser.Piece
    let source: String
    let all: [UInt8]

    func parse() throws(CronError) -> Result {
        var result = Result()
        let text = piece.text
        result.plain = text == "*" || text == "?"
        result.star = piece.bytes.first == UInt8(ascii: "*") || text == "?"
        result.hasStar = piece.bytes.contains(UInt8(ascii: "*")) || text == "?"
        for item in split(piece, at: ",") {
            let isPlain = item.text == "*" || item.text == "?"
            result.hasPlainItem = result.hasPlainItem || isPlain
            result.hasOnlyPlainItems = result.hasOnlyPlainItems && isPlain
            guard !item.isEmpty else { throw error(item, "an empty item in the list; remove the extra comma") }
            try add(item, to: &result)
        }
        result.isFull = result.mask.nonzeroBitCount == field.last - field.range.lowerBound + 1
        return result
    }

    private func add(_ item: CronParser.Piece, to result: inout Result) throws(CronError) {
        if let foreign = item.bytes.first(where: { $0 >= 0x80 }) {
            _ = foreign
            throw error(
                item, "\"\(shown(item))\" has a character that is not ASCII; use ordinary digits, letters and *")
        }
        let parts = split(item, at: "/")
        guard parts.count <= 2 else { throw error(item, "\"\(shown(item))\" has more than one step; write a-b/n") }
        let base = parts[0]
        guard !base.isEmpty else { throw error(item, "nothing stands before the step; write */n or a-b/n") }
        let step = parts.count == 2 ? try self.step(parts[1]) : nil
        if base.text == "?" {
            guard field == .dayOfMonth || field == .dayOfWeek else {
                throw error(base, "? is for day-of-month and day-of-week alone; use *")
            }
            guard piece.bytes.count == 1 else {
                throw error(base, "? stands alone in a field; use * with lists and steps")
            }
            add(field.range.lowerBound...field.last, step: 1, to: &result)
            return
        }
        if base.text == "*" {
            add(field.range.lowerBound...field.last, step: step ?? 1, to: &result)
            return
        }
        if try addSpecial(base, hasStep: step != nil, to: &result) { return }
        let bounds = split(base, at: "-")
        guard bounds.count <= 2 else { throw error(base, "\"\(shown(base))\" has more than one range; write a-b") }
        for bound in bounds where bound.isEmpty {
            throw error(base, "\"\(shown(base))\" lacks one end of a range (numbers have no sign); write a-b")
        }
        let low = try value(bounds[0])
        guard bounds.count == 2 else {
            // a/n goes to the field's end, and Sunday written as 7 is an end of its own.
            add(low...(step == nil ? low : max(low, field.last)), step: step ?? 1, to: &result)
            return
        }
        let high = try value(bounds[1])
        if low <= high {
            add(low...high, step: step ?? 1, to: &result)
        } else {
            // Reversed: on from the low end around the field's turn. Sunday as a beginning is 0.
            let start = field == .dayOfWeek && low == 7 ? 0 : low
            let turn = field.last - field.range.lowerBound + 1
            add(start...(high >= start ? high : high + turn), step: step ?? 1, to: &result)
        }
    }

    /// `L`, `L5`, `5L` and `n#k`.
    ///
    /// False when the item is none of these.
    private func addSpecial(
        _ base: CronParser.Piece, hasStep: Bool, to result: inout Result
    ) throws(CronError) -> Bool {
        let text = base.text.uppercased()
        if field == .dayOfMonth, text.contains("L") || text.contains("W") {
            guard text == "L" else {
                let what = text.contains("W") ? "W (the nearest working day)" : "\"\(shown(base))\""
                throw error(base, "\(what) is not supported here; use L for the month's last day, or 1 to 31")
            }
            guard !hasStep else { throw error(base, "L takes no step") }
            result.last = true
            return true
        }
        guard field == .dayOfWeek else { return false }
        if text.contains("#") {
            let parts = split(base, at: "#")
            guard parts.count == 2, !hasStep else {
                throw error(base, "\"\(shown(base))\" is not weekday#number; write 5#2 or FRI#2 for the second Friday")
            }
            let weekday = try value(parts[0]) % 7
            guard let count = number(parts[1]), (1...5).contains(count) else {
                throw error(
                    parts[1], "\"\(shown(parts[1]))\" is not a count of weekdays in a month; use 1 to 5 after #")
            }
            result.nth |= 1 << UInt64(weekday * 8 + count)
            return true
        }
        guard text.utf8.count == 2, text.hasPrefix("L") || text.hasSuffix("L"),
            let weekday = Int(text.replacing("L")), field.range.contains(weekday)
        else { return false }
        guard !hasStep else { throw error(base, "a last weekday takes no step") }
        result.nth |= 1 << UInt64(weekday % 7 * 8)
        return true
    }

    private func add(_ values: ClosedRange<Int>, step: Int, to result: inout Result) {
        let turn = field.last - field.range.lowerBound + 1
        var value = values.lowerBound
        while value <= values.upperBound {
            let folded = value > field.last ? value - turn : value
            result.mask |= 1 << UInt64(folded)
            // A step may be any number; beyond the field it ends the walk.
            guard step <= values.upperBound - value else { return }
            value += step
        }
    }

    private func step(_ piece: CronParser.Piece) throws(CronError) -> Int {
        guard let step = number(piece) else {
            throw error(piece, "the step \"\(shown(piece))\" is not a whole number; use 1 or more")
        }
        guard step > 0 else { throw error(piece, "a step of 0 never moves; use 1 or more") }
        return step
    }

    private func value(_ piece: CronParser.Piece) throws(CronError) -> Int {
        let use = "; use \(field.expectation)"
        if let number = number(piece) {
            guard field.range.contains(number) else { throw error(piece, "\(shown(piece)) is out of range\(use)") }
            return number
        }
        let text = piece.text.uppercased()
        if let index = field.names.firstIndex(of: text) { return index + field.range.lowerBound }
        let owner = CronField.allCases.first { $0 != field && $0.names.contains(text) }
        if let owner { throw error(piece, "\"\(shown(piece))\" belongs in the \(owner) field\(use)") }
        if text == "*" { throw error(piece, "a * cannot be an end of a range\(use)") }
        if text == "H" { throw error(piece, "H (a hashed value) is not supported; write the number you want") }
        if text.contains("~") { throw error(piece, "~ (a random value) is not supported; write the number you want") }
        if field.names.contains(where: { text.hasPrefix($0) && text.utf8.count > 3 && !text.contains("L") }) {
            throw error(piece, "\"\(shown(piece))\" is not a name; names have three letters\(use)")
        }
        throw error(piece, "\"\(shown(piece))\" is not a value of this field\(use)")
    }

    /// Digits alone; a number too large for any field stays too large instead of overflowing.
    private func number(_ piece: CronParser.Piece) -> Int? {
        guard !piece.isEmpty else { return nil }
        var value = 0
        for byte in piece.bytes {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000)
        }
        return value
    }

    private func split(_ piece: CronParser.Piece, at separator: Unicode.Scalar) -> [CronParser.Piece] {
        CronParser.split(piece.bytes) { $0 == UInt8(ascii: separator) }
    }

    private func shown(_ piece: CronParser.Piece) -> String {
        CronError.shortened(piece.text, limit: 24)
    }

    private func error(_ piece: CronParser.Piece, _ reason: String) -> CronError {
        let before = String(decoding: all[..<piece.bytes.startIndex], as: UTF8.self)
        return CronError(
            expression: source, field: field, found: piece.text, column: before.unicodeScalars.count + 1,
            reason: reason)
    }
}

extension String {
    /// The text without the first occurrence of one letter.
    fileprivate func replacing(_ letter: Character) -> String {
        guard let index = firstIndex(of: letter) else { return self }
        return String(self[..<index] + self[self.index(after: index)...])
    }
}
