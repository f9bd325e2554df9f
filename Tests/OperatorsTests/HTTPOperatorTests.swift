import DAGModel
import Execution
import LoopbackHTTP
import Operators
import Synchronization
import Testing

@Suite("HTTP operator", .timeLimit(.minutes(1)))
struct HTTPOperatorTests {
    /// Answers with what it was asked: method, target, body, and some headers.
    private func echo() throws -> LoopbackServer {
        try LoopbackServer { request in
            let body = String(decoding: request.body, as: UTF8.self)
            let type = request.header("content-type") ?? "-"
            let authorization = request.header("authorization") ?? "-"
            return [.reply(text: "\(request.method) \(request.target) \(body) \(type) \(authorization)")]
        }
    }

    @Test("the request is made of endpoint, method, data and headers")
    func requests() async throws {
        let server = try echo()
        defer { server.stop() }
        let workshop = try Workshop(connections: [
            "AIRFLOW_CONN_API": server.url.replacing("http://", with: "http://me:p%40ss@") + "/base"
        ])
        func output(_ arguments: [String: JSONValue]) async -> String? {
            await workshop.run("http", arguments).output?.stringValue
        }
        let url = JSONValue.string(server.url + "/x")
        #expect(await output(["url": url, "method": "GET"]) == "GET /x  - -")
        #expect(
            await output(["url": url, "method": "GET", "data": ["a b": "ü", "n": [1, 2]]])
                == "GET /x?a%20b=%C3%BC&n=1&n=2  - -")
        #expect(await output(["endpoint": url, "data": ["a": 1]]) == "POST /x {\"a\": 1} application/json -")
        #expect(
            await output(["url": url, "data": "raw", "headers": ["Content-Type": "text/plain"]])
                == "POST /x raw text/plain -")
        #expect(
            await output([
                "url": url, "data": ["a": "x y"], "headers": ["content-type": "application/x-www-form-urlencoded"],
            ])
                == "POST /x a=x%20y application/x-www-form-urlencoded -")
        #expect(
            await output(["http_conn_id": "api", "endpoint": "/y", "method": "DELETE"])
                == "DELETE /base/y  - Basic bWU6cEBzcw==")
    }

    @Test(
        "the answer must be what the check says",
        arguments: [
            (200, "{\"a\": [{\"b\": 1}]}", ["json": ["a.0.b": 1]], nil),
            (200, "{\"a\": 2}", ["json": ["a": 1]], "a is 2, expected 1"),
            (200, "text", ["json": ["a": 1]], "the answer is not JSON: text"),
            (200, "fine", ["contains": "fin"], nil),
            (200, "fine", ["contains": "bad"], "the answer does not contain \"bad\": fine"),
            (404, "gone", [:], "the answer is 404: gone"),
            (404, "gone", ["status": [200, 404]], nil),
            (201, "", ["status": 200], "the answer is 201, expected 200: (empty body)"),
        ] as [(Int, String, JSONValue, String?)])
    func checks(status: Int, body: String, check: JSONValue, problem: String?) async throws {
        let server = try LoopbackServer { _ in [.reply(status, text: body)] }
        defer { server.stop() }
        let end = try await Workshop().run(
            "http", ["url": .string(server.url), "method": "GET", "response_check": check])
        #expect(end.state == (problem == nil ? .success : .failed))
        if let problem { #expect(end.reason?.hasSuffix(problem) == true && end.isRetryable, "\(end)") }
    }

    @Test("JSON is parsed on request, and the size is limited")
    func bodies() async throws {
        let server = try LoopbackServer { _ in [.reply(text: "[1, {\"a\": null}]")] }
        defer { server.stop() }
        let workshop = try Workshop()
        let url = JSONValue.string(server.url)
        let parsed = await workshop.run("http", ["url": url, "parse_json": true, "log_response": true])
        #expect(parsed.output == [1, ["a": nil]])
        #expect(workshop.log.contains("INFO [1, {\"a\": null}]"))
        let large = await workshop.run("http", ["url": url, "max_response_bytes": 5])
        #expect(large.state == .failed)
        #expect(await workshop.run("http", ["url": url, "do_xcom_push": false]).output == nil)
    }

    @Test("a silent server ends in a timeout, and cancelling ends the request")
    func silence() async throws {
        let server = try LoopbackServer { _ in [.hang] }
        defer { server.stop() }
        let url = JSONValue.string(server.url)
        let late = try await Workshop().run("http", ["url": url, "timeout": "200ms"])
        #expect(late.state == .failed && late.isRetryable)
        let cut = try await Workshop().run("http", ["url": url], timeout: .milliseconds(200))
        #expect(cut.reason == "timed out after 200ms")
    }

    @Test(
        "wrong arguments say what would be right",
        arguments: [
            ([:], "there is no connection \"http_default\""),
            (["url": "http://x", "method": "FETCH"], "method must be GET, POST"),
            (["url": "http://x", "response_check": ["fine": 1]], "response_check.fine is unknown"),
            (["url": "http://x", "extra_options": ["verify": false]], "extra_options.verify is not supported"),
            (["url": "http://x", "timeout": "soon"], "the argument \"timeout\": \"soon\" is not a duration"),
        ] as [([String: JSONValue], String)])
    func wrong(arguments: [String: JSONValue], message: String) async throws {
        let end = try await Workshop().run("http", arguments)
        #expect(end.state == .failed && !end.isRetryable && end.reason?.hasPrefix(message) == true, "\(end)")
    }
}
