import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import HTTPClient
import LoopbackHTTP
import Operators
import Testing
import Timetables

/// Delivers notices with the ready-made notifiers.
private struct Post {
    private let sender: LocalNotificationSender

    init(_ connections: [String: String] = [:]) {
        var registry = NotifierRegistry()
        let known = Connections(environment: connections)
        registerNotifiers(into: &registry, connections: known, http: HTTPClient())
        sender = LocalNotificationSender(
            registry: registry, instance: "test", outputs: NoReadings(), variables: NoReadings(), connections: known)
    }

    func send(
        _ notifier: String, _ arguments: [String: Argument], event: CallbackEvent = .failure, task: String? = "load"
    ) async throws {
        let place = SourcePlace(file: "a.yaml", line: 1, column: 1)
        var spec = TaskSpec(id: TaskID("load"), place: place, body: .uses("bash"))
        spec.retries = 2
        let dag = DAG(id: DAGID("prices"), place: place, timetable: .null, bounds: .none, tasks: [spec])
        let at = Timestamp(seconds: 1_767_225_600)
        try await sender.send(
            NotificationRequest(
                key: 7, callback: Callback(event: event, notifier: notifier, arguments: arguments), dag: dag,
                run: RunFacts(
                    key: RunKey(rawValue: 3), runID: "r1", type: .manual, logicalDate: at, interval: nil, runAfter: at,
                    startDate: at, conf: ["who": "me"], events: nil),
                runState: .running, task: task.map { TaskInstanceKey(run: RunKey(rawValue: 3), task: TaskID($0)) },
                tryNumber: task == nil ? 0 : 2, maxTries: 2, reason: "exit status 3", deadline: nil, createdAt: at))
    }
}

@Suite("Notifiers", .timeLimit(.minutes(1))) struct NotifierTests {
    @Test("Slack gets a message through the webhook of a connection, rendered with the failed task's facts")
    func slack() async throws {
        let server = try LoopbackServer { _ in [.reply(text: "ok")] }
        defer { server.stop() }
        let post = Post(["CRYPTOFLOW_CONN_SLACK_DEFAULT": server.url + "/services/T0/B0/secret"])
        try await post.send(
            "slack",
            [
                "text": .template(
                    "{{ dag.dag_id }}/{{ run_id }}/{{ ti.task_id }}: try {{ ti.try_number }} {{ ti.state }}, {{ reason }}; "
                        + "{{ dag_run.conf.who }} {{ event }} {{ log_hint }}"),
                "blocks": .value([["type": "divider"]]), "unfurl_links": .value(false),
            ])
        var requests = server.requests.makeAsyncIterator()
        let request = try #require(await requests.next())
        #expect(request.method == "POST")
        #expect(request.target == "/services/T0/B0/secret")
        #expect(request.header("X-Notification") == "test/7")
        let body = try JSONValue(parsing: String(decoding: request.body, as: UTF8.self))
        #expect(
            body["text"]
                == "prices/r1/load: try 2 failed, exit status 3; me failure cryptoflow task logs prices 'r1' load --try 2"
        )
        #expect(body["blocks"] == [["type": "divider"]])
        #expect(body["unfurl_links"] == false)
        // Without a text, what happened.
        try await post.send("slack", [:], task: nil)
        let second = try #require(await requests.next())
        #expect(String(decoding: second.body, as: UTF8.self).contains("DAG prices failed"))
    }

    @Test("Airflow's form of a Slack connection has the token as its password, and no error shows it")
    func slackToken() async throws {
        let server = try LoopbackServer { _ in [.reply(403, text: "invalid_token")] }
        defer { server.stop() }
        let token = server.url + "/services/T0/B0/secret"
        let post = Post([
            "AIRFLOW_CONN_TEAM": #"{"conn_type": "slackwebhook", "password": "\#(token)"}"#
        ])
        let failure = await #expect(throws: TaskFailure.self) {
            try await post.send("slack", ["slack_webhook_conn_id": .value("team")])
        }
        #expect(failure?.reason == "the Slack webhook of connection \"team\" answered 403: invalid_token")
        #expect(failure?.isRetryable == false)
        let missing = await #expect(throws: TaskFailure.self) { try await Post().send("slack", [:]) }
        #expect(missing?.reason.contains("slack_default") == true)
    }

    @Test("a webhook gets what happened as JSON, or data of one's own")
    func webhook() async throws {
        let server = try LoopbackServer { request in
            [.reply(request.target == "/busy" ? 503 : 204, text: request.target == "/busy" ? "busy" : "")]
        }
        defer { server.stop() }
        let post = Post(["CRYPTOFLOW_CONN_HOOK": server.url.replacing("http://", with: "http://me:pw@")])
        var requests = server.requests.makeAsyncIterator()
        try await post.send("webhook", ["url": .value(.string(server.url + "/x"))], event: .retry)
        var request = try #require(await requests.next())
        let body = try JSONValue(parsing: String(decoding: request.body, as: UTF8.self))
        #expect(body["event"] == "retry")
        #expect(body["title"] == "Task load of prices will be tried again")
        #expect(body["task_id"] == "load")
        #expect(body["reason"] == "exit status 3")
        #expect(request.header("Content-Type") == "application/json")
        try await post.send(
            "webhook",
            [
                "http_conn_id": .value("hook"), "endpoint": .value("/y"), "method": .value("PUT"),
                "data": .map(["why": .template("{{ exception }}")]), "headers": .value(["X-Team": "data"]),
            ])
        request = try #require(await requests.next())
        #expect(request.method == "PUT")
        #expect(request.header("Authorization") == "Basic bWU6cHc=")
        #expect(request.header("X-Team") == "data")
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"why": "exit status 3"}"#)
        let failure = await #expect(throws: TaskFailure.self) {
            try await post.send("webhook", ["url": .value(.string(server.url + "/busy"))])
        }
        #expect(failure?.isRetryable == true)
        #expect(failure?.reason.contains("answered 503: busy") == true)
        #expect(failure?.reason.contains("/busy") == false)
    }

    @Test("a template's mistake is final and named")
    func badTemplate() async throws {
        let failure = await #expect(throws: TaskFailure.self) {
            try await Post().send("webhook", ["url": .template("{{ params.missing }}")])
        }
        #expect(failure?.isRetryable == false)
        #expect(failure?.reason.hasPrefix("argument url:") == true)
    }

    @Test("a mail reaches every receiver, in UTF-8, and no text adds a header")
    func mail() async throws {
        let server = try LoopbackMailServer()
        defer { server.stop() }
        let post = Post([
            "CRYPTOFLOW_CONN_SMTP_DEFAULT":
                "smtp://me:p%40ss@127.0.0.1:\(server.port)?disable_tls=true&from_email=flow@example.org"
        ])
        try await post.send(
            "email",
            [
                "to": .value("Ops Team <ops@example.org>, two@example.org"), "bcc": .value(["three@example.org"]),
                "subject": .template("{{ ti.task_id }} schlug fehl ✗\nBcc: evil@example.org"),
                "text_content": .template(".\nTry {{ ti.try_number }}: {{ reason }}"),
                "html_content": .value("<b>failed</b>"), "custom_headers": .value(["X-Team": "data"]),
            ])
        var mails = server.mails.makeAsyncIterator()
        let mail = try #require(await mails.next())
        #expect(mail.from.contains("<flow@example.org>"))
        #expect(
            mail.recipients.map { $0.prefix { $0 != ">" } + ">" }
                == ["<ops@example.org>", "<two@example.org>", "<three@example.org>"])
        #expect(mail.authorization.flatMap { Data(base64Encoded: $0) } == Data("\0me\0p@ss".utf8))
        let head = mail.text.prefix(upTo: mail.text.firstRange(of: "\n\n")?.lowerBound ?? mail.text.endIndex)
        #expect(head.contains("To: Ops Team <ops@example.org>,\n two@example.org"))
        #expect(!head.contains("three@example.org"))
        #expect(!head.contains("\nBcc:"))
        #expect(head.contains("Message-ID: <test.7@example.org>"))
        #expect(head.contains("Date: "))
        #expect(head.contains("X-Team: data"))
        let lines = mail.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.utf8.count <= 998 })
        let plain = try #require(lines.firstIndex { $0.hasPrefix("Content-Type: text/plain") })
        let text = Data(base64Encoded: String(lines[plain + 3])).map { String(decoding: $0, as: UTF8.self) }
        #expect(text == ".\nTry 2: exit status 3")
        #expect(mail.text.contains("Content-Type: text/html; charset=utf-8"))
    }

    @Test("a mail that the server does not take says what the server said; only a passing refusal is worth another try")
    func refusedMail() async throws {
        for (answer, isRetryable) in [("550 nobody here", false), ("451 later", true)] {
            let server = try LoopbackMailServer(refusals: ["RCPT": answer])
            defer { server.stop() }
            let post = Post(["CRYPTOFLOW_CONN_SMTP_DEFAULT": "smtp://127.0.0.1:\(server.port)?disable_tls=true"])
            let failure = await #expect(throws: TaskFailure.self) {
                try await post.send(
                    "email", ["to": .value("ops@example.org"), "from_email": .value("flow@example.org")])
            }
            #expect(failure?.isRetryable == isRetryable, "\(failure?.reason ?? "")")
            #expect(failure?.reason.contains(answer.prefix(3)) == true, "\(failure?.reason ?? "")")
        }
    }

    @Test("a mail does not go out in the clear unless the connection allows it, nor to what is no address")
    func unsafeMail() async throws {
        let server = try LoopbackMailServer()
        defer { server.stop() }
        let post = Post(["CRYPTOFLOW_CONN_SMTP_DEFAULT": "smtp://127.0.0.1:\(server.port)"])
        let arguments: [String: Argument] = ["to": .value("ops@example.org"), "from_email": .value("f@example.org")]
        let plain = await #expect(throws: TaskFailure.self) { try await post.send("email", arguments) }
        #expect(plain?.reason.contains("disable_tls=true") == true, "\(plain?.reason ?? "")")
        for address in ["nobody", "a@b>\r\nRCPT TO:<c@d", "a b@c"] {
            let failure = await #expect(throws: TaskFailure.self) {
                try await post.send(
                    "email", arguments.merging(["to": .value(.string(address))]) { $1 })
            }
            #expect(failure?.isRetryable == false)
            #expect(failure?.reason.contains("is not a mail address") == true)
        }
    }
}
