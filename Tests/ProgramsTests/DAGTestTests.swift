import DAGModel
import FoundationEssentials
import Glibc
import LoopbackHTTP
import Testing

@Suite("dag test", .timeLimit(.minutes(2))) struct DAGTestTests {
    private static let head = "$schema: https://airflow.apache.org/schemas/dag/2026-10-30.json"
    private static let chain = """
        \(head)
        dag_id: chain
        schedule: "0 * * * *"
        start_date: 2026-01-01
        params: {market: KRW-ETH}
        tasks:
          - id: first
            uses: bash
            with: {bash_command: {$t: 'echo "the market is {{ params.market }}" && echo {{ ds }}'}}
          - id: second
            uses: bash
            needs: [first]
            retries: 1
            retry_delay: 0
            with:
              bash_command: {$t: "[ {{ ti.try_number }} = 2 ] && echo got {{ ti.xcom_pull(task_ids='first') }}"}
        """

    @Test("runs a whole DAG with its logs on the terminal, and leaves nothing behind")
    func success() async throws {
        try await Scratch.with { scratch in
            try scratch.write(Self.chain, to: "dags/chain.yaml")
            let result = try await scratch.start(
                "cryptoflow",
                [
                    "dag", "test", "chain", "--logical-date", "2026-11-20T05:00:00Z", "--conf",
                    #"{"market": "KRW-BTC"}"#,
                ],
                environment: ["TMPDIR": scratch.folder]
            ).finish()
            #expect(result.code == 0, "\(result.output)\(result.errors)")
            #expect(result.output.contains("first  | the market is KRW-BTC\n"))
            #expect(result.output.contains("second = try 1 failed after "))
            #expect(result.output.contains("second | got 2026-11-20\n"))
            #expect(result.output.contains("chain success after "))
            let left = try await scratch.start("/bin/ls", [scratch.folder]).finish()
            #expect(left.output == "dags\n")
        }
    }

    @Test("runs one task alone, whatever pool it is in")
    func oneTask() async throws {
        try await Scratch.with { scratch in
            try scratch.write(
                """
                \(Self.head)
                dag_id: pooled
                schedule: null
                tasks:
                  - {id: first, uses: bash, with: {bash_command: "exit 1"}}
                  - {id: second, uses: bash, needs: [first], pool: nowhere, with: {bash_command: echo alone}}
                """, to: "dags/pooled.yaml")
            let result = try await scratch.start(
                "cryptoflow", ["dag", "test", "pooled", "--task", "second"], environment: ["TMPDIR": scratch.folder]
            ).finish()
            #expect(result.code == 0, "\(result.output)\(result.errors)")
            #expect(result.output.contains("second | alone\n"))
            #expect(!result.output.contains("first"))
        }
    }

    @Test("sets up and tears down as the scheduler does, and calls nobody")
    func setupsAndCallbacks() async throws {
        let slack = try LoopbackServer { _ in [.reply(text: "ok")] }
        defer { slack.stop() }
        try await Scratch.with { scratch in
            try scratch.write(
                """
                \(Self.head)
                dag_id: watched
                schedule: null
                on_failure_callback: {uses: slack, with: {text: the run failed}}
                tasks:
                  - {id: make, uses: bash, setup: true, with: {bash_command: echo made}}
                  - id: work
                    uses: bash
                    needs: [make]
                    with: {bash_command: exit 3}
                    on_failure_callback: {uses: slack, with: {text: the work failed}}
                  - {id: take, uses: bash, needs: [work], teardown: make, with: {bash_command: echo taken}}
                """, to: "dags/watched.yaml")
            let result = try await scratch.start(
                "cryptoflow", ["dag", "test", "watched"],
                environment: ["CRYPTOFLOW_CONN_SLACK_DEFAULT": slack.url + "/services/T/B/secret"]
            ).finish()
            #expect(result.code == 1, "\(result.output)\(result.errors)")
            #expect(result.output.contains("make | made\n"))
            #expect(result.output.contains("take | taken\n"))
            #expect(result.errors.contains("task \"work\""))
        }
        slack.stop()
        var requests = slack.requests.makeAsyncIterator()
        #expect(await requests.next() == nil)
    }

    @Test("says which task failed, with status 1, and keeps the result as JSON apart from what it shows")
    func failure() async throws {
        try await Scratch.with { scratch in
            try scratch.write(
                """
                \(Self.head)
                dag_id: broken
                schedule: null
                tasks:
                  - id: fails
                    uses: bash
                    with: {bash_command: 'echo no such table && exit 3'}
                  - id: after
                    uses: empty
                    needs: [fails]
                """, to: "broken.yaml")
            let result = try await scratch.start(
                "cryptoflow", ["dag", "test", "./broken.yaml", "--output", "json"]
            ).finish()
            #expect(result.code == 1)
            let json = try JSONValue(parsing: result.output)
            #expect(json["state"] == "failed")
            #expect(json["tasks"]?.arrayValue?.map { $0["state"] } == ["failed", "upstream_failed"])
            #expect(result.errors.contains("fails | no such table\n"))
            #expect(result.errors.contains("error: the run of DAG \"broken\" failed; task \"fails\": exit code 3"))
        }
    }

    @Test("Ctrl-C stops the children, and the command ends with 130")
    func interrupt() async throws {
        try await Scratch.with { scratch in
            try scratch.write(
                """
                \(Self.head)
                dag_id: long
                schedule: "@continuous"
                start_date: 2026-01-01
                max_active_runs: 1
                tasks:
                  - id: sleeps
                    uses: bash
                    with: {bash_command: 'echo begun; sleep 600'}
                """, to: "dags/long.yaml")
            let program = try scratch.start("cryptoflow", ["dag", "test", "long"])
            try await program.line(containing: "| begun")
            program.signal(SIGINT)
            let result = try await program.finish()
            #expect(result.code == 130)
            #expect(result.errors.contains("stopped"))
            #expect(scratch.processes().filter { $0.command.contains("sleep 600") }.isEmpty)
        }
    }

    @Test("a forecast that fails makes its run fail")
    func predict() async throws {
        try await Scratch.with { scratch in
            for name in ["predict.yaml", "sql/prediction_outcomes.sql"] {
                let file = URL(filePath: Installed.checkout + "/dags/" + name)
                let text = try String(contentsOf: file, encoding: .utf8)
                try scratch.write(text.replacing("default('')", with: "default('-1h')"), to: "dags/" + name)
            }
            let result = try await scratch.start("cryptoflow", ["dag", "test", "predict"]).finish()
            #expect(result.code == 1)
            #expect(result.output.contains("outcomes = upstream_failed"), "\(result.output)")
            #expect(
                result.errors.contains("task \"forecast\": since \"-1h\" begins with a hyphen"), "\(result.errors)")
        }
    }

    @Test(
        "refuses what cannot run before anything is started",
        arguments: [
            (["nope"], "there is no DAG \"nope\""), (["chain", "--conf", #"{"market": 3}"#], "market"),
            (["./dags/chain.yaml", "--dags", "dags"], "leave --dags away"),
        ])
    func refusals(arguments: [String], message: String) async throws {
        try await Scratch.with { scratch in
            let typed = Self.chain.replacing(
                "{market: KRW-ETH}", with: "{market: {default: KRW-ETH, type: string}}")
            try scratch.write(typed, to: "dags/chain.yaml")
            let result = try await scratch.start("cryptoflow", ["dag", "test"] + arguments).finish()
            #expect(result.code != 0)
            #expect(result.errors.contains(message), "\(result.errors)")
            #expect(!result.output.contains("first"))
        }
    }
}
