/// One key of a task once its templates are merged, with the place it was written at.
struct MergedEntry {
    /// Where a value comes from: it decides what an unknown key means.
    enum Origin { case defaults, template, task }

    let key: String
    let keyMark: Mark
    var field: Field
    let origin: Origin
    /// The entries of `with` and `run`, which merge one level deep; nil for every other key.
    var children: [MergedEntry]?

    init(_ entry: YAMLEntry, in parent: DocumentPath, _ origin: Origin) {
        key = entry.key
        keyMark = entry.keyMark
        field = Field(entry, in: parent)
        self.origin = origin
        if entry.key == "with" || entry.key == "run", let inner = entry.value.entries {
            let path = field.path
            children = inner.map { MergedEntry($0, in: path, origin) }
        }
    }
}

extension [MergedEntry] {
    subscript(key: String) -> MergedEntry? { first { $0.key == key } }

    /// Airflow's shallow merge: `over` wins key by key; `with` and `run` merge one level deep.
    func merged(with over: [MergedEntry]) -> [MergedEntry] {
        guard !isEmpty else { return over }
        var result = self
        for entry in over {
            guard let index = result.firstIndex(where: { $0.key == entry.key }) else {
                result.append(entry)
                continue
            }
            var entry = entry
            if let mine = result[index].children, let theirs = entry.children {
                entry.children = mine.merged(with: theirs)
            }
            result[index] = entry
        }
        return result
    }
}

/// Resolves a document's `templates` and what its tasks and other templates take from them.
struct TaskTemplates {
    private let context: DocumentContext
    private var sources: [String: (entry: YAMLEntry, path: DocumentPath)] = [:]
    private var resolved: [String: [MergedEntry]] = [:]
    /// Names being resolved, outermost first.
    private var open: [String] = []
    /// Names that a task, a default or another template takes something from.
    private var used: Set<String> = []
    /// `default_args`, the implicit first template.
    private(set) var defaults: [MergedEntry] = []

    /// Checks all templates, used or not: shapes, unknown names and circles.
    init(_ context: DocumentContext, templates: YAMLEntry?, defaults: YAMLEntry?) {
        self.context = context
        let root = DocumentPath()
        if let templates {
            let path = root.key("templates")
            if let entries = templates.value.entries {
                for entry in entries { sources[entry.key] = (entry, path.key(entry.key)) }
                for entry in entries { _ = resolve(entry.key) }
            } else {
                context.mismatch(Field(templates, in: root), "a mapping of template names to partial tasks")
            }
        }
        if let defaults {
            let path = root.key("default_args")
            if let entries = defaults.value.entries {
                self.defaults = merging(extendsOf: entries, path, onto: [], .defaults)
                if let id = entries["id"] {
                    context.error("'id' cannot be a default: every task has its own", at: id.keyMark, path.key("id"))
                }
            } else if !defaults.value.isNull {
                context.mismatch(Field(defaults, in: root), "a mapping of task attributes")
            }
        }
    }

    /// Warns of templates that nothing extends; call when every task has been read.
    func warnOfUnused() {
        for (name, source) in sources.sorted(by: { $0.key < $1.key }) where !used.contains(name) {
            context.warning(
                "the template '\(name.shortened)' is not used",
                hint: "add extends: [\(name.shortened)] to a task, or remove it",
                at: source.entry.keyMark, source.path)
        }
    }

    /// Every template by itself, with its place, in the order of the document.
    var all: [(entries: [MergedEntry], mark: Mark, path: DocumentPath)] {
        sources.values.sorted { $0.entry.keyMark < $1.entry.keyMark }.compactMap { source in
            source.entry.value.entries.map { (own($0, source.path, .template), source.entry.keyMark, source.path) }
        }
    }

    /// A task with everything it inherits.
    mutating func task(_ entries: [YAMLEntry], _ path: DocumentPath) -> [MergedEntry] {
        merging(extendsOf: entries, path, onto: defaults, .task)
    }

    /// The entries of a template or task over those of the templates it extends, in order, over `base`.
    private mutating func merging(
        extendsOf entries: [YAMLEntry], _ path: DocumentPath, onto base: [MergedEntry], _ origin: MergedEntry.Origin
    ) -> [MergedEntry] {
        var result = base
        if let extends = entries["extends"], !extends.value.isNull {
            let field = Field(extends, in: path)
            guard case .list(let names) = field.node.content else {
                context.mismatch(
                    field, "a list of template names", hint: field.node.string.map { "write extends: [\($0)]" })
                return result.merged(with: own(entries, path, origin))
            }
            for (index, node) in names.enumerated() {
                let item = Field(node, field.path.index(index))
                guard let name = context.requiredString(item, "a template's name") else { continue }
                guard sources[name] != nil else {
                    let known = sources.keys.sorted()
                    let hint =
                        nearestHint(name, among: known)
                        ?? (known.isEmpty
                            ? "this document has no templates"
                            : "known: \(known.map(\.shortened).joined(separator: ", "))")
                    context.error("unknown template '\(name.shortened)'", hint: hint, at: node.mark, item.path)
                    continue
                }
                if let start = open.firstIndex(of: name) {
                    let circle = (open[start...] + [name]).joined(separator: " → ")
                    context.error("templates extend each other in a circle: \(circle)", at: node.mark, item.path)
                    continue
                }
                used.insert(name)
                result = result.merged(with: resolve(name))
            }
        }
        return result.merged(with: own(entries, path, origin))
    }

    private func own(_ entries: [YAMLEntry], _ path: DocumentPath, _ origin: MergedEntry.Origin) -> [MergedEntry] {
        entries.compactMap { $0.key == "extends" ? nil : MergedEntry($0, in: path, origin) }
    }

    private mutating func resolve(_ name: String) -> [MergedEntry] {
        if let known = resolved[name] { return known }
        guard let source = sources[name] else { return [] }
        guard let entries = source.entry.value.entries else {
            context.mismatch(Field(source.entry.value, source.path), "a mapping: a template is a partial task")
            resolved[name] = []
            return []
        }
        open.append(name)
        let result = merging(extendsOf: entries, source.path, onto: [], .template)
        open.removeLast()
        resolved[name] = result
        return result
    }
}
