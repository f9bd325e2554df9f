import DAGModel

/// Checks callbacks: one notifier reference or a list of them, `{uses: name, with: {…}}`.
enum CallbackCheck {
    static func check(_ field: Field, _ context: DocumentContext) {
        switch field.node.content {
        case .null: return
        case .list(let elements):
            for (index, element) in elements.enumerated() {
                reference(Field(element, field.path.index(index)), context)
            }
        default: reference(field, context)
        }
    }

    private static func reference(_ field: Field, _ context: DocumentContext) {
        guard let entries = field.node.entries else {
            context.mismatch(
                field, "a notifier, {uses: name, with: {…}}", hint: field.node.string.map { "write [{uses: \($0)}]" })
            return
        }
        for entry in entries {
            let inner = Field(entry, in: field.path)
            switch entry.key {
            case "uses": _ = context.requiredString(inner, "a notifier's name")
            case "with":
                if entry.value.entries == nil, !entry.value.isNull { context.mismatch(inner, "a mapping of arguments") }
            default:
                context.error(
                    "unknown key '\(entry.key)': a notifier is {uses: name, with: {…}}",
                    hint: nearestHint(entry.key, among: ["uses", "with"]), at: entry.keyMark, inner.path)
            }
        }
        if entries["uses"] == nil {
            context.error(
                "the key 'uses' is missing: a notifier is {uses: name, with: {…}}", at: field.node.mark, field.path)
        }
    }
}
