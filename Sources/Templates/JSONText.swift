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

        /// The parts of a list or mapping of that level.
        fileprivate func parts(_ level: Int) -> TextParts {
            TextParts(separator: indent == nil ? comma ?? ", " : (comma ?? ",") + lineBreak(level + 1))
        }

        fileprivate func joined(_ parts: TextParts, _ open: String, _ close: String, _ level: Int) -> String {
            guard indent != nil, !parts.isEmpty else { return parts.joined(open, close) }
            return parts.joined(open + lineBreak(level + 1), lineBreak(level) + close)
        }

        private func lineBreak(_ level: Int) -> String { "\n" + String(repeating: " ", count: (indent ?? 0) * level) }
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
            var parts = style.parts(level)
            for element in elements { try parts.append(try text(element, style, level: level + 1)) }
            return style.joined(parts, "[", "]", level)
        case .map(let entries):
            var members: [(key: String, value: Value)] = []
            for entry in entries {
                switch entry.key {
                case .string(let text), .markup(let text): members.append((text, entry.value))
                case .int, .bool, .null, .double:
                    members.append((try text(entry.key, Style(), level: 0), entry.value))
                default: throw Failure("a JSON key cannot be \(entry.key.kindDescription)")
                }
            }
            if style.sortsKeys {
                try Meter.charge(members.count)
                members.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
            }
            var parts = style.parts(level)
            for (key, value) in members {
                try Meter.charge(bytes: key.utf8.count)
                try parts.append(quoted(key, style), style.colon, try text(value, style, level: level + 1))
            }
            return style.joined(parts, "{", "}", level)
        default: throw Failure("\(value.kindDescription) has no JSON form", hint: "write it as a string first")
        }
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
