import DAGModel
import Templates

/// A place that names an upstream task.
struct TaskReference {
    let name: String
    let mark: Mark
    let path: DocumentPath
    /// `needs` or `$x`.
    let kind: String
}

/// Reads values under `with`, `run` and `expand`: literals, and the markers inside them at any depth.
struct ArgumentReader {
    static let markers = ["$x", "$xcom", "$t", "$template", "$const", "$f"]

    private let context: DocumentContext
    /// Whether plain texts are templates, as the arguments of Airflow's notifiers are.
    private let rendersTexts: Bool
    private(set) var references: [TaskReference] = []
    /// Tasks whose outputs the templates pull by a literal id; nothing waits for these.
    private(set) var pulls: [TaskReference] = []

    init(_ context: DocumentContext, rendersTexts: Bool = false) {
        self.context = context
        self.rendersTexts = rendersTexts
    }

    /// The argument; nil when something in it is wrong, which is then reported.
    mutating func read(_ field: Field) -> Argument? {
        switch field.node.content {
        case .list(let elements):
            var arguments: [Argument] = []
            var isGood = true
            for (index, element) in elements.enumerated() {
                if let argument = read(Field(element, field.path.index(index))) {
                    arguments.append(argument)
                } else {
                    isGood = false
                }
            }
            guard isGood else { return nil }
            let literals = arguments.compactMap(\.literal)
            return literals.count == arguments.count ? .value(.array(literals)) : .list(arguments)
        case .map(let entries): return mapping(entries, field)
        case .string(let text):
            if rendersTexts, text.contains("{{") || text.contains("{%") { return template(field) }
            if text.contains("{{"), text.contains("}}") {
                context.warning(
                    "a plain text is not rendered",
                    hint: "write {$t: …} around a template, or {$const: …} to keep the braces",
                    at: field.node.mark, field.path)
            }
            return .value(.string(text))
        default: return .value(field.node.json)
        }
    }

    private mutating func mapping(_ entries: [YAMLEntry], _ field: Field) -> Argument? {
        if entries.count == 1, let entry = entries.first, Self.markers.contains(entry.key) {
            return marker(entry, Field(entry, in: field.path))
        }
        var isGood = true
        var values: [String: Argument] = [:]
        for entry in entries {
            if entry.key.hasPrefix("$") {
                isGood = false
                reject(entry, field.path)
            } else if let argument = read(Field(entry, in: field.path)) {
                values[entry.key] = argument
            } else {
                isGood = false
            }
        }
        guard isGood else { return nil }
        let literals = values.compactMapValues(\.literal)
        return literals.count == values.count ? .value(.object(literals)) : .map(values)
    }

    private func reject(_ entry: YAMLEntry, _ parent: DocumentPath) {
        let path = parent.key(entry.key)
        if Self.markers.contains(entry.key) {
            context.error(
                "the marker '\(entry.key)' must be the only key of its mapping: keys that start with '$' are reserved",
                hint: "move the other keys elsewhere", at: entry.keyMark, path)
        } else {
            context.error(
                "unknown key '\(entry.key.shortened)': keys that start with '$' are reserved for \(Self.markers.joined(separator: ", "))",
                hint: nearestHint(entry.key, among: Self.markers) ?? "wrap it in {$const: …} to take it as it is",
                at: entry.keyMark, path)
        }
    }

    private mutating func marker(_ entry: YAMLEntry, _ field: Field) -> Argument? {
        switch entry.key {
        case "$const": return .value(field.node.json)
        case "$t", "$template": return template(field)
        case "$f": return file(field)
        default: return output(field)
        }
    }

    /// A template's text, checked; nil when it is wrong, which is then reported.
    mutating func template(_ field: Field) -> Argument? {
        guard let text = field.node.string else {
            context.mismatch(field, "a template's text")
            return nil
        }
        do {
            let template = try Template(parsing: text)
            pulls += template.pulledTasks.map {
                TaskReference(name: $0, mark: field.node.mark, path: field.path, kind: "xcom_pull")
            }
            return .template(text)
        } catch {
            context.error(
                "in the template: \(error.message)", hint: error.hint, at: place(of: error, in: field.node), field.path)
            return nil
        }
    }

    /// Where in the file an error within a text stands; the text's beginning where that cannot be told.
    private func place(of error: TemplateError, in node: YAMLNode) -> Mark {
        switch node.style {
        case .plain, .quoted:
            guard error.line == 1, node.string?.utf8.contains(10) != true else { return node.mark }
            let quote: Int32 = node.style == .quoted ? 1 : 0
            return Mark(line: node.mark.line, column: node.mark.column + quote + Int32(clamping: error.column - 1))
        case .literal:
            let line = node.mark.line + Int32(clamping: error.line)
            let indentation = context.sourceLines.indentation(ofLine: Int(line))
            return Mark(line: line, column: Int32(clamping: indentation + error.column))
        case .folded, .none: return node.mark
        }
    }

    private func file(_ field: Field) -> Argument? {
        guard let path = context.requiredString(field, "a file's path") else { return nil }
        switch context.texts.read(path) {
        case .success(let file):
            context.noteTextFile(file.path, file.text)
            return .value(.string(file.text))
        case .failure(let refusal):
            context.error(refusal.message, hint: refusal.hint, at: field.node.mark, field.path)
            return nil
        }
    }

    private mutating func output(_ field: Field) -> Argument? {
        switch field.node.content {
        case .string:
            guard let name = context.requiredString(field, "a task's id") else { return nil }
            references.append(TaskReference(name: name, mark: field.node.mark, path: field.path, kind: "$x"))
            return .output(task: TaskID(name), key: nil)
        case .map(let entries):
            var key: String?
            var isGood = true
            for entry in entries where entry.key != "task" {
                let inner = Field(entry, in: field.path)
                if entry.key == "key" {
                    if entry.value.isNull { continue }
                    key = context.requiredString(inner, "the output's key, a text")
                    isGood = isGood && key != nil
                } else {
                    isGood = false
                    context.error(
                        "unknown key '\(entry.key.shortened)': an output is {task: …, key: …}",
                        hint: nearestHint(entry.key, among: ["task", "key"]), at: entry.keyMark, inner.path)
                }
            }
            guard let task = entries["task"] else {
                context.error(
                    "the key 'task' is missing: an output is {task: …, key: …}", at: field.node.mark, field.path)
                return nil
            }
            let inner = Field(task, in: field.path)
            guard let name = context.requiredString(inner, "a task's id") else { return nil }
            references.append(TaskReference(name: name, mark: task.value.mark, path: inner.path, kind: "$x"))
            return isGood ? .output(task: TaskID(name), key: key) : nil
        default:
            context.mismatch(field, "a task's id or {task: …, key: …}")
            return nil
        }
    }
}

extension Argument {
    /// The literal when there is no marker inside.
    var literal: JSONValue? {
        if case .value(let value) = self { value } else { nil }
    }
}
