package import DAGModel

/// Names what of a document would not load in Airflow 3.4: CryptoFlow's additions, each with its place.
package struct PortabilityCheck {
    private var found: [Diagnostic] = []
    private let file: String
    private let catalog: OperatorCatalog

    private init(file: String, catalog: OperatorCatalog) {
        self.file = file
        self.catalog = catalog
    }

    /// The problems of all documents of a file, by place; syntax errors are not among them (the loader reports those).
    package static func problems(
        bytes: [UInt8], file: String, catalog: OperatorCatalog, limits: YAMLLimits = YAMLLimits()
    ) -> [Diagnostic] {
        guard TextCheck.failure(bytes) == nil else { return [] }
        var check = PortabilityCheck(file: file, catalog: catalog)
        bytes.withUnsafeBufferPointer { buffer in
            let text = UnsafeBufferPointer(rebasing: buffer[(buffer.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)...])
            for piece in DocumentSplitter.pieces(text) {
                var ignored: [YAMLProblem] = []
                let document = UnsafeBufferPointer(rebasing: text[piece.range])
                let node = YAMLParser.parse(document, line: piece.line, limits: limits, problems: &ignored)
                if let entries = node?.entries { check.document(entries) }
            }
        }
        return check.found.sorted { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }
    }

    private mutating func report(_ message: String, _ hint: String? = nil, _ mark: Mark, _ path: DocumentPath) {
        let place = SourcePlace(file: file, line: Int(mark.line), column: Int(mark.column))
        found.append(Diagnostic(at: place, keyPath: path.description, message, hint: hint))
    }

    private mutating func document(_ entries: [YAMLEntry]) {
        let root = DocumentPath()
        for entry in entries {
            let path = root.key(entry.key)
            switch entry.key {
            case "default_args":
                report(
                    "Airflow's importer has no 'default_args'", "use 'templates' with 'extends'", entry.keyMark, path)
                if let inner = entry.value.entries { task(inner, path) }
            case "timezone":
                report(
                    "Airflow has no 'timezone' in documents", "name it in the timetable: with: {timezone: …}",
                    entry.keyMark, path)
            case "dst", "catchup_window": report("Airflow has no '\(entry.key)'", nil, entry.keyMark, path)
            case "deadline":
                report("Airflow's importer has no callbacks yet, and so no deadlines", nil, entry.keyMark, path)
            case "schedule": schedule(entry.value, path, entries)
            case "templates":
                for template in entry.value.entries ?? [] {
                    if let inner = template.value.entries { task(inner, path.key(template.key)) }
                }
            case "tasks":
                guard case .list(let tasks) = entry.value.content else { continue }
                for (index, node) in tasks.enumerated() {
                    if let inner = node.entries { task(inner, path.index(index)) }
                }
            case _ where KnownAttributes.dagCallbacks[entry.key] != nil:
                report("Airflow's importer has no callbacks yet", nil, entry.keyMark, path)
            default: continue
            }
        }
    }

    private mutating func schedule(_ node: YAMLNode, _ path: DocumentPath, _ document: [YAMLEntry]) {
        if case .string(let text) = node.content, text.lowercased() == "@continuous", document["max_active_runs"] == nil
        {
            report(
                "Airflow wants max_active_runs: 1 beside a continuous schedule", "add it", node.mark, path)
        }
        guard let entries = node.entries, let uses = entries["uses"], let name = uses.value.string else { return }
        let place = uses.value.mark
        let inner = path.key("uses")
        guard let kind = TimetableClass(name: name) else { return }
        let with = entries["with"]?.value.entries ?? []
        if kind == .assets {
            report("Airflow's importer has no asset schedules", nil, place, inner)
        } else if !name.contains(".") {
            report("Airflow needs a timetable's class path", "write \(kind.path)", place, inner)
        }
        if kind == .multipleCronTrigger, let crons = with["crons"] {
            report(
                "Airflow's MultipleCronTriggerTimetable takes its crons by position, which a document cannot give", nil,
                crons.keyMark, path.key("with").key("crons"))
        }
        if [.cronTrigger, .multipleCronTrigger, .cronDataInterval].contains(kind), with["timezone"] == nil {
            report(
                "Airflow's \(kind.className) needs 'timezone'", "add timezone: UTC to its arguments", place, inner)
        }
    }

    private mutating func task(_ entries: [YAMLEntry], _ path: DocumentPath) {
        for entry in entries {
            let inner = path.key(entry.key)
            switch entry.key {
            case "uses":
                guard let name = entry.value.string else { continue }
                if name.hasPrefix("cryptoflow.") {
                    report("Airflow does not have the operator '\(name.shortened)'", nil, entry.value.mark, inner)
                } else if !name.contains(".") {
                    let path = catalog.resolve(name)?.aliases.first { $0.hasPrefix("airflow.") }
                    report(
                        "Airflow does not know the short name '\(name.shortened)'",
                        path.map { "write \($0)" } ?? "Airflow does not have this operator", entry.value.mark, inner)
                }
            case "inlets", "outlets": report("Airflow's importer has no '\(entry.key)' yet", nil, entry.keyMark, inner)
            case "expand": report("Airflow's importer has no 'expand'", nil, entry.keyMark, inner)
            case "retry_on", "no_retry_on": report("Airflow has no '\(entry.key)'", nil, entry.keyMark, inner)
            case "setup", "teardown", "on_failure_fail_dagrun":
                report("Airflow's importer has no '\(entry.key)'", nil, entry.keyMark, inner)
            case "group": report("Airflow's importer has no 'group'", nil, entry.keyMark, inner)
            case _ where KnownAttributes.taskCallbacks[entry.key] != nil:
                report("Airflow's importer has no callbacks yet", nil, entry.keyMark, inner)
            default: continue
            }
        }
    }
}
