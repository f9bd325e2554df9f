import CivilTime
package import DAGModel
package import Execution
package import HTTPClient

/// Airflow's HttpOperator: one request; the body of the answer is the output.
///
/// Where Airflow takes Python functions (`response_check`, `response_filter`), this takes a mapping that says what the
/// answer must be, and `parse_json`.
package struct HTTPOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "http",
        aliases: [
            "HttpOperator", "airflow.providers.http.operators.http.HttpOperator", "SimpleHttpOperator",
            "airflow.providers.http.operators.http.SimpleHttpOperator",
        ],
        summary: "Sends an HTTP request; the answer's body is the output.",
        parameters: [
            .init("endpoint", .string, "the path behind the connection's address, or a whole URL"),
            .init("url", .string, "a whole URL; then no connection is needed"),
            .init("http_conn_id", .string, "the connection with the address; http_default by default"),
            .init(
                "method", .string, rule: .httpMethod,
                "GET, POST (the default, as in Airflow), PUT, PATCH, DELETE or HEAD"),
            .init(
                "data", .any,
                "a string is the body; a mapping is the query of a GET, HEAD or DELETE and else the body as JSON, or as a "
                    + "form when the Content-Type says so; a list is JSON"),
            .init("headers", .object, "header fields"),
            .init(
                "response_check", .object,
                "what the answer must be: {status: [200, 404], contains: text, json: {a.b: value}}; without status, "
                    + "anything below 400"),
            .init("timeout", .duration, "the longest time for the whole exchange; 60s by default"),
            .init("connect_timeout", .duration, "the longest time for connecting; 10s by default"),
            .init("max_response_bytes", .integer, "the largest body accepted; 10 MB by default"),
            .init("parse_json", .boolean, "whether the output is the JSON value of the body; false: its text"),
            .init("log_response", .boolean, "whether the body is written to the log; false by default"),
            .init("extra_options", .object, "Airflow's: timeout (seconds) and allow_redirects are understood"),
            .pushesOutput,
        ], alternatives: [HTTPTarget.places])

    private let request: HTTPRequest
    private let check: ResponseCheck
    private let parsesJSON: Bool
    private let logsResponse: Bool
    private let keepsOutput: Bool
    private let client: HTTPClient

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue], connections: Connections, client: HTTPClient) throws {
        let arguments = try Arguments(values, Self.signature)
        self.client = client
        let options = try arguments.object("extra_options") ?? [:]
        for name in options.keys.sorted()
        where name != "timeout" && name != "allow_redirects" && name != "check_response" {
            throw Arguments.failure("extra_options.\(name) is not supported: only timeout and allow_redirects are")
        }
        var timeout = try arguments.duration("timeout")
        if timeout == nil, let given = options["timeout"] {
            guard let seconds = Arguments.int(given), seconds > 0, seconds < 1_000_000 else {
                throw arguments.mismatch("extra_options.timeout", "a number of seconds", given)
            }
            timeout = .seconds(seconds)
        }
        let method = (try arguments.string("method") ?? "POST").uppercased()
        guard ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].contains(method) else {
            throw Arguments.failure("method must be GET, POST, PUT, PATCH, DELETE or HEAD, found \"\(method)\"")
        }
        let target = try HTTPTarget(arguments, connections)
        var headers = try arguments.texts("headers") ?? [:]
        func has(_ name: String) -> Bool { headers.keys.contains { $0.lowercased() == name } }
        if let authorization = target.authorization, !has("authorization") { headers["Authorization"] = authorization }
        let content = try HTTPContent(
            arguments["data"], method: method,
            contentType: headers.first { $0.key.lowercased() == "content-type" }?.value)
        if let type = content.type, !has("content-type") { headers["Content-Type"] = type }
        request = HTTPRequest(
            HTTPRequest.Method(rawValue: method), url: content.query(added: target.url),
            headers: HTTPHeaders(headers.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) }),
            body: content.body, connectTimeout: try arguments.duration("connect_timeout") ?? .seconds(10),
            timeout: timeout ?? .seconds(60),
            maximumResponseBytes: Int(
                try arguments.int("max_response_bytes", in: 1...1_000_000_000) ?? Self.defaultMaximumBytes),
            maximumRedirects: options["allow_redirects"] == .bool(false) ? 0 : 10)
        check = try ResponseCheck(arguments.object("response_check") ?? [:])
        parsesJSON = try arguments.bool("parse_json", default: false)
        logsResponse = try arguments.bool("log_response", default: false)
        keepsOutput = try arguments.bool("do_xcom_push", default: true)
    }

    private static let defaultMaximumBytes: Int64 = 10_000_000

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        let shown = MaskedURL.mask(request.url)
        context.log.info("\(request.method.rawValue) \(shown)")
        let response: HTTPResponse
        do {
            response = try await client.send(request)
        } catch {
            if error.kind == .cancelled { throw CancellationError() }
            let isFinal = error.kind == .badURL || error.kind == .invalidRequest
            throw TaskFailure("\(error)", isRetryable: !isFinal)
        }
        context.log.info("answer \(response.status), \(response.body.count) bytes in \(response.timing.total)")
        if logsResponse { context.log.info(response.text) }
        if let problem = check.problem(response) {
            throw TaskFailure("\(request.method.rawValue) \(shown): \(problem)")
        }
        guard keepsOutput else { return TaskResult() }
        guard parsesJSON else { return TaskResult(output: .string(response.text.filter { $0 != "\0" })) }
        do {
            return TaskResult(output: try JSONValue(parsing: response.text))
        } catch {
            var reason = ""
            if case DecodingError.dataCorrupted(let context) = error { reason = " (\(context.debugDescription))" }
            throw TaskFailure(
                "\(request.method.rawValue) \(shown): the answer is not JSON\(reason): \(ResponseCheck.excerpt(response))"
            )
        }
    }
}
