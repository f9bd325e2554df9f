import DAGModel

/// Reads `params`: defaults, and Airflow's `Param`, whose schema and default are checked.
struct ParameterReader {
    let context: DocumentContext

    /// Every parameter as declared; what is wrong with them is reported.
    func read(_ field: Field) -> [String: JSONValue] {
        if field.node.isNull { return [:] }
        guard let members = field.node.entries else {
            context.mismatch(field, "a mapping of parameters with their defaults")
            return [:]
        }
        var params: [String: JSONValue] = [:]
        for entry in members {
            let declared = entry.value.json
            check(declared, entry, Field(entry, in: field.path))
            params[entry.key] = declared
        }
        return params
    }

    private func check(_ declared: JSONValue, _ entry: YAMLEntry, _ field: Field) {
        let strangers = DeclaredParameter.strangers(in: declared)
        if let stranger = strangers.first, let found = field.node.entries?[stranger] {
            let path = field.path.key(stranger)
            if stranger.hasPrefix("$") {
                context.error(
                    "'\(stranger.shortened)' is not followed in the schema of a parameter",
                    hint: "write the schema out",
                    at: found.keyMark, path)
            } else {
                context.warning(
                    "'\(stranger.shortened)' is no key of a parameter's schema: the whole mapping is the value",
                    hint: "write {default: {…}} when it is meant to be, or remove the key", at: found.keyMark, path)
            }
            return
        }
        guard DeclaredParameter(declared).schema != nil || DeclaredParameter.hasUnknownType(declared),
            var rules = declared.objectValue
        else { return }
        let standard = rules.removeValue(forKey: "default")
        let nested = rules.removeValue(forKey: "schema")
        let mistakes =
            JSONSchema.mistakes(in: .object(rules))
            + (nested.map { JSONSchema.mistakes(in: $0).map { $0.under("schema") } } ?? [])
        for mistake in mistakes { report(mistake, field) }
        // Without a default, or with null, a run must be given the value.
        guard mistakes.isEmpty, let standard, standard != .null else { return }
        let place = Self.place(["default"], in: field)
        for problem in DeclaredParameter.problems(of: [entry.key: declared], given: [:]) {
            context.error(
                "the default does not fit: \(problem)", hint: "change the default, or its schema", at: place.node.mark,
                place.path)
        }
    }

    private func report(_ mistake: JSONSchema.Mistake, _ field: Field) {
        let place = Self.place(mistake.path, in: field)
        guard !mistake.isSentence else {
            context.error(mistake.text, at: place.node.mark, place.path)
            return
        }
        let isType = mistake.path.last == "type"
        let hint = isType ? place.node.string.flatMap { nearestHint($0, among: JSONSchema.types.sorted()) } : nil
        context.mismatch(
            place, mistake.text,
            hint: hint ?? (isType ? "if the mapping is the value, write {default: {type: …}}" : nil))
    }

    /// The value at a path of keys and positions.
    private static func place(_ path: [String], in field: Field) -> Field {
        var place = field
        for step in path {
            if let entry = place.node.entries?[step] {
                place = Field(entry, in: place.path)
            } else if case .list(let elements) = place.node.content, let index = Int(step),
                elements.indices.contains(index)
            {
                place = Field(elements[index], place.path.index(index))
            }
        }
        return place
    }
}

extension JSONSchema.Mistake {
    fileprivate func under(_ key: String) -> Self { Self(path: [key] + path, text: text, isSentence: isSentence) }
}
