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
}

/// Reads one task once its templates are merged.
struct TaskReader {
    private let context: DocumentContext
    private let entries: [MergedEntry]
    private let mark: Mark
    private let path: DocumentPath
    private var spec: TaskSpec
    private var arguments: ArgumentReader
    private var callbacks: CallbackReader
    private var needs: [TaskReference] = []
    private var signature: OperatorSignature?
    /// Whether `uses` names an operator that is not known; its arguments are then not judged.
    private var hasUnknownOperator = false

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
        for reference in needs + arguments.references {
            let task = TaskID(reference.name)
            if !upstream.contains(task) { upstream.append(task) }
        }
        spec.upstream = upstream
        return TaskDraft(
            spec: spec, id: name, idMark: id?.field.node.mark ?? mark, idPath: id?.field.path ?? path,
            references: needs + arguments.references, callbackReferences: callbacks.references)
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
                    let hint = context.catalog.nearest(to: name).map { "did you mean '\($0)'?" }
                    context.error(
                        "unknown operator '\(name.prefix(200))'", hint: hint, at: uses.field.node.mark, uses.field.path)
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
        var given: Set<String> = []
        let isOperator = entries["run"] == nil || entries["uses"] != nil
        if let with = entries["with"] {
            if let children = with.children {
                for child in children where !isBaseAttribute(child) { readArgument(child, &given) }
            } else {
                context.mismatch(with.field, "a mapping of arguments")
            }
        }
        if !isOperator, let run = entries["run"] {
            for child in run.children ?? [] { readArgument(child, &given) }
        }
        for entry in entries where isDirectArgument(entry) {
            if given.contains(entry.key) {
                context.error(
                    "the argument '\(entry.key)' stands both here and in 'with'", hint: "keep one of the two",
                    at: entry.keyMark, entry.field.path)
            } else {
                readArgument(entry, &given)
            }
        }
        if let expand = entries["expand"] { readExpand(expand, &given) }
        if let signature {
            ArgumentCheck(context: context, signature: signature).checkRequired(
                given: given, at: entries["with"]?.keyMark ?? mark, entries["with"]?.field.path ?? path)
        }
    }

    private mutating func readArgument(_ entry: MergedEntry, _ given: inout Set<String>) {
        given.insert(entry.key)
        if entry.key.hasPrefix("$") {
            let isMarker = ArgumentReader.markers.contains(entry.key)
            context.error(
                isMarker
                    ? "the marker '\(entry.key)' cannot stand for all arguments: keys that start with '$' are reserved"
                    : "unknown key '\(entry.key)': keys that start with '$' are reserved",
                hint: isMarker
                    ? "put it under an argument's name" : nearestHint(entry.key, among: ArgumentReader.markers),
                at: entry.keyMark, entry.field.path)
            return
        }
        let argument = arguments.read(entry.field)
        if let signature {
            let check = ArgumentCheck(context: context, signature: signature)
            if let parameter = check.parameter(entry), let argument { check.check(argument, parameter, entry.field) }
        }
        if let argument { spec.arguments[entry.key] = argument }
    }

    private mutating func readExpand(_ expand: MergedEntry, _ given: inout Set<String>) {
        guard case .map(let entries) = expand.field.node.content, !entries.isEmpty else {
            context.mismatch(expand.field, "a mapping of argument names to lists or outputs")
            return
        }
        for entry in entries.map({ MergedEntry($0, in: expand.field.path, expand.origin) }) {
            if given.contains(entry.key) {
                context.error(
                    "the argument '\(entry.key)' is given in 'with' and expanded too", hint: "keep one of the two",
                    at: entry.keyMark, entry.field.path)
            }
            given.insert(entry.key)
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
    private func isBaseAttribute(_ entry: MergedEntry) -> Bool {
        guard let signature, Self.passesThroughWith.contains(entry.key) else { return false }
        return !signature.parameters.contains { $0.name == entry.key }
    }

    /// An operator's argument that was written beside `with`: "every other key is an operator argument".
    private func isDirectArgument(_ entry: MergedEntry) -> Bool {
        guard let signature, !KnownAttributes.task.contains(entry.key) else { return false }
        return signature.parameters.contains { $0.name == entry.key }
    }

    private static let passesThroughWith = KnownAttributes.task.union(KnownAttributes.inertTask.keys)
        .subtracting(["id", "uses", "run", "with", "needs", "extends", "expand", "group"])

    // MARK: - How the task runs

    private mutating func readAttribute(_ entry: MergedEntry) {
        switch entry.key {
        case "id", "uses", "run", "expand": return
        case "with":
            for child in entry.children ?? [] where isBaseAttribute(child) {
                if entries[child.key] != nil, entries[child.key]?.origin == .task {
                    context.error(
                        "'\(child.key)' stands both in 'with' and beside it", hint: "keep one of the two",
                        at: child.keyMark,
                        child.field.path)
                } else {
                    readAttribute(child)
                }
            }
        case "needs": readNeeds(entry.field)
        case "inlets": spec.inlets = assets(entry.field)
        case "outlets": spec.outlets = assets(entry.field)
        case "params":
            if let members = entry.field.node.entries {
                spec.params = Dictionary(
                    members.map { ($0.key, $0.value.json) }, uniquingKeysWith: { first, _ in first })
            } else if !entry.field.node.isNull {
                context.mismatch(entry.field, "a mapping of parameters")
            }
        default:
            if let event = KnownAttributes.taskCallbacks[entry.key] {
                let read = callbacks.read(entry.field, on: event)
                if !read.isEmpty { spec.callbacks = (spec.callbacks ?? []) + read }
                return
            }
            if !readScheduling(entry), !readPlain(entry) { readOther(entry) }
        }
    }

    /// Attributes about tries, order and place.
    ///
    /// False for any other key.
    private mutating func readScheduling(_ entry: MergedEntry) -> Bool {
        let field = entry.field
        switch entry.key {
        case "retries":
            // Airflow reads a number in quotes too.
            if let text = field.node.string, let number = Int(text), number >= 0 {
                spec.retries = min(number, Int(Int32.max))
            } else if let retries = context.int(field, atLeast: 0) {
                spec.retries = retries
            }
        case "retry_delay": if let delay = context.duration(field, allowsZero: true) { spec.retryDelay = delay }
        case "max_retry_delay": spec.maxRetryDelay = context.duration(field, allowsZero: true)
        case "execution_timeout": spec.executionTimeout = context.duration(field, allowsZero: false)
        case "retry_exponential_backoff": readBackoff(field)
        case "trigger_rule":
            if let rule = context.token(field, TriggerRule.self, "trigger rule") { spec.triggerRule = rule }
        case "weight_rule":
            if let rule = context.token(field, WeightRule.self, "weight rule") { spec.weightRule = rule }
        case "pool":
            if !field.node.isNull, let pool = context.requiredString(field, "a pool's name") { spec.pool = pool }
        case "pool_slots": if let slots = context.int(field, atLeast: 1) { spec.poolSlots = slots }
        case "priority_weight": if let weight = context.int(field) { spec.priorityWeight = weight }
        case "depends_on_past": if context.bool(field) == true { spec.dependsOnPast = true }
        case "wait_for_downstream":
            if context.bool(field) == true {
                spec.waitForDownstream = true
                // As in Airflow, one implies the other.
                spec.dependsOnPast = true
            }
        case "setup": readRole(.setup, field)
        case "teardown": readTeardown(field)
        case "on_failure_fail_dagrun": spec.failsRun = context.bool(field)
        case "retry_on": spec.retryOn = readRetryFilter(field)
        case "no_retry_on": spec.retryNotOn = readRetryFilter(field)
        case "max_active_tis_per_dag": spec.maxActivePerDAG = context.int(field, atLeast: 1)
        case "max_active_tis_per_dagrun": spec.maxActivePerRun = context.int(field, atLeast: 1)
        default: return false
        }
        return true
    }

    /// Attributes that are texts.
    ///
    /// False for any other key.
    private mutating func readPlain(_ entry: MergedEntry) -> Bool {
        let field = entry.field
        switch entry.key {
        case "queue": if let queue = context.requiredString(field, "a queue's name") { spec.queue = queue }
        case "owner": spec.owner = context.string(field)
        case "doc_md": spec.docMD = context.string(field)
        case "map_index_template": spec.mapIndexTemplate = context.string(field)
        case "group": spec.group = readGroup(field)
        default: return false
        }
        return true
    }

    private mutating func readRole(_ role: TaskRole, _ field: Field) {
        guard context.bool(field) == true else { return }
        if spec.role != nil, spec.role != role {
            context.error("a task cannot be both a setup and a teardown", at: field.node.mark, field.path)
        }
        spec.role = role
    }

    /// True, or the setups whose resource the task takes away, which it then also needs: Airflow's
    /// `as_teardown(setups=…)`.
    private mutating func readTeardown(_ field: Field) {
        let items: [Field]
        switch field.node.content {
        case .string: items = [field]
        case .list: items = context.strings(field, of: "ids of setups") ?? []
        default: return readRole(.teardown, field)
        }
        if spec.role == .setup {
            context.error("a task cannot be both a setup and a teardown", at: field.node.mark, field.path)
        }
        spec.role = .teardown
        for item in items {
            guard let name = context.requiredString(item, "a setup's id") else { continue }
            needs.append(TaskReference(name: name, mark: item.node.mark, path: item.path, kind: "teardown"))
        }
    }

    private mutating func readBackoff(_ field: Field) {
        switch field.node.content {
        case .null: break
        case .bool(let flag): spec.retryBackoff = flag ? 2 : 1
        case .int(0): spec.retryBackoff = 1
        case .int(let number) where number >= 1 && number <= 1000: spec.retryBackoff = Double(number)
        case .double(let number) where number >= 1 && number <= 1000: spec.retryBackoff = number
        default: context.mismatch(field, "true, false, or the factor by which the delay grows (1 or more)")
        }
    }

    /// Exit statuses and kinds of failure: one or a list.
    private func readRetryFilter(_ field: Field) -> RetryFilter? {
        let items: [Field]
        switch field.node.content {
        case .null: return nil
        case .list(let elements): items = elements.enumerated().map { Field($0.element, field.path.index($0.offset)) }
        default: items = [field]
        }
        var filter = RetryFilter()
        for item in items {
            if case .int(let number) = item.node.content, (1...255).contains(number) {
                filter.exitCodes.append(Int32(number))
            } else if let text = item.node.string, let kind = FailureKind(rawValue: text) {
                filter.kinds.append(kind)
            } else {
                let kinds = FailureKind.allCases.map(\.rawValue)
                context.mismatch(
                    item, "an exit status from 1 to 255, or one of \(kinds.joined(separator: ", "))",
                    hint: item.node.string.flatMap { nearestHint($0, among: kinds) })
            }
        }
        return filter
    }

    private func readGroup(_ field: Field) -> String? {
        guard !field.node.isNull, let name = context.requiredString(field, "a group's name") else { return nil }
        let isWord = name.unicodeScalars.allSatisfy { scalar in
            "-_.".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic
                || scalar.properties.numericType == .decimal
        }
        guard isWord, name.unicodeScalars.count <= 200 else {
            context.mismatch(field, "a group's name of at most 200 letters, digits, '-', '_' and '.'")
            return nil
        }
        return name
    }

    private mutating func readNeeds(_ field: Field) {
        for item in context.strings(field, of: "task ids") ?? [] {
            if let name = item.node.string {
                needs.append(TaskReference(name: name, mark: item.node.mark, path: item.path, kind: "needs"))
            }
        }
    }

    /// Names of assets: texts, or mappings with a `name` or `uri`.
    private func assets(_ field: Field) -> [String] {
        let items: [Field]
        switch field.node.content {
        case .null: return []
        case .list(let elements):
            items = elements.enumerated().map { Field($0.element, field.path.index($0.offset)) }
        case .string: items = [field]
        default:
            context.mismatch(field, "a list of asset names")
            return []
        }
        var names: [String] = []
        for item in items {
            if let entries = item.node.entries {
                guard let entry = entries["name"] ?? entries["uri"] else {
                    context.error("an asset needs a 'name'", at: item.node.mark, item.path)
                    continue
                }
                if let name = context.requiredString(Field(entry, in: item.path), "an asset's name") {
                    names.append(name)
                }
            } else if let name = context.requiredString(item, "an asset's name") {
                names.append(name)
            }
        }
        return names
    }

    /// Keys of Airflow that are only kept, the operator's own arguments, and unknown ones.
    private mutating func readOther(_ entry: MergedEntry) {
        if isDirectArgument(entry) { return }
        if let lost = KnownAttributes.inertTask[entry.key] {
            keep(entry, lost: lost)
            return
        }
        // Airflow drops defaults that an operator does not take.
        if entry.origin == .defaults, context.catalog.hasParameter(entry.key) { return }
        if hasUnknownOperator, KnownAttributes.renamedTask[entry.key] == nil, context.catalog.hasParameter(entry.key) {
            return
        }
        let hint: String?
        if let name = KnownAttributes.renamedTask[entry.key] {
            hint = "it is called '\(name)' here"
        } else {
            let known = KnownAttributes.task.sorted() + KnownAttributes.inertTask.keys.sorted()
            hint = nearestHint(entry.key, among: known + (signature?.parameters.map(\.name) ?? []))
        }
        context.error(
            "unknown task attribute '\(entry.key.prefix(100))'",
            hint: hint ?? "an operator's arguments go under 'with'",
            at: entry.keyMark, entry.field.path)
    }

    /// Keeps a value for display, and says what is lost when it would have changed something.
    private mutating func keep(_ entry: MergedEntry, lost: String?) {
        spec.inertAttributes[entry.key] = entry.field.node.json
        // Outputs are kept by default: only switching that off is worth a word.
        let asksForSomething =
            if entry.key == "do_xcom_push", case .bool(let flag) = entry.field.node.content {
                !flag
            } else {
                !entry.field.node.isEmptyOrFalse
            }
        guard let lost, asksForSomething else { return }
        context.warning("'\(entry.key)' has no effect: \(lost)", at: entry.keyMark, entry.field.path)
    }
}

extension YAMLNode {
    /// Null, false, and empty lists, mappings and texts: values that ask for nothing.
    var isEmptyOrFalse: Bool {
        switch content {
        case .null, .bool(false), .string(""): true
        case .list(let elements): elements.isEmpty
        case .map(let entries): entries.isEmpty
        default: false
        }
    }
}
