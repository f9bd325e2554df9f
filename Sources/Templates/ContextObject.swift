import CivilTime
import DAGModel

/// The context's objects, whose attributes are looked up when a template asks for them.
enum ContextObject: Sendable, Equatable {
    case dag, task, run, taskInstance, variables, variableTexts, variableJSON, macros, datetimeClass, jsonModule
    case connections
    case connection(String)

    var name: String {
        switch self {
        case .dag: "dag"
        case .task: "task"
        case .run: "dag_run"
        case .taskInstance: "ti"
        case .variables: "var"
        case .variableTexts: "var.value"
        case .variableJSON: "var.json"
        case .macros: "macros"
        case .datetimeClass: "macros.datetime"
        case .jsonModule: "macros.json"
        case .connections: "conn"
        case .connection(let id): "conn.\(id)"
        }
    }

    /// Whether its lists and mappings are the same each time they are asked for; others are read anew.
    var keepsItsLists: Bool {
        switch self {
        case .dag, .task, .run, .taskInstance: true
        default: false
        }
    }

    /// A use of the object that works, for the error that says it cannot be written itself.
    var example: String {
        switch self {
        case .dag: "such as dag.dag_id"
        case .task: "such as task.task_id"
        case .run: "such as dag_run.run_id"
        case .taskInstance: "such as ti.try_number"
        case .variables, .variableTexts: "such as var.value.NAME"
        case .variableJSON: "such as var.json.NAME.key"
        case .macros: "such as macros.ds_add(ds, 5)"
        case .datetimeClass: "such as macros.datetime(2026, 1, 1)"
        case .jsonModule: "such as macros.json.dumps(params.list)"
        case .connections: "such as conn.warehouse.host"
        case .connection(let id): "such as conn.\(id).host"
        }
    }
}

extension TemplateContext {
    /// The value of a root name.
    func value(of name: String) throws(Failure) -> Value {
        switch name {
        case "dag": return .object(.dag)
        case "task": return .object(.task)
        case "dag_run": return .object(.run)
        case "ti", "task_instance": return .object(.taskInstance)
        case "var": return .object(.variables)
        case "macros": return .object(.macros)
        case "conn": return .object(.connections)
        case "range", "dict", "namespace": return .function(name)
        case "inlets": return .list([])
        case "outlets":
            return try Value(JSONValue.array(task.outlets.map { .object(["name": .string($0), "uri": .string($0)]) }))
        case "run_id": return .string(run.id)
        case "try_number": return .int(Int64(task.tryNumber))
        case "test_mode": return .bool(false)
        case "expanded_ti_count": return .null
        case "logical_date": return dated(run.logicalDate, name)
        case "data_interval_start": return dated(run.dataInterval?.start, name)
        case "data_interval_end": return dated(run.dataInterval?.end, name)
        case "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz":
            guard let date = run.logicalDate else { return missingDate(name) }
            return .string(Self.text(of: DateValue(date), as: name))
        case "task_instance_key_str":
            guard let date = run.logicalDate else { return missingDate(name) }
            return .string("\(dag.id)__\(task.id)__" + Self.text(of: DateValue(date), as: "ds_nodash"))
        case "prev_data_interval_start_success": return optional(run.previousSuccess?.dataInterval?.start)
        case "prev_data_interval_end_success": return optional(run.previousSuccess?.dataInterval?.end)
        case "prev_start_date_success": return optional(run.previousSuccess?.startDate)
        case "prev_end_date_success": return optional(run.previousSuccess?.endDate)
        case "events_start", "events_end":
            guard let events = run.events else {
                return .undefined(
                    message: "'\(name)' has no value: this run was not started by assets",
                    hint: "use data_interval_start and data_interval_end")
            }
            return .date(DateValue(name == "events_start" ? events.start : events.end))
        case _ where ContextNames.ofCallbacks.contains(name):
            return try callback.map { (callback) throws(Failure) in try Self.value(of: name, in: callback) }
                ?? .undefined(
                    message: "'\(name)' has a value in the arguments of callbacks only", hint: nil)
        default:
            let failure = ContextNames.unknown(name)
            return .undefined(message: failure.message, hint: failure.hint)
        }
    }

    private static func value(of name: String, in callback: CallbackFacts) throws(Failure) -> Value {
        func text(_ value: String?) -> Value { value.map { .string($0) } ?? .null }
        switch name {
        case "event": return .string(callback.event)
        case "log_hint": return text(callback.logHint)
        case "deadline":
            guard let deadline = callback.deadline else { return .null }
            return try Value(.object(["deadline_time": .string(deadline.iso8601)]))
        default: return text(callback.reason)
        }
    }

    /// One of Airflow's date texts: `ds`, `ts` and their forms without dashes.
    static func text(of date: DateValue, as form: String) -> String {
        let civil = date.civil
        switch form {
        case "ds": return DateFormat.text(civil, "%Y-%m-%d")
        case "ds_nodash": return DateFormat.text(civil, "%Y%m%d")
        case "ts_nodash": return DateFormat.text(civil, "%Y%m%dT%H%M%S")
        case "ts_nodash_with_tz":
            return date.isoFormat().filter { $0 != "-" && $0 != ":" }
        default: return date.isoFormat()
        }
    }

    private func dated(_ instant: Timestamp?, _ name: String) -> Value {
        if let instant { .date(DateValue(instant)) } else { missingDate(name) }
    }

    private func optional(_ instant: Timestamp?) -> Value {
        if let instant { .date(DateValue(instant)) } else { .null }
    }

    private func missingDate(_ name: String) -> Value {
        if run.type == .assetTriggered {
            return .undefined(
                message: "'\(name)' has no value: this run was started by assets and so has no logical date",
                hint: "use events_start and events_end")
        }
        return .undefined(
            message: "'\(name)' has no value: this run has no logical date", hint: "trigger it with a logical date")
    }
}

extension TemplateContext {
    /// An attribute (or item) of one of the objects; undefined when it has none of that name.
    func attribute(_ name: String, of object: ContextObject) throws(Failure) -> Value {
        switch object {
        case .variables:
            switch name {
            case "value": return .object(.variableTexts)
            case "json": return .object(.variableJSON)
            default: return Self.missing(name, of: "var", among: ["value", "json"])
            }
        case .variableTexts:
            if name == "get" { return .method(Value.Method(.object(object), name)) }
            guard let text = variable(name) else { return Self.missingVariable(name) }
            return .string(text)
        case .variableJSON:
            if name == "get" { return .method(Value.Method(.object(object), name)) }
            guard let text = variable(name) else { return Self.missingVariable(name) }
            return try Self.json(text, of: "the variable '\(name)'")
        case .macros: return try Macros.attribute(name)
        case .datetimeClass: return try Macros.datetimeAttribute(name)
        case .jsonModule:
            guard name == "dumps" || name == "loads" else {
                return Self.missing(name, of: "macros.json", among: ["dumps", "loads"])
            }
            return .method(Value.Method(.object(object), name))
        case .connections:
            if name == "get" { return .method(Value.Method(.object(object), name)) }
            guard connection(name) != nil else {
                return .undefined(
                    message: "there is no connection '\(name)'", hint: "set CRYPTOFLOW_CONN_\(name.uppercased())")
            }
            return .object(.connection(name))
        case .connection(let id): return try ConnectionNames.attribute(name, of: id, self)
        case .dag, .task, .run, .taskInstance:
            if let value = try facts(name, of: object) { return value }
            if object == .taskInstance, name == "xcom_pull" { return .method(Value.Method(.object(object), name)) }
            if object == .taskInstance, name == "xcom_push" {
                throw Failure("'ti.xcom_push' is not available: a template only reads")
            }
            return Self.missing(name, of: object.name, among: Self.factNames(of: object))
        }
    }

    static func json(_ text: String, of what: String) throws(Failure) -> Value {
        try Meter.charge(text.utf8.count >> 5)
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: text)
        } catch {
            guard case DecodingError.dataCorrupted(let context) = error else {
                throw Failure("the text of \(what) is not JSON")
            }
            throw Failure("the text of \(what) is not JSON: \(context.debugDescription)")
        }
        return try Value(tree)
    }

    static func missing(_ name: String, of object: String, among names: [String]) -> Value {
        let nearest = NearestName.of(name, among: names).map { "did you mean '\($0)'?" }
        return .undefined(message: "'\(object)' has no attribute '\(name)'", hint: nearest)
    }

    static func missingVariable(_ name: String) -> Value {
        .undefined(message: "there is no variable '\(name)'", hint: nil)
    }

    private static func factNames(of object: ContextObject) -> [String] {
        switch object {
        case .dag:
            [
                "dag_id", "dag_display_name", "description", "doc_md", "tags", "owner", "timezone", "max_active_runs",
                "start_date", "end_date",
            ]
        case .task:
            [
                "task_id", "dag_id", "task_type", "operator_name", "owner", "queue", "pool", "retries", "doc_md",
                "upstream_task_ids", "outlets",
            ]
        case .run:
            [
                "run_id", "dag_id", "run_type", "conf", "logical_date", "data_interval_start", "data_interval_end",
                "run_after", "start_date",
            ]
        default:
            [
                "task_id", "dag_id", "run_id", "try_number", "max_tries", "map_index", "start_date", "queue", "pool",
                "operator", "logical_date", "task", "dag_run", "xcom_pull",
            ]
        }
    }

    private func facts(_ name: String, of object: ContextObject) throws(Failure) -> Value? {
        switch (object, name) {
        case (.dag, "dag_id"), (.task, "dag_id"), (.run, "dag_id"), (.taskInstance, "dag_id"):
            return .string(dag.id.rawValue)
        case (.dag, "dag_display_name"): return .string(dag.displayName ?? dag.id.rawValue)
        case (.dag, "description"): return dag.summary.map { .string($0) } ?? .null
        case (.dag, "doc_md"): return dag.docMD.map { .string($0) } ?? .null
        case (.dag, "tags"): return .list(dag.tags.map { .string($0) })
        case (.dag, "owner"): return dag.owner.map { .string($0) } ?? .null
        case (.dag, "timezone"): return .string(dag.zone)
        case (.dag, "max_active_runs"): return .int(Int64(dag.maxActiveRuns))
        case (.dag, "start_date"): return optional(dag.startDate)
        case (.dag, "end_date"): return optional(dag.endDate)
        case (.task, "task_id"), (.taskInstance, "task_id"): return .string(task.id.rawValue)
        case (.task, "task_type"), (.task, "operator_name"), (.taskInstance, "operator"):
            return .string(task.operatorName)
        case (.task, "owner"): return .string(task.owner ?? "airflow")
        case (.task, "queue"), (.taskInstance, "queue"): return .string(task.queue)
        case (.task, "pool"), (.taskInstance, "pool"): return .string(task.pool)
        case (.task, "retries"): return .int(Int64(task.retries))
        case (.task, "doc_md"): return task.docMD.map { .string($0) } ?? .null
        case (.task, "upstream_task_ids"): return .list(task.upstream.map { .string($0.rawValue) })
        case (.task, "outlets"): return try self.value(of: "outlets")
        case (.taskInstance, "run_id"), (.run, "run_id"): return .string(run.id)
        case (.taskInstance, "try_number"): return .int(Int64(task.tryNumber))
        case (.taskInstance, "max_tries"): return .int(Int64(task.maxTries))
        case (.taskInstance, "map_index"): return .int(Int64(task.mapIndex))
        case (.taskInstance, "start_date"): return optional(task.startDate)
        case (.taskInstance, "logical_date"), (.run, "logical_date"): return optional(run.logicalDate)
        case (.taskInstance, "task"): return .object(.task)
        case (.taskInstance, "dag_run"): return .object(.run)
        case (.run, "run_type"): return .string(run.type.rawValue)
        case (.run, "conf"): return try Value(.object(run.conf))
        case (.run, "data_interval_start"): return optional(run.dataInterval?.start)
        case (.run, "data_interval_end"): return optional(run.dataInterval?.end)
        case (.run, "run_after"): return optional(run.runAfter)
        case (.run, "start_date"): return optional(run.startDate)
        case (.taskInstance, "state"): return callback.map { .string($0.taskState ?? "none") }
        case (.taskInstance, "log_url"): return callback.map { .string($0.logHint ?? "") }
        case (.run, "state"): return callback.map { .string($0.runState ?? "none") }
        default: return nil
        }
    }
}
