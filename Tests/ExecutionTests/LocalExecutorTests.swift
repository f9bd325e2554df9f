import CivilTime
import DAGModel
import Glibc
import Synchronization
import Testing

@testable import Execution

@Suite("Local executor", .timeLimit(.minutes(1)))
struct LocalExecutorTests {
    @Test("a success carries its output, and a silent task leaves no log")
    func success() async throws {
        let workshop = try Workshop()
        let change = AssetChange(asset: "a", interval: nil)
        let executor = workshop.executor { _ in TaskResult(output: 3, assetChanges: [change], exitCode: 0) }
        let end = await executor.run(launch())
        #expect(
            end
                == AttemptEnd(
                    attempt: AttemptID(rawValue: 7), state: .success, exitCode: 0, output: 3, assetChanges: [change]))
        #expect(!TaskLogReader(path: workshop.logs.path(of: launch())).exists)
    }

    @Test("a skip and the two kinds of failure end as what they are")
    func ends() async throws {
        let workshop = try Workshop()
        let skip = await workshop.executor { _ in throw TaskSkip("no data", exitCode: 99) }.run(launch())
        #expect(skip.state == .skipped && skip.reason == "no data" && skip.exitCode == 99)
        let final = await workshop.executor { _ in throw TaskFailure("never", isRetryable: false) }.run(launch())
        #expect(final.state == .failed && final.reason == "never" && !final.isRetryable)
        struct Odd: Error, CustomStringConvertible { let description = "odd" }
        let other = await workshop.executor { _ in throw Odd() }.run(launch())
        #expect(other.state == .failed && other.reason == "odd" && other.isRetryable)
        #expect(workshop.log(launch()).contains("ERROR failed: odd\n"))
    }

    @Test("an operator that the program lacks fails for good")
    func unknownOperator() async throws {
        let workshop = try Workshop()
        let end = await workshop.executor { _ in TaskResult() }.run(launch(operator: "no_such"))
        #expect(end.state == .failed && !end.isRetryable && end.reason?.contains("no_such") == true)
    }

    @Test("an output over the limit fails the task and names both sizes")
    func outputLimit() async throws {
        let workshop = try Workshop()
        let text = String(repeating: "x", count: TaskResult.maximumOutputBytes - 1)
        let end = await workshop.executor { _ in TaskResult(output: .string(text)) }.run(launch())
        #expect(end.state == .failed && !end.isRetryable)
        #expect(end.reason?.contains("1000001 bytes of JSON and may be at most 1000000") == true)
        let fitting = String(text.dropLast())
        #expect(await workshop.executor { _ in TaskResult(output: .string(fitting)) }.run(launch()).state == .success)
    }

    @Test("arguments reach the operator rendered")
    func rendering() async throws {
        let workshop = try Workshop()
        let readings = Readings(
            outputs: ["up.return_value": [1, 2]], variables: ["plain": "text", "deep": #"{"a": 5}"#])
        let arguments: [String: Argument] = [
            "literal": .value("{{ ds }}"),
            "date": .template("{{ ds }} {{ params.size }} {{ run_id }}"),
            "up": .output(task: TaskID("up"), key: nil),
            "gone": .output(task: TaskID("gone"), key: "k"),
            "nested": .map(["l": .list([.value(1), .template("{{ var.value.plain }}-{{ var.json.deep.a }}")])]),
        ]
        let executor = workshop.executor(readings: readings) { arguments in
            ClosureOperator { _ in TaskResult(output: .object(arguments)) }
        }
        let started = launch(
            arguments: arguments, params: ["size": ["type": "integer", "default": 3], "other": 1], conf: ["size": 4])
        let end = await executor.run(started)
        #expect(
            end.output == [
                "literal": "{{ ds }}", "date": "2026-01-01 4 scheduled__2026-01-01T00:00:00+00:00", "up": [1, 2],
                "gone": nil, "nested": ["l": [1, "text-5"]],
            ])
        #expect(Set(readings.asked.withLock { $0 }) == ["plain", "deep"])
        #expect(workshop.log(started).contains("WARNING the argument gone is null: the task gone has no output \"k\""))
    }

    @Test("a template's error fails for good and names the argument")
    func templateError() async throws {
        let workshop = try Workshop()
        let executor = workshop.executor { _ in TaskResult() }
        let started = launch(arguments: ["env": .map(["A": .list([.template("{{ nope }}")])])])
        let end = await executor.run(started)
        #expect(end.state == .failed && !end.isRetryable)
        #expect(end.reason?.hasPrefix("argument env.A[0]: template line 1, column 4:") == true, "\(end)")
        let missing = await executor.run(launch(arguments: ["a": .template("{{ var.value.nope }}")]))
        #expect(missing.reason?.contains("there is no variable 'nope'") == true)
    }

    @Test("a timeout ends the whole session and says how long it waited")
    func timeout() async throws {
        let workshop = try Workshop(grace: .milliseconds(50))
        let post = try Signpost(in: workshop.scratch)
        let script = """
            exec 3>\(post.path)
            (trap '' TERM; while :; do sleep 1000; done) &
            setsid sh -c 'trap "" TERM; while :; do sleep 1000; done' &
            wait
            """
        let end = await workshop.shell(script).run(launch(timeout: .milliseconds(300)))
        #expect(end.state == .failed && end.isRetryable)
        #expect(end.reason == "timed out after 300ms", "\(end)")
        await post.closed()
    }

    @Test("a task that ends in time is not touched by its timeout")
    func inTime() async throws {
        let workshop = try Workshop()
        let end = await workshop.shell("echo fine").run(launch(timeout: .seconds(60)))
        #expect(end.state == .success)
        #expect(workshop.log(launch()) == "fine\n")
    }

    @Test("cancelling stops the process and reports the cancellation")
    func cancel() async throws {
        let workshop = try Workshop()
        let post = try Signpost(in: workshop.scratch)
        let task = Task { await workshop.shell("exec 3>\(post.path); echo up >&3; sleep 1000; true").run(launch()) }
        #expect(await post.line() == "up")
        task.cancel()
        let end = await task.value
        #expect(end.state == .failed && end.reason == "cancelled")
        await post.closed()
    }

    @Test("a cancel before the start starts nothing")
    func cancelledEarly() async throws {
        let workshop = try Workshop()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await workshop.shell("touch \(workshop.scratch.path)/started").run(launch())
        }
        #expect(await task.value.reason == "cancelled")
        #expect(access("\(workshop.scratch.path)/started", F_OK) != 0)
    }

    @Test("children get Airflow's context and their attempt, and none of our settings and secrets")
    func environment() async throws {
        let workshop = try Workshop(environment: [
            "CRYPTOFLOW_DATABASE_URL": "secret", "CRYPTOFLOW_CONN_X": "secret", "AIRFLOW_CONN_X": "secret", "KEPT": "1",
        ])
        let end = await workshop.shell("env").run(launch())
        #expect(end.state == .success)
        let lines = Set(workshop.log(launch()).split(separator: "\n").map(String.init))
        #expect(!lines.contains { $0.contains("secret") })
        #expect(
            lines.isSuperset(of: [
                "KEPT=1", "CRYPTOFLOW_ATTEMPT=\(workshop.instance)/7", "AIRFLOW_CTX_DAG_ID=d", "AIRFLOW_CTX_TASK_ID=t",
                "AIRFLOW_CTX_DAG_RUN_ID=scheduled__2026-01-01T00:00:00+00:00", "AIRFLOW_CTX_TRY_NUMBER=1",
                "AIRFLOW_CTX_LOGICAL_DATE=2026-01-01T00:00:00+00:00",
            ]))
    }

    @Test("a spawned process is recorded so that a later leader can find it")
    func record() async throws {
        let workshop = try Workshop()
        let end = await workshop.shell("sed 's/.*) //' /proc/$$/stat; echo $$").run(launch())
        #expect(end.state == .success)
        let record = try #require(await workshop.recorded.next())
        let lines = workshop.log(launch()).split(separator: "\n")
        #expect(String(record.pid) == lines.last.map(String.init))
        #expect(String(record.startTicks) == lines.first?.split(separator: " ")[19].description)
        #expect(!record.bootID.isEmpty && !record.host.isEmpty)
    }
}
