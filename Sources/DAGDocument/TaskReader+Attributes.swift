import DAGModel

// How the task runs: every key beside what it does.

extension TaskReader {
    mutating func readAttribute(_ entry: MergedEntry) {
        switch entry.key {
        case "id", "uses", "run", "expand": return
        case "with":
            for child in entry.children ?? [] where isBaseAttribute(child) {
                if entries[child.key] != nil, entries[child.key]?.origin == .task {
                    context.error(
                        "'\(child.key.shortened)' stands both in 'with' and beside it", hint: "keep one of the two",
                        at: child.keyMark,
                        child.field.path)
                } else {
                    readAttribute(child)
                }
            }
        case "needs": readNeeds(entry.field)
        case "inlets": spec.inlets = assets(entry.field)
        case "outlets": spec.outlets = assets(entry.field)
        case "params": spec.params = ParameterReader(context: context).read(entry.field)
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
        case "max_retry_delay":
            spec.maxRetryDelay = context.duration(field, allowsZero: true)
            if let delay = spec.maxRetryDelay, delay > .seconds(86_400) {
                context.warning(
                    "a try is never put off for more than a day", hint: "write 1d", at: field.node.mark, field.path)
            }
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
        case "map_index_template": spec.mapIndexTemplate = readTemplate(field)
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

    private mutating func readGroup(_ field: Field) -> String? {
        guard !field.node.isNull, let name = context.requiredString(field, "a group's name") else { return nil }
        let isWord = name.unicodeScalars.allSatisfy { scalar in
            "-_.".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic
                || scalar.properties.numericType == .decimal
        }
        guard isWord, name.unicodeScalars.count <= 200 else {
            context.mismatch(field, "a group's name of at most 200 letters, digits, '-', '_' and '.'")
            return nil
        }
        guard name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty }) else {
            context.mismatch(field, "a group's name, with a dot only between the names of groups", hint: "such as a.b")
            return nil
        }
        group = field
        return name
    }

    private mutating func readNeeds(_ field: Field) {
        var seen: Set<String> = []
        for item in context.strings(field, of: "task ids") ?? [] {
            if let name = item.node.string {
                guard seen.insert(name).inserted else {
                    context.warning(
                        "'\(name.shortened)' is named twice", hint: "remove one", at: item.node.mark, item.path)
                    continue
                }
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
        context.error(
            "unknown task attribute '\(entry.key.shortened)'",
            hint: KnownAttributes.hint(forUnknown: entry.key, orArgumentOf: signature),
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
