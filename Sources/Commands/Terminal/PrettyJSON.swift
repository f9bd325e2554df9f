import DAGModel

extension JSONValue {
    /// The value as JSON over several lines, keys sorted, two blanks a level.
    var prettyText: String {
        var text = ""
        writePretty(indent: "", to: &text)
        return text
    }

    private func writePretty(indent: String, to text: inout String) {
        let inner = indent + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            text += "["
            for (index, element) in elements.enumerated() {
                text += (index > 0 ? ",\n" : "\n") + inner
                element.writePretty(indent: inner, to: &text)
            }
            text += "\n\(indent)]"
        case .object(let members) where !members.isEmpty:
            text += "{"
            for (index, key) in members.keys.sorted().enumerated() {
                text += (index > 0 ? ",\n" : "\n") + inner + JSONValue.string(key).jsonText + ": "
                members[key, default: .null].writePretty(indent: inner, to: &text)
            }
            text += "\n\(indent)}"
        default:
            text += jsonText
        }
    }
}
