import CivilTime
import DAGModel
import Timetables

/// Reads one document into a DAG, reporting everything that is wrong with it.
struct DAGReader {

    private let context: DocumentContext
    private let entries: [YAMLEntry]
    private let root: YAMLNode
    private let path = DocumentPath()

    /// Nil when the document is not a mapping, which is then reported.
    init?(_ context: DocumentContext, _ root: YAMLNode) {
        guard let entries = root.entries else {
            context.error("a document must be a mapping, found \(root.found)", at: root.mark, DocumentPath())
            return nil
        }
        self.context = context
        self.entries = entries
        self.root = root
    }

    private func field(_ key: String) -> Field? { entries[key].map { Field($0, in: path) } }

    /// The DAG; meaningless when the context has errors.
    func read() -> DAG {
        checkSchema()
        let id = readID()
        checkKeys()
        let dates = readDates()
        let policy = field("dst").flatMap(readPolicy) ?? .debian
        let timetable =
            field("schedule").flatMap { ScheduleReader(context: context, zone: dates.zone, policy: policy).read($0) }
            ?? .null
        let drafts = readTasks()
        let references = ReferenceCheck(context: context, drafts: drafts)
        references.check()
        var dag = DAG(
            id: DAGID(id?.0 ?? ""), place: context.place(id?.1 ?? root.mark), timetable: timetable,
            bounds: dates.bounds,
            tasks: drafts.map(\.spec))
        readAttributes(&dag)
        readCallbacks(&dag, references, zone: dates.zone)
        checkTogether(dag)
        return dag
    }

    // MARK: - Required keys

    private func checkSchema() {
        guard let field = field("$schema") else {
            context.error(
                "the key '$schema' is missing", hint: "add $schema: \(KnownAttributes.schemaURL)", at: root.mark, path)
            return
        }
        guard let text = field.node.string, !text.isEmpty else {
            context.error(
                "'$schema' must be a non-empty text or a date, found \(field.node.found)",
                hint: "write \(KnownAttributes.schemaURL)",
                at: field.node.mark, field.path)
            return
        }
        guard text == KnownAttributes.schemaURL || text == KnownAttributes.schemaDate else {
            context.error(
                "the schema '\(text.shortened)' is not published: the one known version is \(KnownAttributes.schemaDate)",
                hint: "write \(KnownAttributes.schemaURL)", at: field.node.mark, field.path)
            return
        }
    }

    private func readID() -> (String, Mark)? {
        guard let field = field("dag_id") else {
            context.error(
                "the key 'dag_id' is missing: every DAG needs one", hint: "add dag_id: name", at: root.mark, path)
            return nil
        }
        guard let name = context.key(field, "the dag_id") else { return nil }
        context.dag = DAGID(name)
        return (name, field.node.mark)
    }

    private func checkKeys() {
        for entry in entries
        where !KnownAttributes.dag.contains(entry.key) && KnownAttributes.inertDAG[entry.key] == nil {
            context.error(
                "unknown DAG attribute '\(entry.key.shortened)'", hint: Self.hint(forUnknown: entry.key),
                at: entry.keyMark, path.key(entry.key))
        }
    }

    private static func hint(forUnknown key: String) -> String? {
        if let name = KnownAttributes.renamedDAG[key] { return "it is called '\(name)' here" }
        if KnownAttributes.task.contains(key) {
            return "it is a task's attribute; for all tasks, put it under 'default_args'"
        }
        return nearestHint(key, among: KnownAttributes.dag.sorted() + KnownAttributes.inertDAG.keys.sorted())
    }

    // MARK: - Time

    private func readDates() -> (zone: TimeZoneRules, bounds: ScheduleBounds) {
        let named = field("timezone").flatMap { context.zone($0) }
        let defaults = entries["default_args"].flatMap { $0.value.entries } ?? []
        func bound(_ key: String) -> (parsed: ISO8601.Parsed, field: Field)? {
            let own = field(key).flatMap { $0.node.isNull ? nil : $0 }
            // As in Airflow, default_args may carry the dates.
            guard let field = own ?? defaults[key].map({ Field($0, in: path.key("default_args")) }) else { return nil }
            return context.date(field).map { ($0, field) }
        }
        let start = bound("start_date")
        let end = bound("end_date")
        let written = start?.parsed.offsetSeconds.map { TimeZoneRules.fixed(offsetSeconds: $0) }
        let zone = named ?? written ?? context.settings.zone
        let bounds = ScheduleBounds(
            start: start.map { DocumentContext.instant($0.parsed, in: zone) },
            end: end.map { DocumentContext.instant($0.parsed, in: zone) })
        if let first = bounds.start, let last = bounds.end, let end, last < first {
            context.warning(
                "end_date lies before start_date: the DAG never runs by itself", at: end.field.node.mark, end.field.path
            )
        }
        return (zone, bounds)
    }

    private func readPolicy(_ field: Field) -> DSTPolicy? {
        switch field.node.content {
        case .null: return nil
        case .string(let text):
            switch text {
            case "airflow": return .airflow
            case "debian": return .debian
            default:
                context.mismatch(
                    field, "airflow, debian, or {gap: …, overlap: …}",
                    hint: nearestHint(text, among: ["airflow", "debian"]))
                return nil
            }
        case .map(let members):
            var gap = DSTPolicy.Gap.runAfter
            var overlap = DSTPolicy.Overlap.first
            for entry in members {
                let inner = Field(entry, in: field.path)
                switch entry.key {
                case "gap": gap = context.token(inner, DSTPolicy.Gap.self, "gap rule") ?? gap
                case "overlap": overlap = context.token(inner, DSTPolicy.Overlap.self, "overlap rule") ?? overlap
                default:
                    context.error(
                        "unknown key '\(entry.key.shortened)': expected gap and overlap",
                        hint: nearestHint(entry.key, among: ["gap", "overlap"]), at: entry.keyMark, inner.path)
                }
            }
            return DSTPolicy(gap: gap, overlap: overlap)
        default:
            context.mismatch(field, "airflow, debian, or {gap: …, overlap: …}")
            return nil
        }
    }

    // MARK: - Tasks

    private func readTasks() -> [TaskDraft] {
        var templates = TaskTemplates(context, templates: entries["templates"], defaults: entries["default_args"])
        checkDefaults(templates.defaults)
        defer { checkTemplates(templates) }
        guard let field = field("tasks") else {
            context.warning("the DAG has no tasks", hint: "add tasks: [{id: …, uses: …}]", at: root.mark, path)
            return []
        }
        guard case .list(let elements) = field.node.content else {
            context.mismatch(field, "a list of tasks")
            return []
        }
        if elements.isEmpty { context.warning("the DAG has no tasks", at: field.node.mark, field.path) }
        var drafts: [TaskDraft] = []
        for (index, element) in elements.enumerated() {
            let path = field.path.index(index)
            guard let entries = element.entries else {
                context.mismatch(Field(element, path), "a task, a mapping with 'id' and 'uses'")
                continue
            }
            var reader = TaskReader(context, templates.task(entries, path), at: element.mark, path)
            drafts.append(reader.read())
        }
        templates.warnOfUnused()
        return drafts
    }

    /// Also one that no task takes anything from; what a task has found already is not reported again.
    ///
    /// After the tasks: the order in which text files are read is part of the version.
    private func checkTemplates(_ templates: TaskTemplates) {
        for template in templates.all {
            var reader = TaskReader(context, template.entries, at: template.mark, template.path)
            reader.checkTemplate()
        }
    }

    /// A default that no task and no operator could take is a mistake; others are simply not taken by some.
    private func checkDefaults(_ defaults: [MergedEntry]) {
        for entry in defaults where entry.origin == .defaults {
            let isKnown =
                KnownAttributes.task.contains(entry.key) || KnownAttributes.inertTask[entry.key] != nil
                || context.catalog.hasParameter(entry.key)
            guard !isKnown else { continue }
            context.error(
                "unknown task attribute '\(entry.key.shortened)'", hint: KnownAttributes.hint(forUnknown: entry.key),
                at: entry.keyMark, entry.field.path)
        }
    }

    // MARK: - Attributes

    private func readAttributes(_ dag: inout DAG) {
        let settings = context.settings
        func limit(_ key: String, _ minimum: Int) -> Int? { field(key).flatMap { context.int($0, atLeast: minimum) } }
        dag.summary = field("description").flatMap { context.string($0) }
        dag.docMD = field("doc_md").flatMap { context.string($0) }
        dag.displayName = field("dag_display_name").flatMap { context.string($0) }
        dag.catchup = field("catchup").flatMap { context.bool($0) } ?? settings.catchupByDefault
        dag.catchupWindow = field("catchup_window").flatMap { context.duration($0, allowsZero: false) }
        dag.maxActiveRuns = limit("max_active_runs", 1) ?? settings.maxActiveRuns
        dag.maxActiveTasks = limit("max_active_tasks", 1) ?? settings.maxActiveTasks
        dag.maxConsecutiveFailedRuns = limit("max_consecutive_failed_dag_runs", 0) ?? settings.maxConsecutiveFailedRuns
        dag.dagrunTimeout = field("dagrun_timeout").flatMap { context.duration($0, allowsZero: false) }
        dag.failFast = field("fail_fast").flatMap { context.bool($0) } ?? false
        dag.isPausedUponCreation = field("is_paused_upon_creation").flatMap { context.bool($0) }
        dag.tags = field("tags").map(readTags) ?? []
        dag.params = field("params").map { ParameterReader(context: context).read($0) } ?? [:]
        dag.ownerLinks = field("owner_links").map(readOwnerLinks) ?? [:]
        dag.allowedRunTypes = field("allowed_run_types").flatMap(readRunTypes)
        let owners = Set(dag.tasks.compactMap(\.owner)).sorted()
        dag.owner = owners.isEmpty ? nil : owners.joined(separator: ", ")
        for entry in entries {
            if let lost = KnownAttributes.inertDAG[entry.key] {
                keep(entry, lost: lost, &dag)
            }
        }
    }

    private func readCallbacks(_ dag: inout DAG, _ check: ReferenceCheck, zone: TimeZoneRules) {
        var reader = CallbackReader(context)
        for entry in entries {
            guard let event = KnownAttributes.dagCallbacks[entry.key] else { continue }
            let callbacks = reader.read(Field(entry, in: path), on: event)
            if !callbacks.isEmpty { dag.callbacks = (dag.callbacks ?? []) + callbacks }
        }
        if let field = field("deadline") {
            var deadlines = DeadlineReader(context, zone: zone)
            let read = deadlines.read(field)
            if !read.isEmpty { dag.deadlines = read }
            check.checkNames(deadlines.references)
        }
        check.checkNames(reader.references)
        check.warnOfPulls(reader.pulls)
    }

    private func keep(_ entry: YAMLEntry, lost: String?, _ dag: inout DAG) {
        dag.inertAttributes[entry.key] = entry.value.json
        if let lost, !entry.value.isEmptyOrFalse {
            context.warning("'\(entry.key)' has no effect: \(lost)", at: entry.keyMark, path.key(entry.key))
        }
    }

    private func readTags(_ field: Field) -> [String] {
        if field.node.isNull { return [] }
        var tags: [String] = []
        for item in context.strings(field, of: "tags") ?? [] {
            guard let tag = item.node.string else { continue }
            if tag.unicodeScalars.count > 100 {
                context.error("a tag has at most 100 characters", at: item.node.mark, item.path)
            } else if !tags.contains(tag) {
                tags.append(tag)
            }
        }
        return tags
    }

    private func readOwnerLinks(_ field: Field) -> [String: String] {
        if field.node.isNull { return [:] }
        guard let members = field.node.entries else {
            context.mismatch(field, "a mapping of owners to links")
            return [:]
        }
        var links: [String: String] = [:]
        for entry in members {
            let item = Field(entry, in: field.path)
            guard let link = context.requiredString(item, "a link") else { continue }
            guard ["http://", "https://", "mailto:"].contains(where: { link.lowercased().hasPrefix($0) }) else {
                context.error(
                    "'\(link.prefix(60))' is not a link", hint: "begin it with https:// or mailto:", at: item.node.mark,
                    item.path)
                continue
            }
            links[entry.key] = link
        }
        return links
    }

    private func readRunTypes(_ field: Field) -> [RunType]? {
        switch field.node.content {
        case .null: return nil
        case .list(let elements):
            if elements.isEmpty {
                context.error(
                    "the list is empty: no run could be made", hint: "leave the key out to allow every type",
                    at: field.node.mark, field.path)
            }
            return elements.enumerated().compactMap { index, element in
                context.token(Field(element, field.path.index(index)), RunType.self, "run type")
            }
        default: return context.token(field, RunType.self, "run type").map { [$0] }
        }
    }

    // MARK: - Attributes that only make sense together

    /// As in Airflow: nobody gives a value to the runs of a schedule.
    private func checkScheduledParameters(_ dag: DAG) {
        guard dag.timetable != .null, let field = field("params") else { return }
        for entry in field.node.entries ?? [] {
            let parameter = DeclaredParameter(entry.value.json)
            guard let schema = parameter.schema, parameter.standard ?? .null == .null,
                parameter.standard == nil || !schema.problems(of: .null, at: entry.key).isEmpty
            else { continue }
            context.error(
                "the parameter '\(entry.key.shortened)' has no default, and a schedule gives it no value",
                hint: "add a default, or remove the schedule", at: entry.keyMark, field.path.key(entry.key))
        }
    }

    private func checkTogether(_ dag: DAG) {
        if dag.catchup, dag.bounds.start == nil, dag.timetable.isTimeBased, !dag.timetable.runsOnce, !context.hasErrors
        {
            context.error(
                "catchup needs a start_date to begin at", hint: "add start_date: 2026-01-01",
                at: entries["catchup"]?.keyMark ?? root.mark, entries["catchup"] == nil ? path : path.key("catchup"))
        }
        if dag.timetable.isContinuous, let field = field("max_active_runs"), dag.maxActiveRuns > 1 {
            context.error(
                "a continuous schedule has one run at a time, found max_active_runs \(dag.maxActiveRuns)",
                hint: "write 1",
                at: field.node.mark, field.path)
        }
        if let field = field("catchup_window"), !dag.catchup, dag.catchupWindow != nil {
            context.warning(
                "'catchup_window' has no effect without catchup", hint: "add catchup: true", at: field.node.mark,
                field.path)
        }
        checkScheduledParameters(dag)
        if dag.failFast {
            for (index, task) in dag.tasks.enumerated()
            where task.triggerRule != .allSuccess && task.triggerRule != .allDoneSetupSuccess {
                context.error(
                    "a fail_fast DAG can only have tasks with the trigger rule all_success, '\(task.id)' has \(task.triggerRule.rawValue)",
                    hint: "remove the trigger_rule or fail_fast",
                    at: Mark(line: Int32(clamping: task.place.line), column: Int32(clamping: task.place.column)),
                    path.key("tasks").index(index))
            }
        }
        if let field = field("allowed_run_types"), let types = dag.allowedRunTypes, !types.isEmpty {
            let needed: RunType =
                switch dag.timetable {
                case .assets: .assetTriggered
                case .null: .manual
                default: .scheduled
                }
            if !types.contains(needed) {
                context.error(
                    "allowed_run_types must contain '\(needed.rawValue)' for this schedule", hint: "add it",
                    at: field.node.mark,
                    field.path)
            }
        }
    }
}
