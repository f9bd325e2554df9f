package import DAGModel
package import Execution
package import HTTPClient

/// Airflow's SqlSensor: waits until the first value of a query is true.
package struct SQLSensor: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "sql_sensor",
        aliases: [
            "SqlSensor", "airflow.providers.common.sql.sensors.sql.SqlSensor", "airflow.sensors.sql.SqlSensor",
        ],
        summary: "Waits until a query's first value is neither empty, 0 nor false.",
        parameters: [
            .init("sql", .string, required: true, rule: .notBlank, "the query"),
            .init("conn_id", .string, required: true, "the connection, such as warehouse"),
            .init("parameters", .any, "a mapping for %(name)s or a list for %s"),
            .init("fail_on_empty", .boolean, "whether the task fails when the query gives no row"),
            .init("hook_params", .object, "must be empty"),
        ] + Sensing.parameters)

    private let query: SQLOperator
    private let failsOnEmpty: Bool
    private let sensing: Sensing

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue], connections: Connections) throws {
        let arguments = try Arguments(values, Self.signature)
        sensing = try Sensing(arguments)
        failsOnEmpty = try arguments.bool("fail_on_empty", default: false)
        query = try SQLOperator(
            arguments: values.filter { ["sql", "conn_id", "parameters", "hook_params"].contains($0.key) },
            connections: connections)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        let value = FirstValue.of(try await query.execute(context).output)
        if value == nil, failsOnEmpty { throw TaskFailure("the query gives no row, and fail_on_empty is set") }
        guard let value, Self.holds(value) else { throw sensing.notYet("the query does not hold yet", context) }
        return TaskResult(output: value)
    }

    /// As in Airflow, 0 and an empty text are no answer; other texts are.
    ///
    /// A `numeric` arrives as a text: `0.00`.
    private static func holds(_ value: JSONValue) -> Bool {
        guard case .string(let text) = value else { return Truth.of(value) }
        return !text.isEmpty && Double(text) != 0
    }
}

/// Airflow's HttpSensor: waits until an answer is as it should be.
package struct HTTPSensor: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "http_sensor",
        aliases: ["HttpSensor", "airflow.providers.http.sensors.http.HttpSensor"],
        summary: "Waits until an HTTP answer is as it should be.",
        parameters: [
            .init("endpoint", .string, "the path behind the connection's address, or a whole URL"),
            .init("url", .string, "a whole URL; then no connection is needed"),
            .init("http_conn_id", .string, "the connection with the address; http_default by default"),
            .init("method", .string, rule: .httpMethod, "GET by default"),
            .init("request_params", .object, "the query of a GET, else the body"),
            .init("headers", .object, "header fields"),
            .init(
                "response_check", .object,
                "what the answer must be: {status: [200, 404], contains: text, json: {a.b: value}}"),
            .init("request_timeout", .duration, "the longest time for one request; 60s by default"),
        ] + Sensing.parameters, alternatives: [HTTPTarget.places])

    private let request: HTTPOperator
    private let sensing: Sensing

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue], connections: Connections, client: HTTPClient) throws {
        let arguments = try Arguments(values, Self.signature)
        sensing = try Sensing(arguments)
        var passed = values.filter {
            ["endpoint", "url", "http_conn_id", "headers", "response_check"].contains($0.key)
        }
        passed["method"] = .string(try arguments.string("method") ?? "GET")
        passed["data"] = arguments["request_params"]
        passed["timeout"] = arguments["request_timeout"]
        request = try HTTPOperator(arguments: passed, connections: connections, client: client)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        do {
            return try await request.execute(context)
        } catch let failure as TaskFailure where failure.isRetryable {
            throw sensing.notYet(failure.reason, context)
        }
    }
}
