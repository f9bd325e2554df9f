import DAGModel
import Testing

@testable import DAGDocument

@Suite("Callbacks in documents") struct CallbackDocumentTests {
    @Test("are read for tasks and DAGs, by every name of a notifier, their plain texts as templates")
    func read() throws {
        let dag = try loadOne(
            """
            on_failure_callback:
              uses: airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier
              with: {text: "{{ dag.dag_id }} failed: {{ reason }}"}
            default_args:
              on_retry_callback: [{uses: webhook, with: {url: "http://127.0.0.1/x"}}]
            tasks:
              - id: a
                uses: empty
                on_failure_callback:
                  - {uses: SmtpNotifier, with: {to: ops@example.org, subject: {$const: "{{ as it is }}"}}}
                  - {uses: slack, with: {text: {$t: "{{ ti.task_id }}"}, blocks: {$x: b}}}
              - {id: b, uses: empty, on_retry_callback: []}
            """)
        #expect(
            dag.callbacks == [
                Callback(
                    event: .failure, notifier: "slack",
                    arguments: ["text": .template("{{ dag.dag_id }} failed: {{ reason }}")])
            ])
        #expect(dag.tasks[0].callbacks?.map(\.event) == [.retry, .failure, .failure])
        #expect(dag.tasks[0].callbacks?.map(\.notifier) == ["webhook", "email", "slack"])
        #expect(dag.tasks[0].callbacks?[1].arguments["subject"] == .value("{{ as it is }}"))
        #expect(dag.tasks[0].callbacks?[2].arguments["blocks"] == .output(task: TaskID("b"), key: nil))
        // A callback reads outputs without waiting for them, and an empty list takes the defaults away.
        #expect(dag.tasks[0].upstream.isEmpty)
        #expect(dag.tasks[1].callbacks == nil)
    }

    @Test("deadlines are read with their references and intervals")
    func deadlines() throws {
        let dag = try loadOne(
            """
            timezone: Asia/Seoul
            deadline:
              - {reference: DAGRUN_QUEUED_AT, interval: 15m, callback: [{uses: slack}, {uses: webhook}]}
              - {reference: dagrun_logical_date, interval: 3600, callback: {uses: slack}}
              - {reference: 2026-02-01T09:00:00, interval: -30m, callback: {uses: email, with: {to: a@b.c}}}
              - {reference: {fixed_datetime: "2026-02-01T09:00:00Z"}, interval: 0, callback: {uses: slack}}
            tasks: [{id: t, uses: empty}]
            """)
        let deadlines = try #require(dag.deadlines)
        #expect(
            deadlines.map { "\($0.reference)" } == [
                "dagrun_queued_at", "dagrun_logical_date", "2026-02-01T00:00:00Z", "2026-02-01T09:00:00Z",
            ])
        #expect(deadlines.map(\.interval) == [.seconds(900), .seconds(3_600), .seconds(-1_800), .zero])
        #expect(deadlines.map(\.callbacks.count) == [2, 1, 1, 1])
        #expect(deadlines[0].callbacks[0].event == .deadline)
    }

    @Test("the average runtime is that of Airflow's ten runs, unless it says how many")
    func averageRuntime() throws {
        let dag = try loadOne(
            """
            deadline:
              - {reference: AVERAGE_RUNTIME, interval: 15m, callback: {uses: slack}}
              - {reference: {average_runtime: null}, interval: 15m, callback: {uses: slack}}
              - {reference: {AVERAGE_RUNTIME: {max_runs: 20, min_runs: 5}}, interval: 0, callback: {uses: slack}}
              - {reference: {average_runtime: {max_runs: 3, min_runs: null}}, interval: -10s, callback: {uses: slack}}
              - {reference: {average_runtime: {min_runs: 1}}, interval: 90, callback: {uses: slack}}
            tasks: [{id: t, uses: empty}]
            """)
        let deadlines = try #require(dag.deadlines)
        #expect(
            deadlines.map(\.reference) == [
                .averageRuntime(maximumRuns: 10, minimumRuns: 10), .averageRuntime(maximumRuns: 10, minimumRuns: 10),
                .averageRuntime(maximumRuns: 20, minimumRuns: 5), .averageRuntime(maximumRuns: 3, minimumRuns: 3),
                .averageRuntime(maximumRuns: 10, minimumRuns: 1),
            ])
        #expect(
            deadlines.dropFirst(2).map(\.rule) == [
                "average_runtime of the last 5 to 20 successful runs + 0s",
                "average_runtime of the last 3 successful runs − 10s",
                "average_runtime of the last 1 to 10 successful runs + 1m 30s",
            ])
    }

    @Test(
        "are checked with their places",
        arguments: [
            (
                "on_failure_callback: [{uses: slak}]\n",
                "3:30 on_failure_callback[0].uses: unknown notifier 'slak' (did you mean 'slack'?)"
            ),
            (
                "on_success_callback: [{uses: email, with: {subject: x}}]\n",
                "3:43 on_success_callback[0].with: the notifier 'email' needs the argument 'to'"
            ),
            (
                "on_failure_callback: {uses: slack, with: {txt: x}}\n",
                "3:43 on_failure_callback.with.txt: the notifier 'slack' has no argument 'txt' (did you mean 'text'?)"
            ),
            (
                "on_failure_callback: {uses: slack, with: {text: \"{{ reasn }}\"}}\n",
                "on_failure_callback.with.text: in the template: unknown name 'reasn' (did you mean 'reason'?)"
            ),
            (
                "tasks: [{id: t, uses: empty, on_retry_callback: [{uses: slack, with: {text: {$x: u}}}]}]\n",
                "tasks[0].on_retry_callback[0].with.text.$x: unknown task 'u'"
            ),
            (
                "deadline: {reference: dagrun_start, interval: 1h, callback: {uses: slack}}\n",
                "3:23 deadline.reference: unknown reference 'dagrun_start'"
            ),
            ("deadline: {reference: dagrun_queued_at}\n", "the key 'interval' is missing"),
            (
                "deadline: {reference: avg_runtime, interval: 1h, callback: {uses: slack}}\n",
                "unknown reference 'avg_runtime': expected dagrun_queued_at, dagrun_logical_date, average_runtime, or"
            ),
            (
                "deadline: {reference: {average_runtime: {max_runs: 0}}, interval: 1h, callback: {uses: slack}}\n",
                "3:52 deadline.reference.average_runtime.max_runs: expected a whole number of at least 1, found the number 0"
            ),
            (
                "deadline: {reference: {average_runtime: {max_runs: 1001}}, interval: 1h, callback: {uses: slack}}\n",
                "average_runtime.max_runs: expected a whole number of at most 1000, found the number 1001"
            ),
            (
                "deadline: {reference: {average_runtime: {min_runs: -1}}, interval: 1h, callback: {uses: slack}}\n",
                "average_runtime.min_runs: expected a whole number of at least 1"
            ),
            (
                "deadline: {reference: {average_runtime: {min_runs: 11}}, interval: 1h, callback: {uses: slack}}\n",
                "3:52 deadline.reference.average_runtime.min_runs: expected at most max_runs, which is 10, found the number 11"
            ),
            (
                "deadline: {reference: {average_runtime: {limit: 5}}, interval: 1h, callback: {uses: slack}}\n",
                "average_runtime.limit: unknown key 'limit': expected max_runs and min_runs"
            ),
            (
                "deadline: {reference: {average_runtime: 5}, interval: 1h, callback: {uses: slack}}\n",
                "3:41 deadline.reference.average_runtime: expected {max_runs: 10, min_runs: 10}, found"
            ),
            (
                "deadline: [{reference: dagrun_queued_at, interval: soon, callback: {uses: slack}}]\n",
                "deadline[0].interval"
            ),
        ])
    func problem(body: String, expected: String) {
        let body = body.contains("tasks:") ? body : body + "tasks: [{id: t, uses: empty}]\n"
        let found = problems(body)
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }
}

@Suite("Setups and teardowns in documents") struct SetupDocumentTests {
    @Test("a teardown may name its setups, which it then needs, and has a rule of its own")
    func read() throws {
        let dag = try loadOne(
            """
            default_args: {trigger_rule: all_success}
            tasks:
              - {id: make, uses: empty, setup: true}
              - {id: work, uses: empty, needs: [make]}
              - {id: take, uses: empty, needs: [work], teardown: make, on_failure_fail_dagrun: true}
              - {id: other, uses: empty, needs: [work, make], teardown: true}
              - {id: plain, uses: empty, teardown: false, setup: false}
            """)
        #expect(dag.tasks.map(\.role) == [.setup, nil, .teardown, .teardown, nil])
        #expect(dag.tasks[2].upstream == [TaskID("work"), TaskID("make")])
        #expect(dag.tasks[2].triggerRule == .allDoneSetupSuccess)
        #expect(dag.tasks.map(\.isIgnoredByRun) == [false, false, false, true, false])
    }

    @Test(
        "are checked as Airflow does",
        arguments: [
            ("{id: t, uses: empty, setup: true, teardown: true}", "a task cannot be both a setup and a teardown"),
            (
                "{id: t, uses: empty, teardown: true, trigger_rule: all_done}",
                "a teardown's trigger rule is all_done_setup_success, found all_done"
            ),
            ("{id: s, uses: empty}, {id: t, uses: empty, teardown: s}", "'s' is not a setup"),
            (
                "{id: s, uses: empty, setup: true}, {id: w, uses: empty, needs: [s], trigger_rule: all_done}",
                "a task right after the setup 's' must have the trigger rule all_success"
            ),
            ("{id: t, uses: empty, on_failure_fail_dagrun: true}", "'on_failure_fail_dagrun' has no effect"),
            ("{id: t, uses: empty, is_teardown: true}", "it is called 'teardown' here"),
            ("{id: t, uses: empty, teardown: nothing}", "unknown task 'nothing'"),
        ])
    func problem(tasks: String, expected: String) {
        let found = problems("tasks: [\(tasks)]\n")
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }
}
