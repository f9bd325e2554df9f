import DAGModel

/// As much of JSON Schema 2020-12 as the schema of documents uses.
struct SchemaEvaluator {
    let root: JSONValue

    func accepts(_ value: JSONValue) -> Bool { accepts(value, root) }

    private func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        guard let rules = schema.objectValue else { return schema != false }
        return rules.allSatisfy { key, rule in
            switch key {
            case "$ref": resolved(rule).map { accepts(value, $0) } ?? false
            case "type": (rule.arrayValue ?? [rule]).contains { Self.is(value, $0.stringValue ?? "") }
            case "enum": rule.arrayValue?.contains(value) ?? false
            case "const": rule == value
            case "anyOf": rule.arrayValue?.contains { accepts(value, $0) } ?? false
            case "oneOf": rule.arrayValue?.count { accepts(value, $0) } == 1
            case "allOf": rule.arrayValue?.allSatisfy { accepts(value, $0) } ?? false
            case "not": !accepts(value, rule)
            case "if": accepts(value, rules[accepts(value, rule) ? "then" : "else"] ?? true)
            case "then", "else", "$schema", "$defs", "title", "description", "format": true
            default: plain(key, rule, value, rules)
            }
        }
    }

    private func plain(_ key: String, _ rule: JSONValue, _ value: JSONValue, _ rules: [String: JSONValue]) -> Bool {
        let limit = Self.number(rule) ?? 0
        switch value {
        case .object(let members):
            switch key {
            case "required": return rule.arrayValue?.allSatisfy { members[$0.stringValue ?? ""] != nil } ?? false
            case "properties":
                return members.allSatisfy { name, member in rule[name].map { accepts(member, $0) } ?? true }
            case "additionalProperties":
                let patterns = rules["patternProperties"]?.objectValue ?? [:]
                return members.allSatisfy { name, member in
                    rules["properties"]?[name] != nil || patterns.keys.contains { Self.matches(name, $0) }
                        || accepts(member, rule)
                }
            case "patternProperties":
                let patterns = rule.objectValue ?? [:]
                return members.allSatisfy { name, member in
                    patterns.allSatisfy { !Self.matches(name, $0.key) || accepts(member, $0.value) }
                }
            case "propertyNames": return members.keys.allSatisfy { accepts(.string($0), rule) }
            case "minProperties": return Double(members.count) >= limit
            case "maxProperties": return Double(members.count) <= limit
            default: break
            }
        case .array(let elements):
            switch key {
            case "items": return elements.allSatisfy { accepts($0, rule) }
            case "minItems": return Double(elements.count) >= limit
            default: break
            }
        case .string(let text):
            switch key {
            case "minLength": return Double(text.unicodeScalars.count) >= limit
            case "maxLength": return Double(text.unicodeScalars.count) <= limit
            case "pattern":
                return rule.stringValue.map { Self.matches(text, $0) } ?? false
            default: break
            }
        case .int, .double:
            let found = Self.number(value) ?? 0
            switch key {
            case "minimum": return found >= limit
            case "maximum": return found <= limit
            case "exclusiveMinimum": return found > limit
            case "exclusiveMaximum": return found < limit
            default: break
            }
        case .null, .bool: break
        }
        return Self.keywords.contains(key)
    }

    /// Those of other kinds of value; an unknown one is a mistake of the schema.
    private static let keywords: Set<String> = [
        "required", "properties", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
        "maxProperties", "items",
        "minItems", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    ]

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? Regex(pattern) else { return false }
        return (try? expression.firstMatch(in: text)) != nil
    }

    private func resolved(_ reference: JSONValue) -> JSONValue? {
        guard let text = reference.stringValue, text.hasPrefix("#/") else { return nil }
        return text.dropFirst(2).split(separator: "/").reduce(Optional(root)) { place, step in place?[String(step)] }
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    private static func `is`(_ value: JSONValue, _ type: String) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("integer", .int), ("number", .int), ("number", .double),
            ("string", .string), ("array", .array), ("object", .object):
            true
        default: false
        }
    }
}
