/// `json.dumps` of template values.
enum JSONText {
    /// One line of JSON as Python writes it: `", "` and `": "` between, everything beyond ASCII escaped.
    static func text(_ value: Value, sortsKeys: Bool, indent: Int? = nil) throws(Failure) -> String {
        try text(value, sortsKeys, indent, level: 0)
    }

    private static func text(_ value: Value, _ sortsKeys: Bool, _ indent: Int?, level: Int) throws(Failure) -> String {
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .double(let number):
            if number.isNaN { return "NaN" }
            return number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : Decimals.text(number)
        case .string(let text):
            try Meter.charge(bytes: text.utf8.count)
            return quoted(text)
        case .list(let elements), .tuple(let elements):
            var parts: [String] = []
            for element in elements { parts.append(try text(element, sortsKeys, indent, level: level + 1)) }
            return try joined(parts, "[", "]", indent, level)
        case .map(let entries):
            var parts: [(String, String)] = []
            for entry in entries {
                let key: String =
                    switch entry.key {
                    case .string(let text): text
                    case .int, .bool, .null, .double: try text(entry.key, false, nil, level: 0)
                    default: throw Failure("a JSON key cannot be \(entry.key.kindDescription)")
                    }
                parts.append((key, try text(entry.value, sortsKeys, indent, level: level + 1)))
            }
            if sortsKeys { parts.sort { $0.0.unicodeScalars.lexicographicallyPrecedes($1.0.unicodeScalars) } }
            return try joined(parts.map { quoted($0.0) + ": " + $0.1 }, "{", "}", indent, level)
        default: throw Failure("\(value.kindDescription) has no JSON form", hint: "write it as a string first")
        }
    }

    private static func joined(_ parts: [String], _ open: String, _ close: String, _ indent: Int?, _ level: Int)
        throws(Failure) -> String
    {
        let length = parts.reduce(0) { $0 + $1.utf8.count + 2 + (indent ?? 0) * (level + 1) }
        try Meter.charge(parts.count)
        try Meter.charge(bytes: length)
        guard length <= 2 * Template.maximumOutput else {
            throw Failure("the text is longer than \(Template.maximumOutput) bytes")
        }
        guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ", ") + close }
        let inner = "\n" + String(repeating: " ", count: indent * (level + 1))
        let outer = "\n" + String(repeating: " ", count: indent * level)
        return open + inner + parts.joined(separator: "," + inner) + outer + close
    }

    private static func quoted(_ text: String) -> String {
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
