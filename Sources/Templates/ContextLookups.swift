package import DAGModel

/// What `ti.xcom_pull` asks for: one output of one task of the run.
package struct OutputRequest: Hashable, Sendable {
    package let task: TaskID
    package let key: String
    /// Nil for the output of the task as a whole: of a mapped task, the list of all instances' outputs.
    package let mapIndex: Int?

    package init(task: TaskID, key: String = "return_value", mapIndex: Int? = nil) {
        self.task = task
        self.key = key
        self.mapIndex = mapIndex
    }
}

/// A connection as `conn.ID` shows it.
package struct ConnectionFacts: Hashable, Sendable {
    package var type: String
    package var host: String?
    package var port: Int?
    package var login: String?
    package var password: String?
    package var schema: String?
    package var extra: [String: JSONValue]
    package var url: String

    package init(
        type: String, host: String? = nil, port: Int? = nil, login: String? = nil, password: String? = nil,
        schema: String? = nil, extra: [String: JSONValue] = [:], url: String
    ) {
        self.type = type
        self.host = host
        self.port = port
        self.login = login
        self.password = password
        self.schema = schema
        self.extra = extra
        self.url = url
    }
}

/// `ti.xcom_pull(task_ids, key, map_indexes, default)`.
enum XComPull {
    static func call(_ arguments: CallArguments, _ context: TemplateContext) throws(Failure) -> Value {
        let names = [
            "task_ids", "dag_id", "key", "include_prior_dates", "session", "map_indexes", "default", "run_id",
        ]
        let values = try arguments.values(names, of: "xcom_pull")
        if let dag = values[1], !dag.isNull, dag.plainString != context.dag.id.rawValue {
            throw Failure("'xcom_pull' reads outputs of this DAG only")
        }
        if let run = values[7], !run.isNull, run.plainString != context.run.id {
            throw Failure("'xcom_pull' reads outputs of this run only")
        }
        if let prior = values[3], try prior.isTrue {
            throw Failure("'xcom_pull' with include_prior_dates is not available in this version")
        }
        let key = try values[2].map { (value) throws(Failure) in
            try CallArguments.string(value, "key", of: "xcom_pull")
        }
        let fallback = values[6] ?? .null
        func one(_ task: Value) throws(Failure) -> Value {
            let id = try CallArguments.string(task, "task_ids", of: "xcom_pull")
            func read(_ index: Int?) throws(Failure) -> Value {
                let request = OutputRequest(task: TaskID(id), key: key ?? "return_value", mapIndex: index)
                guard let output = context.output(request) else { return fallback }
                return try Value(output)
            }
            guard let indexes = values[5], !indexes.isNull else { return try read(nil) }
            if let index = indexes.integer { return try read(Int(clamping: index)) }
            var result: [Value] = []
            for index in try Filters.iterated(indexes, "xcom_pull") {
                result.append(
                    try read(Int(clamping: try CallArguments.integer(index, "map_indexes", of: "xcom_pull"))))
            }
            return .list(result)
        }
        guard let tasks = values[0], !tasks.isNull else { return try one(.string(context.task.id.rawValue)) }
        guard let several = tasks.elements else { return try one(tasks) }
        try Meter.charge(several.count)
        var result: [Value] = []
        for task in several { result.append(try one(task)) }
        return .list(result)
    }
}

/// `conn.ID.host` and its neighbours.
enum ConnectionNames {
    static let names = [
        "conn_id", "conn_type", "host", "port", "login", "password", "schema", "extra", "extra_dejson", "get_uri",
    ]

    static func attribute(_ name: String, of id: String, _ context: TemplateContext) throws(Failure) -> Value {
        guard let connection = context.connection(id) else {
            return .undefined(
                message: "there is no connection '\(id)'", hint: "set CRYPTOFLOW_CONN_\(id.uppercased())")
        }
        func text(_ value: String?) -> Value { value.map { .string($0) } ?? .null }
        switch name {
        case "conn_id": return .string(id)
        case "conn_type": return .string(connection.type)
        case "host": return text(connection.host)
        case "port": return connection.port.map { .int(Int64($0)) } ?? .null
        case "login": return text(connection.login)
        case "password": return text(connection.password)
        case "schema": return text(connection.schema)
        case "extra":
            return .string(try JSONText.text(try Value(.object(connection.extra)), sortsKeys: false))
        case "extra_dejson": return try Value(.object(connection.extra))
        case "get_uri": return .method(Value.Method(.object(.connection(id)), name))
        default: return TemplateContext.missing(name, of: "conn.\(id)", among: names)
        }
    }

    static func call(_ method: Value.Method, _ arguments: CallArguments, _ context: TemplateContext) throws(Failure)
        -> Value
    {
        if case .object(.connection(let id)) = method.receiver {
            _ = try arguments.values([], of: method.name)
            return context.connection(id).map { .string($0.url) } ?? .null
        }
        let values = try arguments.values(["conn_id", "default_conn"], of: method.name)
        let id = try CallArguments.string(values[0], "conn_id", of: method.name)
        if context.connection(id) != nil { return .object(.connection(id)) }
        return values[1] ?? .undefined(message: "there is no connection '\(id)'", hint: nil)
    }
}

extension Value {
    var isNull: Bool { if case .null = self { true } else { false } }
}
