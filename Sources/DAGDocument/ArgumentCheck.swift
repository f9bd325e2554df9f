import CivilTime
import DAGModel

/// Checks a task's arguments against its operator's signature.
struct ArgumentCheck {
    let context: DocumentContext
    let signature: OperatorSignature
    /// What the signature is of.
    var noun = "operator"

    /// The parameter of a name; an unknown name is reported with the nearest one.
    func parameter(_ entry: MergedEntry) -> OperatorSignature.Parameter? {
        if let parameter = signature.parameters.first(where: { $0.name == entry.key }) { return parameter }
        let names = signature.parameters.map(\.name)
        context.error(
            "the \(noun) '\(signature.name)' has no argument '\(entry.key.shortened)'",
            hint: names.isEmpty
                ? nil : nearestHint(entry.key, among: names) ?? "it takes \(names.joined(separator: ", "))",
            at: entry.keyMark, entry.field.path)
        return nil
    }

    /// Whether a value fits its parameter.
    ///
    /// What is known only at run time fits every kind.
    func check(_ argument: Argument, _ parameter: OperatorSignature.Parameter, _ field: Field) {
        let fits: Bool
        switch argument {
        case .template, .output: return
        case .list: fits = [.list, .any, .stringOrList].contains(parameter.kind)
        case .map: fits = [.object, .any].contains(parameter.kind)
        case .value(let value):
            if case .null = value {
                if parameter.isRequired { mismatch(parameter, field) }
                return
            }
            fits = Self.fits(value, parameter.kind)
            if fits, let rule = parameter.rule, !rule.allows(value) {
                context.error(
                    "'\(parameter.name)' takes \(rule.expectation), found \(field.node.found)", at: field.node.mark,
                    field.path)
                return
            }
            if fits, !parameter.choices.isEmpty, let text = value.stringValue, !parameter.choices.contains(text) {
                context.error(
                    "'\(parameter.name)' cannot be '\(text.prefix(60))': expected one of \(parameter.choices.joined(separator: ", "))",
                    hint: nearestHint(text, among: parameter.choices), at: field.node.mark, field.path)
            }
        }
        if !fits { mismatch(parameter, field) }
    }

    /// Reports required parameters that are not there.
    func checkRequired(given: [String: Field], at mark: Mark, _ path: DocumentPath) {
        for parameter in signature.parameters where parameter.isRequired && given[parameter.name] == nil {
            context.error(
                "the \(noun) '\(signature.name)' needs the argument '\(parameter.name)': \(parameter.summary)",
                hint: "add with: {\(parameter.name): …}", at: mark, path)
        }
    }

    /// Reports parameters of which none is there where one must be, or two where they contradict each other.
    ///
    /// - Parameter given: what is there, by name, with its place; null is as good as nothing.
    func checkAlternatives(given: [String: Field], at mark: Mark, _ path: DocumentPath) {
        if signature.alternatives.isEmpty { return }
        let given = given.filter { !$0.value.node.isNull }
        for group in signature.alternatives {
            if let beside = group.beside, given[beside] == nil { continue }
            let names = group.names.map { "'\($0)'" }
            let found = group.names.filter { given[$0] != nil }
            if found.isEmpty, group.isRequired, let first = group.names.first {
                let beside = group.beside.map { " beside '\($0)'" } ?? ""
                context.error(
                    "the \(noun) '\(signature.name)' needs \(names.joined(separator: " or "))\(beside)",
                    hint: "add with: {\(first): …}", at: mark, path)
            }
            if group.isExclusive, found.count > 1, let field = found.last.flatMap({ given[$0] }) {
                context.error(
                    "the \(noun) '\(signature.name)' takes \(names.joined(separator: " or ")), not both",
                    hint: "keep one of the two", at: field.node.mark, field.path)
            }
        }
    }

    private func mismatch(_ parameter: OperatorSignature.Parameter, _ field: Field) {
        let expected =
            switch parameter.kind {
            case .string: "a text"
            case .integer: "a whole number"
            case .number: "a number"
            case .boolean: "true or false"
            case .duration: "a duration above zero, such as 30s or PT5M"
            case .list: "a list"
            case .object: "a mapping"
            case .any: "a value"
            case .stringOrList: "a text or a list of texts"
            }
        context.error(
            "'\(parameter.name)' takes \(expected), found \(field.node.found)", at: field.node.mark, field.path)
    }

    private static func fits(_ value: JSONValue, _ kind: OperatorSignature.Kind) -> Bool {
        switch (kind, value) {
        case (.any, _), (.string, .string), (.integer, .int), (.number, .int), (.number, .double), (.boolean, .bool),
            (.list, .array), (.object, .object), (.stringOrList, .string):
            true
        // No operator takes one that is over at once.
        case (.duration, .int(let seconds)): seconds > 0
        case (.duration, .double(let seconds)): seconds > 0
        case (.duration, .string(let text)): (try? Duration(parsing: text)).map { $0 > .zero } ?? false
        case (.stringOrList, .array(let elements)): elements.allSatisfy { $0.stringValue != nil }
        default: false
        }
    }
}
