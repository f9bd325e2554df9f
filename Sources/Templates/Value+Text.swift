import CivilTime

extension Value {
    /// Python's `str()`: what `{{ … }}` writes.
    func text() throws(Failure) -> String {
        switch self {
        case .string(let text): return text
        case .date(let date): return date.text
        case .duration(let duration): return Self.text(of: duration)
        default: return try representation()
        }
    }

    /// Python's `repr()`: how values look inside a list.
    func representation() throws(Failure) -> String {
        switch self {
        case .null: return "None"
        case .bool(let flag): return flag ? "True" : "False"
        case .int(let number): return String(number)
        case .double(let number): return Decimals.text(number)
        case .string(let text): return Self.quoted(text)
        case .list(let elements):
            var parts: [String] = []
            for element in elements { parts.append(try element.representation()) }
            return try Self.joined(parts, "[", "]")
        case .tuple(let elements):
            var parts: [String] = []
            for element in elements { parts.append(try element.representation()) }
            return try Self.joined(parts, "(", parts.count == 1 ? ",)" : ")")
        case .map(let entries):
            var parts: [String] = []
            for entry in entries {
                parts.append(try entry.key.representation() + ": " + entry.value.representation())
            }
            return try Self.joined(parts, "{", "}")
        case .date(let date): return date.representation
        case .duration(let duration): return Self.representation(of: duration)
        case .loop: throw Failure("'loop' is an object; write one of its attributes", hint: "such as loop.index")
        case .namespace: throw Failure("a namespace is an object; write one of its attributes")
        case .function(let name): throw Failure("'\(name)' is a function; call it with parentheses")
        case .object(let object):
            throw Failure("'\(object.name)' is an object; write one of its attributes", hint: object.example)
        case .method(let method): throw Failure("'\(method.name)' is a method; call it with parentheses")
        case .undefined(let message, let hint): throw Failure(message, hint: hint)
        }
    }

    private static func joined(_ parts: [String], _ open: String, _ close: String) throws(Failure) -> String {
        let length = parts.reduce(0) { $0 + $1.utf8.count + 2 }
        try Meter.charge(parts.count)
        try Meter.charge(bytes: length)
        guard length <= 2 * Template.maximumOutput else {
            throw Failure("the text is longer than \(Template.maximumOutput) bytes")
        }
        return open + parts.joined(separator: ", ") + close
    }

    /// Python's `repr()` of a timedelta.
    private static func representation(of duration: Duration) -> String {
        let microseconds = duration.wholeMicroseconds
        let days = microseconds.flooredQuotient(86_400_000_000)
        let rest = microseconds.flooredRemainder(86_400_000_000)
        var parts: [String] = []
        if days != 0 { parts.append("days=\(days)") }
        if rest / 1_000_000 != 0 { parts.append("seconds=\(rest / 1_000_000)") }
        if rest % 1_000_000 != 0 { parts.append("microseconds=\(rest % 1_000_000)") }
        return "datetime.timedelta(" + (parts.isEmpty ? "0" : parts.joined(separator: ", ")) + ")"
    }

    /// Python's `repr()` of a string.
    private static func quoted(_ text: String) -> String {
        let quote: Unicode.Scalar = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        var result = String(Character(quote))
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count < 2 ? "0" : "") + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        result.unicodeScalars.append(quote)
        return result
    }

    /// Python's `str()` of a timedelta: `1 day, 2:03:04.000005`.
    private static func text(of duration: Duration) -> String {
        let microseconds = duration.wholeMicroseconds
        let days = microseconds.flooredQuotient(86_400_000_000)
        let rest = microseconds.flooredRemainder(86_400_000_000)
        let seconds = rest / 1_000_000
        var text = days == 0 ? "" : "\(days) day\(abs(days) == 1 ? "" : "s"), "
        text += "\(seconds / 3600):" + padded(Int(seconds / 60 % 60), 2) + ":" + padded(Int(seconds % 60), 2)
        if rest % 1_000_000 != 0 { text += "." + padded(Int(rest % 1_000_000), 6) }
        return text
    }
}

/// A non-negative number with leading zeros up to `width`.
func padded(_ number: Int, _ width: Int, with character: Character = "0") -> String {
    let digits = String(number)
    return String(repeating: character, count: max(width - digits.count, 0)) + digits
}

extension DateValue {
    /// Python's `isoformat()`: `2026-01-01T00:00:00+00:00`, with microseconds when they are not zero.
    func isoFormat(separator: String = "T") -> String {
        let date = padded(civil.year, 4) + "-" + padded(civil.month, 2) + "-" + padded(civil.day, 2)
        guard hasTime else { return date }
        var text = date + separator
        text += padded(civil.hour, 2) + ":" + padded(civil.minute, 2) + ":" + padded(civil.second, 2)
        if civil.microsecond != 0 { text += "." + padded(civil.microsecond, 6) }
        return text + offsetText(colon: true)
    }

    /// `+00:00` or `+0000`; empty for a naive date.
    func offsetText(colon: Bool) -> String {
        guard let offsetSeconds else { return "" }
        let size = abs(offsetSeconds)
        return (offsetSeconds < 0 ? "-" : "+") + padded(size / 3600, 2) + (colon ? ":" : "") + padded(size / 60 % 60, 2)
    }

    /// `str()` of a date and time: ISO 8601 with a space.
    var text: String { isoFormat(separator: " ") }

    /// `repr()` as pendulum shows it.
    var representation: String {
        guard hasTime else { return "Date(\(civil.year), \(civil.month), \(civil.day))" }
        var parts = "\(civil.year), \(civil.month), \(civil.day), \(civil.hour), \(civil.minute), \(civil.second)"
        if civil.microsecond != 0 { parts += ", \(civil.microsecond)" }
        if let zone { parts += ", tzinfo=Timezone('\(zone.identifier)')" }
        return "DateTime(\(parts))"
    }
}
