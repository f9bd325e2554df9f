/// The part of JSON Schema that parameters use: types, limits, enumerations, lists, mappings and combinations.
///
/// Source: JSON Schema 2020-12, validation vocabulary. `$ref` is not followed; keywords that are not known do not restrict.
package struct JSONSchema: Hashable, Sendable {
    package static let types: Set<String> = ["null", "boolean", "integer", "number", "string", "array", "object"]

    private let rules: [String: JSONValue]
    /// What `true` (anything) and `false` (nothing) mean as schemas.
    private let allowsAnything: Bool

    package init(_ schema: JSONValue) {
        rules = schema.objectValue ?? [:]
        allowsAnything = schema != .bool(false)
    }

    /// Every way in which a value does not fit, each a sentence that begins with its place.
    package func problems(of value: JSONValue, at path: String) -> [String] {
        guard allowsAnything else { return ["\(path) is not allowed"] }
        var found: [String] = []
        func require(_ condition: Bool, _ problem: @autoclosure () -> String) {
            if !condition { found.append("\(path) \(problem())") }
        }
        let names = typeNames
        if !names.isEmpty, !names.contains(where: { Self.is(value, $0) }) {
            return [
                "\(path) must be \(names.map(Self.article).joined(separator: " or ")), found \(value.kindDescription)"
            ]
        }
        if let choices = rules["enum"]?.arrayValue {
            require(
                choices.contains { Self.equal($0, value) },
                "must be one of \(choices.map(\.jsonText).joined(separator: ", ")), found \(Self.shown(value))")
        }
        if let constant = rules["const"] {
            require(Self.equal(constant, value), "must be \(constant.jsonText), found \(Self.shown(value))")
        }
        found += numberProblems(value, path) + textProblems(value, path)
        found += listProblems(value, path) + mappingProblems(value, path) + combinationProblems(value, path)
        return found
    }

    private var typeNames: [String] {
        if let name = rules["type"]?.stringValue { return [name] }
        return rules["type"]?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    private func number(_ key: String) -> Double? { rules[key].flatMap(Self.number) }
    private func count(_ key: String) -> Int? { number(key).flatMap { Int(exactly: $0) } }

    private func numberProblems(_ value: JSONValue, _ path: String) -> [String] {
        guard let found = Self.number(value) else { return [] }
        var problems: [String] = []
        let shown = value.jsonText
        if let limit = number("minimum"), found < limit {
            problems.append("\(path) must be at least \(Self.text(limit)), found \(shown)")
        }
        if let limit = number("maximum"), found > limit {
            problems.append("\(path) must be at most \(Self.text(limit)), found \(shown)")
        }
        if let limit = number("exclusiveMinimum"), found <= limit {
            problems.append("\(path) must be above \(Self.text(limit)), found \(shown)")
        }
        if let limit = number("exclusiveMaximum"), found >= limit {
            problems.append("\(path) must be below \(Self.text(limit)), found \(shown)")
        }
        if let step = number("multipleOf"), step > 0 {
            let quotient = found / step
            if quotient != quotient.rounded() {
                problems.append("\(path) must be a multiple of \(Self.text(step)), found \(shown)")
            }
        }
        return problems
    }

    private func textProblems(_ value: JSONValue, _ path: String) -> [String] {
        guard let text = value.stringValue else { return [] }
        var problems: [String] = []
        let length = text.unicodeScalars.count
        if let limit = count("minLength"), length < limit {
            problems.append("\(path) must have at least \(limit) characters, found \(length)")
        }
        if let limit = count("maxLength"), length > limit {
            problems.append("\(path) must have at most \(limit) characters, found \(length)")
        }
        if let pattern = rules["pattern"]?.stringValue {
            switch RegularExpression(pattern)?.search(text) {
            case .found?: break
            case .absent?: problems.append("\(path) must match \(pattern), found \(Self.shown(value))")
            case .givenUp?:
                problems.append(
                    "\(path) cannot be checked: to search \(Self.shown(value)) for \(pattern) takes too many steps; write "
                        + "the pattern so that a text can match in one way only")
            case nil: problems.append("\(path) cannot be checked: its pattern \(pattern) is no regular expression")
            }
        }
        if let format = rules["format"]?.stringValue, let problem = TextFormat.problem(of: text, as: format) {
            problems.append("\(path) must be \(problem), found \(Self.shown(value))")
        }
        return problems
    }

    private func listProblems(_ value: JSONValue, _ path: String) -> [String] {
        guard let elements = value.arrayValue else { return [] }
        var problems: [String] = []
        if let limit = count("minItems"), elements.count < limit {
            problems.append("\(path) must have at least \(limit) elements, found \(elements.count)")
        }
        if let limit = count("maxItems"), elements.count > limit {
            problems.append("\(path) must have at most \(limit) elements, found \(elements.count)")
        }
        if rules["uniqueItems"] == .bool(true), Set(elements).count != elements.count {
            problems.append("\(path) must not have an element twice")
        }
        if let items = rules["items"] {
            let schema = JSONSchema(items)
            for (index, element) in elements.enumerated() {
                problems += schema.problems(of: element, at: "\(path)[\(index)]")
                if problems.count > Self.maximumProblems { break }
            }
        }
        return problems
    }

    private func mappingProblems(_ value: JSONValue, _ path: String) -> [String] {
        guard let members = value.objectValue else { return [] }
        var problems: [String] = []
        for name in rules["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where members[name] == nil {
            problems.append("\(path) lacks \"\(name)\"")
        }
        let known = rules["properties"]?.objectValue ?? [:]
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            if let schema = known[name] {
                problems += JSONSchema(schema).problems(of: member, at: "\(path).\(name)")
            } else if let others = rules["additionalProperties"] {
                if others == .bool(false) {
                    let hint =
                        NearestName.of(name, among: known.keys.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
                    problems.append("\(path) has \"\(name)\", which is not allowed\(hint)")
                } else {
                    problems += JSONSchema(others).problems(of: member, at: "\(path).\(name)")
                }
            }
        }
        return problems
    }

    private func combinationProblems(_ value: JSONValue, _ path: String) -> [String] {
        var problems: [String] = []
        func schemas(_ key: String) -> [JSONSchema] { rules[key]?.arrayValue?.map { JSONSchema($0) } ?? [] }
        for schema in schemas("allOf") { problems += schema.problems(of: value, at: path) }
        let any = schemas("anyOf")
        if !any.isEmpty, !any.contains(where: { $0.problems(of: value, at: path).isEmpty }) {
            problems.append("\(path) fits none of the \(any.count) schemas of anyOf, found \(Self.shown(value))")
        }
        let one = schemas("oneOf")
        let fitting = one.count { $0.problems(of: value, at: path).isEmpty }
        if !one.isEmpty, fitting != 1 {
            problems.append("\(path) must fit exactly one of the \(one.count) schemas of oneOf, and fits \(fitting)")
        }
        if let not = rules["not"], JSONSchema(not).problems(of: value, at: path).isEmpty {
            problems.append("\(path) is what the schema excludes, found \(Self.shown(value))")
        }
        return problems
    }

    private static let maximumProblems = 100

    private static func `is`(_ value: JSONValue, _ type: String) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("integer", .int), ("number", .int), ("number", .double),
            ("string", .string), ("array", .array), ("object", .object):
            true
        case ("integer", .double(let number)): number == number.rounded()
        default: false
        }
    }

    private static func article(_ type: String) -> String {
        switch type {
        case "null": "null"
        case "integer", "array", "object": "an \(type)"
        default: "a \(type)"
        }
    }

    /// 1 and 1.0 are one number.
    private static func equal(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let first = number(left), let second = number(right) { return first == second }
        return left == right
    }

    static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    private static func text(_ number: Double) -> String {
        Int64(exactly: number).map { String($0) } ?? "\(number)"
    }

    private static func shown(_ value: JSONValue) -> String {
        let text = value.jsonText
        return text.count > 60 ? String(text.prefix(57)) + "…" : text
    }
}
