import CivilTime

/// Attribute values by kind: each reads a field, reports what does not fit, and is nil then (and for null).
extension DocumentContext {
    /// "expected …, found …" at the value.
    func mismatch(_ field: Field, _ expected: String, hint: @autoclosure () -> String? = nil) {
        error("expected \(expected), found \(field.node.found)", hint: hint(), at: field.node.mark, field.path)
    }

    func string(_ field: Field) -> String? {
        switch field.node.content {
        case .string(let text): return text
        case .null: return nil
        case .bool, .int, .double:
            mismatch(field, "a text", hint: "quote it: \"\(field.node.source ?? "")\"")
            return nil
        default:
            mismatch(field, "a text")
            return nil
        }
    }

    /// A text that is neither null nor empty.
    func requiredString(_ field: Field, _ what: String) -> String? {
        switch field.node.content {
        case .null, .string(""):
            mismatch(field, "\(what)")
            return nil
        default: return string(field)
        }
    }

    func bool(_ field: Field) -> Bool? {
        switch field.node.content {
        case .bool(let flag): return flag
        case .null: return nil
        case .string(let text):
            switch text.lowercased() {
            case "yes", "on", "y", "true": mismatch(field, "true or false", hint: "write true")
            case "no", "off", "n", "false": mismatch(field, "true or false", hint: "write false")
            default: mismatch(field, "true or false")
            }
            return nil
        default:
            mismatch(field, "true or false")
            return nil
        }
    }

    func int(_ field: Field, atLeast minimum: Int? = nil) -> Int? {
        let expected = minimum.map { "a whole number of at least \($0)" } ?? "a whole number"
        switch field.node.content {
        case .int(let number):
            guard number >= minimum ?? .min, number <= Int64(Int32.max), number >= Int64(Int32.min) else {
                mismatch(field, number > Int64(Int32.max) ? "a whole number of at most \(Int32.max)" : expected)
                return nil
            }
            return Int(number)
        case .null: return nil
        default:
            mismatch(field, expected, hint: field.node.string.flatMap { Int($0) }.map { "write \($0) without quotes" })
            return nil
        }
    }

    func strings(_ field: Field, of what: String) -> [Field]? {
        guard case .list(let elements) = field.node.content else {
            let hint = field.node.string.map { "write [\($0)]" }
            mismatch(field, "a list of \(what)", hint: hint)
            return nil
        }
        var result: [Field] = []
        for (index, element) in elements.enumerated() {
            let item = Field(element, field.path.index(index))
            if requiredString(item, "a text, one of \(what)") != nil { result.append(item) }
        }
        return result
    }

    /// A duration: a text such as `30s`, `5m`, `1h30m`, `PT5M` or `00:05:00`, or a number of seconds.
    func duration(_ field: Field, allowsZero: Bool) -> Duration? {
        let value: Duration
        switch field.node.content {
        case .null: return nil
        case .int(let seconds):
            guard abs(seconds) < 1 << 40 else {
                mismatch(field, "a duration in seconds")
                return nil
            }
            value = .seconds(seconds)
        case .double(let seconds):
            guard seconds.isFinite, abs(seconds) < 1e12 else {
                mismatch(field, "a duration in seconds")
                return nil
            }
            value = .microseconds(Int64((seconds * 1e6).rounded()))
        case .string(let text):
            do {
                value = try Duration(parsing: text)
            } catch {
                self.error(error.description, at: field.node.mark, field.path)
                return nil
            }
        default:
            mismatch(field, "a duration", hint: "write one such as 30s, 5m, PT5M, or a number of seconds")
            return nil
        }
        guard value > .zero || (allowsZero && value == .zero) else {
            mismatch(field, allowsZero ? "a duration that is not negative" : "a duration above zero")
            return nil
        }
        return value
    }

    /// A date or a date and time as written.
    func date(_ field: Field) -> ISO8601.Parsed? {
        switch field.node.content {
        case .null: return nil
        case .string(let text):
            if let parsed = ISO8601.parse(text.trimmingBlanks) { return parsed }
            error(
                "\"\(text.prefix(60))\" is not a date: \(Self.dateProblem(text.trimmingBlanks))",
                hint: "such as 2026-01-01 or 2026-01-01T09:00:00+09:00",
                at: field.node.mark, field.path)
            return nil
        default:
            mismatch(field, "a date", hint: "such as 2026-01-01 or 2026-01-01T09:00:00+09:00")
            return nil
        }
    }

    /// Why a text is not a date: one that only has a day or a month too many is told so.
    private static func dateProblem(_ text: String) -> String {
        let parts = text.utf8.prefix(10).split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.count) == [4, 2, 2] else { return "expected ISO 8601" }
        let (month, rest) = (String(text.prefix(8)), String(text.dropFirst(10)))
        if ISO8601.parse(month + "01" + rest) != nil { return "there is no such day" }
        if ISO8601.parse(String(text.prefix(5)) + "01-01" + rest) != nil { return "there is no such month" }
        return "expected ISO 8601"
    }

    /// A date as an instant; one without an offset is in `zone`.
    func instant(_ field: Field, in zone: TimeZoneRules) -> Timestamp? {
        date(field).map { Self.instant($0, in: zone) }
    }

    static func instant(_ parsed: ISO8601.Parsed, in zone: TimeZoneRules) -> Timestamp {
        guard let offset = parsed.offsetSeconds else { return zone.instant(of: parsed.civil) }
        return Timestamp(microseconds: parsed.civil.microsecondsAsUTC - Int64(offset) * 1_000_000)
    }

    /// One of a few tokens.
    func token<Token: RawRepresentable & CaseIterable>(_ field: Field, _ type: Token.Type, _ what: String) -> Token?
    where Token.RawValue == String {
        guard let text = string(field) else { return nil }
        if let token = Token(rawValue: text) { return token }
        let names = Token.allCases.map(\.rawValue)
        error(
            "unknown \(what) '\(text.prefix(60))': expected one of \(names.joined(separator: ", "))",
            hint: nearestHint(text, among: names), at: field.node.mark, field.path)
        return nil
    }

    /// Airflow's rule for `dag_id` and task ids: at most 250 characters; letters, digits, `-`, `.` and `_`.
    func key(_ field: Field, _ what: String) -> String? {
        guard let text = requiredString(field, what) else { return nil }
        guard text.unicodeScalars.count <= 250 else {
            error(
                "\(what) has \(text.unicodeScalars.count) characters: at most 250 are allowed", at: field.node.mark,
                field.path)
            return nil
        }
        let isWord = text.unicodeScalars.allSatisfy { scalar in
            scalar == "-" || scalar == "." || scalar == "_" || scalar.properties.isAlphabetic
                || scalar.properties.numericType == .decimal
        }
        guard isWord else {
            error(
                "\(what) '\(text.prefix(60))' has a character that is not allowed: only letters, digits, '-', '.' and '_' are",
                hint: Self.keySuggestion(text).map { "such as '\($0)'" }, at: field.node.mark, field.path)
            return nil
        }
        return text
    }

    private static func keySuggestion(_ text: String) -> String? {
        let fixed = String(
            text.unicodeScalars.prefix(60).map { scalar -> Character in
                scalar.isASCII
                    && (Character(scalar).isLetter || Character(scalar).isNumber
                        || "-._".unicodeScalars.contains(scalar))
                    ? Character(scalar) : "_"
            })
        return fixed.contains { $0 != "_" } ? fixed : nil
    }

    /// A time zone's name.
    func zone(_ field: Field) -> TimeZoneRules? {
        guard let name = string(field) else { return nil }
        do {
            return try TimeZoneRules(named: name)
        } catch {
            // The description names the nearest ones.
            self.error(error.description, at: field.node.mark, field.path)
            return nil
        }
    }
}

extension String {
    /// A name from a document as messages show it: cut when it is long.
    var shortened: String {
        unicodeScalars.count > 100 ? String(String.UnicodeScalarView(unicodeScalars.prefix(100))) + "…" : self
    }

    /// Without blanks around.
    var trimmingBlanks: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
