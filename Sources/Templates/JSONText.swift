/// `json.dumps` of template values.
enum JSONText {
    /// How `json.dumps` is asked to write.
    struct Style {
        var sortsKeys = false
        var indent: Int?
        /// Between elements; by default a blank follows the comma, and none at the end of a line.
        var comma: String?
        var colon = ": "
        /// Everything beyond ASCII as `\\u…`.
        var isASCII = true
    }

    /// JSON as Python writes it.
    static func text(_ value: Value, sortsKeys: Bool, indent: Int? = nil) throws(Failure) -> String {
        try text(value, Style(sortsKeys: sortsKeys, indent: indent), level: 0)
    }

    /// A call of `macros.json.dumps` or `loads`.
    static func call(_ name: String, _ arguments: CallArguments) throws(Failure) -> Value {
        guard name == "dumps" else {
            let text = try CallArguments.string(try arguments.values(["s"], of: name)[0], "s", of: name)
            return try TemplateContext.json(text, of: "the argument")
        }
        let values = try arguments.values(["obj", "indent", "sort_keys", "separators", "ensure_ascii"], of: name)
        guard let value = values[0] else { throw Failure("'\(name)' needs a value") }
        guard arguments.positional.count <= 1 else { throw Failure("'dumps' takes its options by name") }
        var style = Style(sortsKeys: try values[2]?.isTrue ?? false, isASCII: try values[4]?.isTrue ?? true)
        if let indent = values[1], !indent.isNull {
            style.indent = min(max(Int(clamping: try CallArguments.integer(indent, "indent", of: name)), 0), 100)
        }
        if let separators = values[3], !separators.isNull {
            guard let both = separators.elements, both.count == 2, let comma = both[0].plainString,
                let colon = both[1].plainString
            else { throw Failure("'dumps' takes two strings as 'separators'") }
            (style.comma, style.colon) = (comma, colon)
        }
        return .string(try text(value, style, level: 0))
    }

    private static func text(_ value: Value, _ style: Style, level: Int) throws(Failure) -> String {
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .double(let number):
            if number.isNaN { return "NaN" }
            return number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : Decimals.text(number)
        case .string(let text), .markup(let text):
            try Meter.charge(bytes: text.utf8.count)
            return quoted(text, style)
        case .list(let list) where !list.isPlain:
            throw Failure("\(value.kindDescription) has no JSON form", hint: "write '| list' first")
        case .list(let elements), .tuple(let elements):
            var parts: [String] = []
            for element in elements { parts.append(try text(element, style, level: level + 1)) }
            return try joined(parts, "[", "]", style, level)
        case .map(let entries):
            var parts: [(String, String)] = []
            for entry in entries {
                let key: String =
                    switch entry.key {
                    case .string(let text), .markup(let text): text
                    case .int, .bool, .null, .double: try text(entry.key, Style(), level: 0)
                    default: throw Failure("a JSON key cannot be \(entry.key.kindDescription)")
                    }
                parts.append((key, try text(entry.value, style, level: level + 1)))
            }
            if style.sortsKeys { parts.sort { $0.0.unicodeScalars.lexicographicallyPrecedes($1.0.unicodeScalars) } }
            return try joined(parts.map { quoted($0.0, style) + style.colon + $0.1 }, "{", "}", style, level)
        default: throw Failure("\(value.kindDescription) has no JSON form", hint: "write it as a string first")
        }
    }

    private static func joined(_ parts: [String], _ open: String, _ close: String, _ style: Style, _ level: Int)
        throws(Failure) -> String
    {
        let length = parts.reduce(0) { $0 + $1.utf8.count + 2 + (style.indent ?? 0) * (level + 1) }
        try Meter.charge(parts.count)
        try Meter.charge(bytes: length)
        guard length <= 2 * Template.maximumOutput else {
            throw Failure("the text is longer than \(Template.maximumOutput) bytes")
        }
        guard let indent = style.indent, !parts.isEmpty else {
            return open + parts.joined(separator: style.comma ?? ", ") + close
        }
        let inner = "\n" + String(repeating: " ", count: indent * (level + 1))
        let outer = "\n" + String(repeating: " ", count: indent * level)
        return open + inner + parts.joined(separator: (style.comma ?? ",") + inner) + outer + close
    }

    private static func quoted(_ text: String, _ style: Style) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case " "..."~": result.unicodeScalars.append(scalar)
            case _ where !style.isASCII && scalar.value >= 0x20: result.unicodeScalars.append(scalar)
            default:
                for unit in String(Character(scalar)).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return result + "\""
    }
}
