import Glibc
import LoopbackHTTP
import Synchronization
import Testing

/// Callbacks, deadlines, setups and teardowns of the real program.
@Suite("Callbacks of the programs") struct CallbackTests {
    private static let document = """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: watched
        start_date: 2026-01-01
        is_paused_upon_creation: false
        deadline: {reference: dagrun_queued_at, interval: 0, callback: {uses: email, with: {to: late@example.org}}}
        on_failure_callback: {uses: email, with: {to: ops@example.org, subject: "{{ dag.dag_id }}: {{ reason }}"}}
        tasks:
          - {id: make, uses: shell, setup: true, with: {bash_command: echo made}}
          - id: work
            uses: shell
            needs: [make]
            with: {bash_command: exit 3}
            on_failure_callback: {uses: slack, with: {text: "{{ ti.task_id }} try {{ ti.try_number }}: {{ reason }}"}}
          - {id: take, uses: shell, needs: [work], teardown: make, with: {bash_command: echo taken}}

        """

    @Test("a run that takes longer than those before it on average is told of", .timeLimit(.minutes(2)))
    func averageRuntime() async throws {
        let slack = try LoopbackServer { _ in [.reply(text: "ok")] }
        defer { slack.stop() }
        try await Scratch.with { scratch in
            try scratch.write(
                """
                $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
                dag_id: timed
                is_paused_upon_creation: false
                params: {command: "true"}
                deadline:
                  reference: {AVERAGE_RUNTIME: {max_runs: 5, min_runs: 2}}
                  interval: 100ms
                  callback: {uses: slack, with: {text: "{{ dag_run.run_id }}: {{ reason }}"}}
                tasks:
                  - {id: work, uses: shell, with: {bash_command: {$t: "{{ params.command }}"}}}

                """, to: "dags/timed.yaml")
            let program = try scratch.standalone(
                "--feed", "recorded", "--no-fill", "--dags", "dags",
                environment: ["CRYPTOFLOW_CONN_SLACK_DEFAULT": slack.url + "/services/T/B/secret"])
            try await program.line(containing: "scheduler  leading")
            let database = try await scratch.database()
            for run in ["r1", "r2"] {
                // Nobody waits for so few: neither has a deadline.
                try await scratch.cryptoflow("dag", "trigger", "timed", "--run-id", run, "--wait", code: 0)
            }
            try await scratch.cryptoflow(
                "dag", "trigger", "timed", "--run-id", "r3", "--conf", #"{"command": "sleep 600"}"#, code: 0)
            var requests = slack.requests.makeAsyncIterator()
            let told = try #require(await requests.next())
            #expect(String(decoding: told.body, as: UTF8.self).contains("r3: the run has not ended by"))
            #expect(
                try await database.value(
                    """
                    SELECT r.average_runtimes->0->>'runs' = '2' AND (r.average_runtimes->0->>'microseconds')::bigint =
                        (SELECT sum(1000000 * extract(epoch FROM end_date - start_date))::bigint / 2 FROM dag_run
                         WHERE run_id IN ('r1', 'r2'))
                    FROM dag_run AS r WHERE run_id = 'r3'
                    """) == "true")
            let why = try await scratch.cryptoflow("why", "timed", "r3")
            #expect(why.output.contains("2 successful runs before it took"))
            let few = try await scratch.cryptoflow("run", "show", "timed", "r2")
            #expect(few.output.contains("none: 1 successful run before it, 2 needed"))
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)
        }
    }

    @Test(
        "tell by mail and Slack what failed, and again after kill -9 what was not delivered; teardowns run",
        .timeLimit(.minutes(2)))
    func delivered() async throws {
        // The first request hangs until the scheduler is dead.
        let isFirst = Mutex(true)
        let slack = try LoopbackServer { _ in
            let hangs = isFirst.withLock { first in
                defer { first = false }
                return first
            }
            return hangs ? [.hang] : [.reply(text: "ok")]
        }
        defer { slack.stop() }
        let mail = try LoopbackMailServer()
        defer { mail.stop() }
        try await Scratch.with { scratch in
            try scratch.write(Self.document, to: "dags/watched.yaml")
            let environment = [
                "CRYPTOFLOW_CONN_SLACK_DEFAULT": slack.url + "/services/T/B/secret",
                "CRYPTOFLOW_CONN_SMTP_DEFAULT":
                    "smtp://127.0.0.1:\(mail.port)?disable_tls=true&from_email=flow@example.org",
            ]
            func start() throws -> Program {
                try scratch.standalone(
                    "--feed", "recorded", "--no-fill", "--dags", "dags", environment: environment)
            }
            let first = try start()
            try await first.line(containing: "scheduler  leading")
            let database = try await scratch.database()
            try await scratch.cryptoflow("dag", "trigger", "watched", "--run-id", "r", "--wait", code: 1)
            var requests = slack.requests.makeAsyncIterator()
            let cutOff = try #require(await requests.next())
            var mails = mail.mails.makeAsyncIterator()
            var subjects: Set<String> = []
            for _ in 0..<2 {
                let text = try #require(await mails.next()).text
                subjects.insert(String(text.split(separator: "\n").first { $0.hasPrefix("Subject: ") } ?? ""))
            }
            #expect(
                subjects == [
                    "Subject: DAG watched missed its deadline", "Subject: watched: task \"work\" failed",
                ])
            try await database.wait(
                for: "2", "SELECT count(*) FROM history.notifications WHERE state = 'delivered'")
            #expect(
                try await database.value("SELECT state FROM history.tasks WHERE task_id = 'take'") == "success")
            #expect(
                try await database.value("SELECT state FROM history.notifications WHERE notifier = 'slack'")
                    == "pending")
            first.signal(SIGKILL)
            #expect(try await first.end() == 137)

            let second = try start()
            let again = try #require(await requests.next())
            #expect(again.header("X-Notification") == cutOff.header("X-Notification"))
            #expect(again.body == cutOff.body)
            #expect(String(decoding: again.body, as: UTF8.self).contains("work try 1: exit"))
            try await database.wait(
                for: "3", "SELECT count(*) FROM history.notifications WHERE state = 'delivered'")
            let shown = try await scratch.cryptoflow("run", "show", "watched", "r")
            #expect(shown.output.contains("failure of work"))
            #expect(shown.output.contains("missed, noticed at"))
            let why = try await scratch.cryptoflow("why", "watched", "r")
            #expect(why.output.contains("missed its deadline"))
            second.signal(SIGTERM)
            #expect(try await second.end() == 0)
        }
    }
}
