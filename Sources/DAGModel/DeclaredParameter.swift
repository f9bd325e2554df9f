/// A parameter as a DAG declares it: a plain default, or Airflow's `Param`, a default with a JSON Schema.
package struct DeclaredParameter: Hashable, Sendable {
    /// Nil when the schema names none: a run must then be given the value.
    package let standard: JSONValue?
    /// Nil for a plain default, which any value may replace.
    package let schema: JSONSchema?

    /// A mapping is a `Param` when it has a `default` or a JSON Schema `type`, and nothing but keys of schemas; every other
    /// value is the default itself.
    package init(_ declared: JSONValue) {
        guard case .object(var members) = declared, members.keys.allSatisfy(Self.keys.contains),
            members["default"] != nil || Self.isType(members["type"])
        else {
            standard = declared
            schema = nil
            return
        }
        standard = members.removeValue(forKey: "default")
        if case .object(let inner)? = members.removeValue(forKey: "schema") {
            members.merge(inner) { _, nested in nested }
        }
        schema = JSONSchema(.object(members))
    }

    /// Keys that keep a mapping from being a `Param` although it looks like one: it has a `default`, or the `type` of a
    /// schema, and these.
    package static func strangers(in declared: JSONValue) -> [String] {
        guard case .object(let members) = declared, members["default"] != nil || isType(members["type"]) else {
            return []
        }
        return members.keys.filter { !keys.contains($0) }.sorted()
    }

    /// Whether a mapping has nothing but keys of a `Param`, and a `type` that is none.
    package static func hasUnknownType(_ declared: JSONValue) -> Bool {
        guard case .object(let members) = declared, let type = members["type"], members["default"] == nil else {
            return false
        }
        return !isType(type) && members.keys.allSatisfy(keys.contains)
    }

    private static func isType(_ value: JSONValue?) -> Bool {
        switch value {
        case .string(let name)?: JSONSchema.types.contains(name)
        case .array(let names)?:
            !names.isEmpty && names.allSatisfy { $0.stringValue.map(JSONSchema.types.contains) ?? false }
        default: false
        }
    }

    /// What a `Param` may have.
    package static let keys: Set<String> = [
        "default", "type", "enum", "const", "title", "description", "description_md", "format", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "items", "minItems",
        "maxItems", "uniqueItems", "properties", "required", "additionalProperties", "examples", "section", "anyOf",
        "oneOf", "allOf", "not", "values_display", "custom_html_form", "schema", "source",
    ]

    /// What is wrong with the values that a run would have: the given ones over the defaults; empty when nothing is.
    package static func problems(
        of declared: [String: JSONValue], given: [String: JSONValue]
    ) -> [String] {
        declared.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
            let parameter = DeclaredParameter(value)
            guard let schema = parameter.schema else { return [] }
            guard let chosen = given[name] ?? parameter.standard else {
                return ["the parameter \"\(name)\" has no default and must be given"]
            }
            return schema.problems(of: chosen, at: "params.\(name)")
        }
    }
}
