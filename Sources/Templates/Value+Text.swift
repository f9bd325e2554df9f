import CivilTime

extension Value {
    /// Python's `str()`: what `{{ … }}` writes.
    func text() throws(Failure) -> String {
        switch self {
        case .string(let text), .markup(let text): return text
        case .date(let date): return date.text
        case .duration(let span): return span.text
        case .absent: return ""
        default: return try checked().representation()
        }
    }

    /// Python's `repr()`: how values look inside a list.
    func representation() throws(Failure) -> String {
        switch self {
        case .null: return "None"
        case .bool(let flag): return flag ? "True" : "False"
        case .int(let number): return String(number)
        case .double(let number): return Decimals.text(number)
        case .string(let text):
            try Meter.charge(bytes: text.utf8.count)
            return Self.quoted(text)
        case .markup(let text): return "Markup(" + (try Value.string(text).representation()) + ")"
        case .list(let list):
            switch list.form {
            case .list, .group, .isoCalendar: return try joined(list, "[", "]")
            case .range(let start, let stop, let step):
                return "range(\(start), \(stop)" + (step == 1 ? ")" : ", \(step))")
            case .view(let name): return name + "(" + (try joined(list, "[", "]")) + ")"
            case .generator(let filter):
                throw Failure("'\(filter)' gives its elements one by one: write '| list' or '| join' after it")
            }
        case .tuple(let elements):
            if case .isoCalendar = elements.form {
                var parts: [String] = []
                for element in elements { parts.append(try element.representation()) }
                return "datetime.IsoCalendarDate(year=\(parts[0]), week=\(parts[1]), weekday=\(parts[2]))"
            }
            return try joined(elements, "(", elements.count == 1 ? ",)" : ")")
        case .map(let entries):
            var parts = TextParts(separator: ", ")
            for entry in entries {
                try parts.append(try entry.key.representation(), ": ", try entry.value.representation())
            }
            return parts.joined("{", "}")
        case .date(let date): return date.representation
        case .duration(let span): return span.representation
        case .loop: throw Failure("'loop' is an object; write one of its attributes", hint: "such as loop.index")
        case .namespace: throw Failure("a namespace is an object; write one of its attributes")
        case .function(let name): throw Failure("'\(name)' is a function; call it with parentheses")
        case .object(let object):
            throw Failure("'\(object.name)' is an object; write one of its attributes", hint: object.example)
        case .method(let method):
            var hint: String?
            if case .map(let map) = method.receiver, try Value.lookup(.string(method.name), in: map) != nil {
                hint = "write ['\(method.name)'] for the key of that name"
            }
            throw Failure("'\(method.name)' is a method; call it with parentheses", hint: hint)
        case .undefined, .absent: return "Undefined"
        }
    }

    private func joined(_ elements: ValueList, _ open: String, _ close: String) throws(Failure) -> String {
        var parts = TextParts(separator: ", ")
        for element in elements { try parts.append(try element.representation()) }
        return parts.joined(open, close)
    }

    /// Python's `str.isprintable()`: no controls, no separators but the blank, nothing unassigned.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    /// Python's `repr()` of a string.
    static func quoted(_ text: String) -> String {
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
            case _ where !isPrintable(scalar):
                let digits = String(scalar.value, radix: 16)
                let (mark, width) = digits.count <= 2 ? ("\\x", 2) : digits.count <= 4 ? ("\\u", 4) : ("\\U", 8)
                result += mark + String(repeating: "0", count: width - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        result.unicodeScalars.append(quote)
        return result
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

    /// `repr()` as pendulum or Python shows it.
    var representation: String {
        guard hasTime else {
            return (isPendulum ? "Date" : "datetime.date") + "(\(civil.year), \(civil.month), \(civil.day))"
        }
        var parts = "\(civil.year), \(civil.month), \(civil.day), \(civil.hour), \(civil.minute)"
        if isPendulum || civil.second != 0 || civil.microsecond != 0 { parts += ", \(civil.second)" }
        if civil.microsecond != 0 { parts += ", \(civil.microsecond)" }
        if let zone { parts += ", tzinfo=" + zoneRepresentation(zone) }
        return (isPendulum ? "DateTime(" : "datetime.datetime(") + parts + ")"
    }

    private func zoneRepresentation(_ zone: TimeZoneRules) -> String {
        if isPendulum { return "Timezone('\(zone.identifier)')" }
        guard let offset = offsetSeconds, offset != 0 else { return "datetime.timezone.utc" }
        return "datetime.timezone(" + Span(microseconds: Int64(offset) * 1_000_000).representation + ")"
    }
}
