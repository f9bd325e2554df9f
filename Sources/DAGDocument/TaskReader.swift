import DAGModel

/// A task as read, also when it has errors: other tasks' references are checked against it all the same.
struct TaskDraft {
    var spec: TaskSpec
    /// Nil when the id is missing or malformed.
    let id: String?
    let idMark: Mark
    let idPath: DocumentPath
    let references: [TaskReference]
    /// What its callbacks read; nothing waits for these.
    let callbackReferences: [TaskReference]
    /// What its arguments name as tasks directly below it.
    let followed: [TaskReference]
    /// What its templates pull outputs of.
    let pulls: [TaskReference]
    /// Where `group` stands.
    let group: Field?
}

/// Reads one task once its templates are merged.
struct TaskReader {
    let context: DocumentContext
    let entries: [MergedEntry]
    private let mark: Mark
    private let path: DocumentPath
    var spec: TaskSpec
    private var arguments: ArgumentReader
    var callbacks: CallbackReader
    var needs: [TaskReference] = []
    var group: Field?
    private var followed: [TaskReference] = []
    /// The arguments that are given, with their places.
    private var given: [String: Field] = [:]
    var signature: OperatorSignature?
    /// Whether `uses` names an operator that is not known; its arguments are then not judged.
    var hasUnknownOperator = false
    private var isTemplate = false

    /// - Parameters:
    ///   - mark: Where the task stands.
    ///   - path: `tasks[i]`.
    init(_ context: DocumentContext, _ entries: [MergedEntry], at mark: Mark, _ path: DocumentPath) {
        self.context = context
        self.entries = entries
        self.mark = mark
        self.path = path
        spec = TaskSpec(id: TaskID(""), place: context.place(mark), body: .run)
        spec.retries = context.settings.retries
        spec.executionTimeout = context.settings.executionTimeout
        arguments = ArgumentReader(context)
        callbacks = CallbackReader(context)
    }

    mutating func read() -> TaskDraft {
        let id = entries["id"]
        var name: String?
        if let id {
            name = context.key(id.field, "the task's id")
        } else {
            context.error("the key 'id' is missing: every task needs one", hint: "add id: name", at: mark, path)
        }
        spec.id = TaskID(name ?? "")
        readBody()
        for entry in entries { readAttribute(entry) }
        readArguments()
        checkRole()
        var upstream: [TaskID] = []
        var seen: Set<String> = []
        for reference in needs + arguments.references where seen.insert(reference.name).inserted {
            upstream.append(TaskID(reference.name))
        }
        spec.upstream = upstream
        return TaskDraft(
            spec: spec, id: name, idMark: id?.field.node.mark ?? mark, idPath: id?.field.path ?? path,
            references: needs + arguments.references, callbackReferences: callbacks.references,
            followed: followed, pulls: arguments.pulls + callbacks.pulls, group: group)
    }

    /// Checks a template's own keys; what it leaves open its tasks say.
    mutating func checkTemplate() {
        isTemplate = true
        readBody()
        if entries["uses"] == nil { hasUnknownOperator = true }
        for entry in entries { readAttribute(entry) }
        readArguments()
    }

    /// A teardown's trigger rule is its own.
    private mutating func checkRole() {
        guard spec.role == .teardown else {
            if spec.failsRun != nil, let entry = entries["on_failure_fail_dagrun"] {
                context.warning(
                    "'on_failure_fail_dagrun' has no effect: only a teardown's failure is ignored", at: entry.keyMark,
                    entry.field.path)
            }
            return
        }
        if let entry = entries["trigger_rule"], entry.origin == .task, spec.triggerRule != .allDoneSetupSuccess {
            context.error(
                "a teardown's trigger rule is all_done_setup_success, found \(spec.triggerRule.rawValue)",
                hint: "remove it", at: entry.field.node.mark, entry.field.path)
        }
        spec.triggerRule = .allDoneSetupSuccess
    }

    // MARK: - What the task does

    private mutating func readBody() {
        let uses = entries["uses"]
        let run = entries["run"]
        switch (uses, run) {
        case (nil, nil):
            guard !isTemplate else { return }
            context.error(
                "the task has neither 'uses' nor 'run': exactly one is needed", hint: "add uses: bash, or run: {…}",
                at: mark, path)
        case (let uses?, let run?):
            let later = uses.keyMark < run.keyMark ? run : uses
            context.error(
                "the task has both 'uses' and 'run': exactly one is allowed", hint: "remove one", at: later.keyMark,
                later.field.path)
        default: break
        }
        if let uses {
            if let name = context.requiredString(uses.field, "an operator's name (it must not be empty)") {
                if let signature = context.catalog.resolve(name) {
                    self.signature = signature
                    spec.body = .uses(signature.name)
                } else {
                    hasUnknownOperator = true
                    context.error(
                        "unknown operator '\(name.shortened)'",
                        hint: context.catalog.nearest(to: name).map { "did you mean '\($0)'?" },
                        at: uses.field.node.mark, uses.field.path)
                }
            } else {
                hasUnknownOperator = true
            }
        }
        if let run {
            if run.children == nil {
                context.mismatch(run.field, "a mapping of arguments (run: {} for none)")
            } else if let with = entries["with"], uses == nil {
                context.warning(
                    "'with' has no effect beside 'run'", hint: "move its arguments into 'run'", at: with.keyMark,
                    with.field.path)
            }
        }
    }

    private mutating func readArguments() {
        let isOperator = entries["run"] == nil || entries["uses"] != nil
        if let with = entries["with"] {
            if let children = with.children {
                for child in children where !isBaseAttribute(child) { readArgument(child) }
            } else {
                context.mismatch(with.field, "a mapping of arguments")
            }
        }
        if !isOperator, let run = entries["run"] {
            for child in run.children ?? [] { readArgument(child) }
        }
        for entry in entries where isDirectArgument(entry) {
            if given[entry.key] != nil {
                context.error(
                    "the argument '\(entry.key.shortened)' stands both here and in 'with'", hint: "keep one of the two",
                    at: entry.keyMark, entry.field.path)
            } else {
                readArgument(entry)
            }
        }
        if let expand = entries["expand"] { readExpand(expand) }
        if let signature, !isTemplate {
            let check = ArgumentCheck(context: context, signature: signature)
            let place = (mark: entries["with"]?.keyMark ?? mark, path: entries["with"]?.field.path ?? path)
            check.checkRequired(given: given, at: place.mark, place.path)
            check.checkAlternatives(given: given, at: place.mark, place.path)
        }
    }

    private mutating func readArgument(_ entry: MergedEntry) {
        given[entry.key] = entry.field
        if entry.key.hasPrefix("$") {
            let isMarker = ArgumentReader.markers.contains(entry.key)
            context.error(
                isMarker
                    ? "the marker '\(entry.key.shortened)' cannot stand for all arguments: keys that start with '$' are reserved"
                    : "unknown key '\(entry.key.shortened)': keys that start with '$' are reserved",
                hint: isMarker
                    ? "put it under an argument's name" : nearestHint(entry.key, among: ArgumentReader.markers),
                at: entry.keyMark, entry.field.path)
            return
        }
        let argument = arguments.read(entry.field)
        if let signature {
            let check = ArgumentCheck(context: context, signature: signature)
            if let parameter = check.parameter(entry), let argument {
                check.check(argument, parameter, entry.field)
                if parameter.rule == .tasksBelow { follow(entry.field) }
            }
        }
        if let argument { spec.arguments[entry.key] = argument }
    }

    /// Notes the tasks that a literal names: a list, or a text with commas.
    private mutating func follow(_ field: Field) {
        func note(_ name: String, _ field: Field) {
            guard !name.isEmpty else { return }
            followed.append(TaskReference(name: name, mark: field.node.mark, path: field.path, kind: "follow"))
        }
        switch field.node.content {
        case .string(let text): for name in text.split(separator: ",") { note(String(name).trimmingBlanks, field) }
        case .list(let elements):
            for (index, element) in elements.enumerated() {
                if let name = element.string { note(name, Field(element, field.path.index(index))) }
            }
        default: break
        }
    }

    /// Checks `map_index_template`.
    mutating func readTemplate(_ field: Field) -> String? {
        guard let text = context.string(field), arguments.template(field) != nil else { return nil }
        return text
    }

    private mutating func readExpand(_ expand: MergedEntry) {
        guard case .map(let entries) = expand.field.node.content, !entries.isEmpty else {
            context.mismatch(expand.field, "a mapping of argument names to lists or outputs")
            return
        }
        for entry in entries.map({ MergedEntry($0, in: expand.field.path, expand.origin) }) {
            if given[entry.key] != nil {
                context.error(
                    "the argument '\(entry.key.shortened)' is given in 'with' and expanded too",
                    hint: "keep one of the two",
                    at: entry.keyMark, entry.field.path)
            }
            given[entry.key] = entry.field
            spec.expandOrder = (spec.expandOrder ?? []) + [entry.key]
            guard let argument = arguments.read(entry.field) else { continue }
            switch argument {
            case .output, .list, .map, .value(.array), .value(.object): spec.expand[entry.key] = argument
            default:
                context.mismatch(
                    entry.field, "a list, a mapping or an output {$x: task}, over which the task is mapped")
            }
            if let signature {
                _ = ArgumentCheck(context: context, signature: signature).parameter(entry)
            }
        }
    }

    /// A task attribute that was written into `with`: Airflow's operators take both there.
    func isBaseAttribute(_ entry: MergedEntry) -> Bool {
        guard let signature, KnownAttributes.passesThroughWith.contains(entry.key) else { return false }
        return !signature.parameters.contains { $0.name == entry.key }
    }

    /// An operator's argument that was written beside `with`: "every other key is an operator argument".
    func isDirectArgument(_ entry: MergedEntry) -> Bool {
        guard let signature, !KnownAttributes.task.contains(entry.key) else { return false }
        return signature.parameters.contains { $0.name == entry.key }
    }

}
