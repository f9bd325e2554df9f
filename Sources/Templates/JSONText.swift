/// `json.dumps` of template values.
enum JSONText {
    /// One line of JSON as Python writes it: `", "` and `": "` between, everything beyond ASCII escaped.
    static func text(_ value: Value, sortsKeys: Bool) throws(Failure) -> String {
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .double(let number):
            return number.isNaN ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)"
        case .string(let text): return quoted(text)
        case .list(let elements):
            var parts: [String] = []
            for element in elements { parts.append(try self.text(element, sortsKeys: sortsKeys)) }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let entries):
            var parts: [(String, String)] = []
            for entry in entries {
                let key: String =
                    switch entry.key {
                    case .string(let text): text
                    case .int, .bool, .null, .double: try self.text(entry.key, sortsKeys: false)
                    default: throw Failure("a JSON key cannot be \(entry.key.kindDescription)")
                    }
                parts.append((key, try self.text(entry.value, sortsKeys: sortsKeys)))
            }
            if sortsKeys { parts.sort { $0.0 < $1.0 } }
            return "{" + parts.map { quoted($0.0) + ": " + $0.1 }.joined(separator: ", ") + "}"
        default: throw Failure("\(value.kindDescription) has no JSON form", hint: "write it as a string first")
        }
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
