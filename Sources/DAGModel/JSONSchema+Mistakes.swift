extension JSONSchema {
    /// What is wrong with a schema itself.
    package struct Mistake: Hashable, Sendable {
        /// Keys and positions from the schema down to the keyword.
        package let path: [String]
        /// What is expected there, for "expected …, found …"; or a whole sentence when `isSentence`.
        package let text: String
        package let isSentence: Bool

        package init(path: [String], text: String, isSentence: Bool) {
            self.path = path
            self.text = text
            self.isSentence = isSentence
        }
    }

    /// Everything in a schema that could not mean anything, at any depth.
    ///
    /// Schemas nested deeper than documents may be are not looked at.
    package static func mistakes(in schema: JSONValue) -> [Mistake] {
        var found: [Mistake] = []
        look(into: schema, at: [], &found)
        return found
    }

    private static let numbers: Set<String> = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
    private static let counts: Set<String> = ["minLength", "maxLength", "minItems", "maxItems"]
    private static let texts: Set<String> = ["format", "title", "description", "description_md", "section"]
    private static let lists: Set<String> = ["anyOf", "oneOf", "allOf"]

    private static func look(into schema: JSONValue, at path: [String], _ found: inout [Mistake]) {
        if schema.boolValue != nil { return }
        guard path.count < 64 else { return }
        guard let rules = schema.objectValue else {
            found.append(Mistake(path: path, text: "a JSON Schema: a mapping, true or false", isSentence: false))
            return
        }
        for (key, value) in rules.sorted(by: { $0.key < $1.key }) {
            let inner = path + [key]
            if let expected = expectation(of: key, value) {
                found.append(Mistake(path: inner, text: expected, isSentence: false))
                continue
            }
            switch key {
            case "$ref", "$dynamicRef":
                let text = "'\(key)' is not followed: write the schema out"
                found.append(Mistake(path: inner, text: text, isSentence: true))
            case "pattern":
                guard let pattern = value.stringValue else { continue }
                if RegularExpression(pattern) != nil { continue }
                let text = "\"\(pattern.prefix(60))\" is not a regular expression"
                found.append(Mistake(path: inner, text: text, isSentence: true))
            case "items", "additionalProperties", "not": look(into: value, at: inner, &found)
            case "properties":
                for (name, member) in (value.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
                    look(into: member, at: inner + [name], &found)
                }
            case _ where lists.contains(key):
                for (index, member) in (value.arrayValue ?? []).enumerated() {
                    look(into: member, at: inner + [String(index)], &found)
                }
            default: continue
            }
        }
    }

    /// What a keyword takes; nil when the value is that.
    private static func expectation(of key: String, _ value: JSONValue) -> String? {
        switch key {
        case "type":
            let names = value.arrayValue ?? [value]
            let areTypes = !names.isEmpty && names.allSatisfy { $0.stringValue.map(types.contains) ?? false }
            return areTypes ? nil : "one of \(types.sorted().joined(separator: ", ")), or a list of them"
        case "enum": return value.arrayValue?.isEmpty == false ? nil : "a list of the values allowed"
        case "required":
            return value.arrayValue?.allSatisfy { $0.stringValue != nil } == true ? nil : "a list of names"
        case "properties": return value.objectValue == nil ? "a mapping of names to schemas" : nil
        case "pattern": return value.stringValue == nil ? "a regular expression" : nil
        case "uniqueItems": return value.boolValue == nil ? "true or false" : nil
        case "multipleOf": return (number(value) ?? 0) > 0 ? nil : "a number above 0"
        case _ where numbers.contains(key): return number(value) == nil ? "a number" : nil
        case _ where counts.contains(key):
            return number(value).flatMap { Int(exactly: $0) }.map { $0 >= 0 } == true ? nil : "a number of 0 or more"
        case _ where texts.contains(key): return value.stringValue == nil && value != .null ? "a text" : nil
        case _ where lists.contains(key):
            return value.arrayValue?.isEmpty == false ? nil : "a list of schemas"
        default: return nil
        }
    }
}
