import DAGModel

/// Reads callbacks: one notifier reference or a list of them, `{uses: name, with: {…}}`.
struct CallbackReader {
    private let context: DocumentContext
    /// Tasks whose outputs the arguments read.
    private(set) var references: [TaskReference] = []
    /// Tasks whose outputs the templates pull.
    private(set) var pulls: [TaskReference] = []

    init(_ context: DocumentContext) { self.context = context }

    /// The callbacks of a field; what is wrong with them is reported.
    mutating func read(_ field: Field, on event: CallbackEvent) -> [Callback] {
        switch field.node.content {
        case .null: return []
        case .list(let elements):
            return elements.enumerated().compactMap { index, element in
                reference(Field(element, field.path.index(index)), on: event)
            }
        default: return reference(field, on: event).map { [$0] } ?? []
        }
    }

    private mutating func reference(_ field: Field, on event: CallbackEvent) -> Callback? {
        guard let entries = field.node.entries else {
            context.mismatch(
                field, "a notifier, {uses: name, with: {…}}", hint: field.node.string.map { "write [{uses: \($0)}]" })
            return nil
        }
        var signature: OperatorSignature?
        for entry in entries {
            let inner = Field(entry, in: field.path)
            switch entry.key {
            case "uses": signature = notifier(inner)
            case "with":
                if entry.value.entries == nil, !entry.value.isNull { context.mismatch(inner, "a mapping of arguments") }
            default:
                context.error(
                    "unknown key '\(entry.key.shortened)': a notifier is {uses: name, with: {…}}",
                    hint: nearestHint(entry.key, among: ["uses", "with"]), at: entry.keyMark, inner.path)
            }
        }
        if entries["uses"] == nil {
            context.error(
                "the key 'uses' is missing: a notifier is {uses: name, with: {…}}",
                hint: "add uses: \(context.catalog.notifiers.map(\.name).joined(separator: ", or uses: "))",
                at: field.node.mark, field.path)
        }
        guard let signature else { return nil }
        let with = entries["with"].map { Field($0, in: field.path) }
        return Callback(
            event: event, notifier: signature.name,
            arguments: arguments(with, signature, at: with?.node.mark ?? field.node.mark, with?.path ?? field.path))
    }

    private func notifier(_ field: Field) -> OperatorSignature? {
        guard let name = context.requiredString(field, "a notifier's name") else { return nil }
        if let signature = context.catalog.notifier(name) { return signature }
        let hint =
            context.catalog.nearestNotifier(to: name).map { "did you mean '\($0)'?" }
            ?? "there are \(context.catalog.notifiers.map(\.name).joined(separator: ", "))"
        context.error("unknown notifier '\(name.shortened)'", hint: hint, at: field.node.mark, field.path)
        return nil
    }

    private mutating func arguments(
        _ field: Field?, _ signature: OperatorSignature, at mark: Mark, _ path: DocumentPath
    ) -> [String: Argument] {
        let check = ArgumentCheck(context: context, signature: signature, noun: "notifier")
        var arguments: [String: Argument] = [:]
        var reader = ArgumentReader(context, rendersTexts: true)
        for entry in field?.node.entries ?? [] {
            let merged = MergedEntry(entry, in: path, .task)
            guard let parameter = check.parameter(merged), let argument = reader.read(merged.field) else { continue }
            check.check(argument, parameter, merged.field)
            arguments[entry.key] = argument
        }
        references += reader.references
        pulls += reader.pulls
        let given = Dictionary(
            (field?.node.entries ?? []).map { ($0.key, Field($0, in: path)) }, uniquingKeysWith: { first, _ in first })
        check.checkRequired(given: given, at: mark, path)
        check.checkAlternatives(given: given, at: mark, path)
        return arguments
    }
}
