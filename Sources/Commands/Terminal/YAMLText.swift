import DAGModel

extension JSONValue {
    /// The value as a YAML document, keys sorted.
    ///
    /// Every loader of YAML 1.1 or 1.2 reads the same value back: text that one of them could take for something else
    /// (a time, `no`, `1e3`) is quoted.
    var yamlText: String {
        var text = ""
        switch self {
        case .array(let elements) where !elements.isEmpty: Self.write(elements, indent: "", to: &text)
        case .object(let members) where !members.isEmpty: Self.write(members, indent: "", to: &text)
        default: text = yamlScalar + "\n"
        }
        return text
    }

    private static func write(_ elements: [JSONValue], indent: String, to text: inout String) {
        for element in elements {
            text += indent + "-"
            switch element {
            case .array(let inner) where !inner.isEmpty:
                text += "\n"
                write(inner, indent: indent + "  ", to: &text)
            case .object(let members) where !members.isEmpty:
                var block = ""
                write(members, indent: indent + "  ", to: &block)
                // The first key stands on the dash's own line.
                text += " " + block.dropFirst(indent.utf8.count + 2)
            default:
                element.writeScalar(indent: indent, to: &text)
            }
        }
    }

    private static func write(_ members: [String: JSONValue], indent: String, to text: inout String) {
        for key in members.keys.sorted() {
            text += indent + yamlQuoted(key) + ":"
            switch members[key, default: .null] {
            case .array(let inner) where !inner.isEmpty:
                text += "\n"
                write(inner, indent: indent + "  ", to: &text)
            case .object(let inner) where !inner.isEmpty:
                text += "\n"
                write(inner, indent: indent + "  ", to: &text)
            case let value:
                value.writeScalar(indent: indent, to: &text)
            }
        }
    }

    private func writeScalar(indent: String, to text: inout String) {
        guard case .string(let string) = self, Self.fitsBlock(string) else {
            text += " \(yamlScalar)\n"
            return
        }
        text += string.hasSuffix("\n\n") ? " |+\n" : string.hasSuffix("\n") ? " |\n" : " |-\n"
        let body = string.hasSuffix("\n") ? string.dropLast() : Substring(string)
        for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
            text += line.isEmpty ? "\n" : "\(indent)  \(line)\n"
        }
    }

    private var yamlScalar: String {
        if case .string(let string) = self { Self.yamlQuoted(string) } else { jsonText }
    }

    /// Whether text of several lines can stand as a literal block: no control characters, and a first line that is
    /// neither empty nor indented.
    private static func fitsBlock(_ string: String) -> Bool {
        guard string.contains("\n"), let first = string.unicodeScalars.first, first != " ", first != "\n" else {
            return false
        }
        return string.unicodeScalars.allSatisfy { $0 == "\n" || isPrintable($0) }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE...0xFFFF: false
        default: true
        }
    }

    private static let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

    /// The text as a plain scalar where that is safe, else in double quotes.
    private static func yamlQuoted(_ string: String) -> String {
        let isPlain = string.unicodeScalars.enumerated().allSatisfy { index, scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "_": true
            case "0"..."9", "-", ".", "/", "+", "@": index > 0
            case " ": index > 0 && index < string.unicodeScalars.count - 1
            default: scalar.value >= 0xA1 && scalar.properties.isAlphabetic
            }
        }
        if isPlain, !string.isEmpty, !words.contains(string.lowercased()) { return string }
        var quoted = ""
        for scalar in JSONValue.string(string).jsonText.unicodeScalars {
            if isPrintable(scalar) {
                quoted.unicodeScalars.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return quoted
    }
}
