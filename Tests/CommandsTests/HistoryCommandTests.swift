import CivilTime
import Commands
import DAGModel
import Execution
import FoundationEssentials
import RunStore
import SchedulerCore
import Testing

@Suite("Commands on the history", .timeLimit(.minutes(1))) struct HistoryCommandTests {
    typealias Harness = CommandLineHarness

    private func history(_ change: (inout FakeHistory.State) throws -> Void = { _ in }) throws -> FakeHistory {
        var state = FakeHistory.State()
        state.dags = [
            try Samples.dag("candles_1h"), try Samples.dag("gold", cron: nil),
            try Samples.dag("ticker_24h", isPaused: true),
        ]
        state.runList = [Samples.run("candles_1h", "r2", .failed, key: 2), Samples.run("candles_1h", "r1", .success)]
        try change(&state)
        return FakeHistory { $0 = state }
    }

    @Test("dag list shows schedule, state, last and next run")
    func dagList() async throws {
        let outcome = await Harness.run("dag", "list", history: try history())
        #expect(outcome.code == 0)
        #expect(
            outcome.output == """
                DAG         STATE   SCHEDULE               LAST RUN                      NEXT RUN
                candles_1h  active  0 * * * * (UTC)        success 2026-11-21T10:00:01Z  2026-11-21T11:00:00Z
                gold        active  none (only triggered)  success 2026-11-21T10:00:01Z
                ticker_24h  paused  0 * * * * (UTC)        success 2026-11-21T10:00:01Z

                """)
    }

    @Test("dag list names broken documents on standard error")
    func importErrors() async throws {
        let problem = Diagnostic(at: SourcePlace(file: "x.yaml", line: 3, column: 1), keyPath: "tasks", "no tasks")
        let outcome = await Harness.run(
            "dag", "list", "--output", "json",
            history: try history { $0.importErrors = [ImportErrorRecord(file: "x.yaml", diagnostics: [problem])] })
        #expect(outcome.code == 0)
        #expect(outcome.json.arrayValue?.count == 3)
        #expect(outcome.errors == "x.yaml:3:1: error: tasks: no tasks\n")
    }

    @Test("dag list as JSON has Airflow's names")
    func dagListJSON() async throws {
        let outcome = await Harness.run("dag", "list", "--output", "json", history: try history())
        let dag = try #require(outcome.json.arrayValue?.first)
        #expect(dag["dag_id"] == "candles_1h")
        #expect(dag["is_paused"] == false)
        #expect(dag["timetable_summary"] == "0 * * * * (UTC)")
        #expect(dag["next_dagrun_run_after"] == "2026-11-21T11:00:00Z")
        #expect(dag["last_run"]?["state"] == "success")
    }

    @Test("an unknown DAG ends in 1 with the nearest name")
    func unknownDAG() async throws {
        for arguments in [["show"], ["trigger"], ["pause"], ["next"]] {
            let outcome = await Harness.run("dag", arguments[0], "candels_1h", history: try history())
            #expect(outcome.code == 1)
            #expect(outcome.errors.hasPrefix("error: there is no DAG \"candels_1h\"\n"))
            #expect(outcome.errors.contains("Did you mean \"candles_1h\"?"))
        }
    }

    @Test("dag show lists the tasks, and --source prints the document")
    func dagShow() async throws {
        let outcome = await Harness.run("dag", "show", "candles_1h", history: try history())
        #expect(outcome.output.contains("load   sql       fetch  all_success        0  bronze.candles"))
        let source = await Harness.run("dag", "show", "candles_1h", "--source", history: try history())
        #expect(source.output == "dag_id: candles_1h\n")
        let yaml = await Harness.run("dag", "show", "candles_1h", "--output", "yaml", history: try history())
        #expect(yaml.output.contains("\n    task_id: fetch\n"))
    }

    @Test("dag next lists due instants; a DAG without a schedule has none and says so")
    func dagNext() async throws {
        let outcome = await Harness.run(
            "dag", "next", "candles_1h", "--count", "2", "--output", "json", "--timezone", "Asia/Seoul",
            history: try history())
        let due = try #require(outcome.json.arrayValue)
        #expect(due.compactMap { $0["run_after"] } == ["2026-11-21T20:00:00+09:00", "2026-11-21T21:00:00+09:00"])
        let none = await Harness.run("dag", "next", "gold", "--output", "json", history: try history())
        #expect(none.code == 0)
        #expect(none.output == "[]\n")
        #expect(none.errors.contains("no schedule by time"))
    }

    @Test("pause and unpause set the flag without a scheduler")
    func pause() async throws {
        let fake = try history { $0.isLed = false }
        let outcome = await Harness.run("dag", "pause", "candles_1h", "gold", "--output", "json", history: fake)
        #expect(outcome.code == 0)
        #expect(outcome.json.arrayValue?.first == ["dag_id": "candles_1h", "is_paused": true])
        #expect(await Harness.run("dag", "unpause", "gold", history: fake).output == "DAG gold is active\n")
        #expect(fake.read { $0.paused } == [DAGID("candles_1h"): true, DAGID("gold"): false])
        #expect(fake.read { $0.closings } == 2)
    }

    @Test("of several DAGs none is paused when one is unknown")
    func pauseUnknown() async throws {
        let fake = try history()
        let outcome = await Harness.run("dag", "pause", "gold", "candles_1h", "nothing", history: fake)
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("there is no DAG \"nothing\""))
        #expect(fake.read { $0.paused }.isEmpty)
    }

    @Test("run list filters by DAG and state and goes on page by page")
    func runList() async throws {
        let fake = try history { state in
            state.runList = (0..<2500).reversed().map { Samples.run("candles_1h", "r\($0)", .success, key: Int64($0)) }
        }
        let outcome = await Harness.run(
            "run", "list", "candles_1h", "--state", "success", "--state", "failed", "--limit", "2100", "-o", "json",
            history: fake)
        let runs = try #require(outcome.json.arrayValue)
        #expect(runs.count == 2100)
        #expect(Set(runs.compactMap { $0["run_id"]?.stringValue }).count == 2100)
        #expect(fake.read { $0.queries.allSatisfy { $0.states == [.success, .failed] } })
        let unknown = await Harness.run("run", "list", "--state", "done", history: fake)
        #expect(unknown.code == 2)
    }

    @Test("run list filters by type, logical date and backfill")
    func runFilters() async throws {
        let fake = try history { state in
            state.runList = (1...3).reversed().map { number in
                var run = Samples.run(
                    "candles_1h", "r\(number)", .success, key: Int64(number), backfill: number == 3 ? 7 : nil)
                run.logicalDate = Samples.time("2026-11-0\(number)")
                run.type = number == 1 ? .scheduled : .backfill
                return run
            }
            state.backfills[BackfillID(rawValue: 7)] = [
                Samples.backfill(7, "candles_1h", .running, created: 1, isOver: false)
            ]
        }
        func runs(_ option: String, _ value: String) async -> [String] {
            let outcome = await Harness.run("run", "list", option, value, "-o", "json", history: fake)
            return outcome.json.arrayValue?.compactMap { $0["run_id"]?.stringValue } ?? []
        }
        #expect(await runs("--type", "scheduled") == ["r1"])
        #expect(await runs("--from", "2026-11-02") == ["r3", "r2"])
        #expect(await runs("--to", "2026-11-02") == ["r2", "r1"])
        #expect(await runs("--backfill", "7") == ["r3"])
        #expect(await Harness.run("run", "list", "--backfill", "8", history: fake).code == 1)
        let shown = await Harness.run("backfill", "show", "7", "-o", "json", history: fake)
        #expect(shown.json["succeeded"] == 1)
        let list = await Harness.run("backfill", "list", history: fake)
        #expect(list.outputLines.last?.split(separator: " ").suffix(3) == ["1", "0", "0"])
    }

    @Test(
        "a command that there is none of names the nearest",
        arguments: [
            (["dag", "lst"], "Did you mean `cryptoflow dag list`?"),
            (["rnu", "list"], "Did you mean `cryptoflow run`?"),
            (["backfill", "zzzzzzzz"], "There are: list, show"),
            (["help", "poool"], "Did you mean `cryptoflow help pool`? See `cryptoflow --help`."),
            (["worker", "lst"], "Did you mean `cryptoflow worker list`?"),
        ])
    func unknownCommand(words: [String], hint: String) async throws {
        let outcome = await Harness.run(words[0], words[1], history: try history())
        #expect(outcome.code == 2)
        #expect(outcome.errors.hasPrefix("error: there is no command `cryptoflow "))
        #expect(outcome.errors.contains(hint))
    }

    @Test("help of a command is its help, and a noun that needs no verb takes its options")
    func knownCommand() async throws {
        let help = await Harness.run("help", "pool", history: try history())
        #expect(help.code == 0 && help.output.contains("USAGE: cryptoflow pool"))
        #expect(await Harness.run("help", history: try history()).code == 0)
        let missing = await Harness.run("worker", "--quues", "a", history: try history())
        #expect(missing.code == 2 && !missing.errors.contains("there is no command"), "\(missing.errors)")
        let far = await Harness.run("worker", "zzzzzzzz", history: try history())
        #expect(far.code == 2 && !far.errors.contains("there is no command"), "\(far.errors)")
    }

    @Test("a DAG whose document does not load says where it is wrong")
    func broken() async throws {
        func problem(_ file: String) -> ImportErrorRecord {
            ImportErrorRecord(
                file: file,
                diagnostics: [Diagnostic(at: SourcePlace(file: file, line: 3, column: 1), keyPath: "tasks", "no tasks")]
            )
        }
        let fake = try history { $0.importErrors = [problem("gold.yaml"), problem("team/newcomer.yaml")] }
        let unknown = await Harness.run("dag", "trigger", "newcomer", history: fake)
        #expect(unknown.code == 1)
        #expect(unknown.errors.contains("team/newcomer.yaml:3:1: error: tasks: no tasks"))
        let known = await Harness.run("dag", "show", "gold", history: fake)
        #expect(known.code == 0)
        #expect(known.errors.contains("gold.yaml:3:1: error: tasks: no tasks"))
        #expect(await Harness.run("dag", "show", "candles_1h", history: fake).errors.isEmpty)
    }

    @Test("a DAG whose document does not load is found by its id, whatever its file is called")
    func brokenByID() async throws {
        func problem(_ line: Int, _ dag: String?, _ severity: Diagnostic.Severity = .error) -> Diagnostic {
            let place = SourcePlace(file: "all.yaml", line: line, column: 1)
            return Diagnostic(severity, at: place, "wrong", dag: dag.map { DAGID($0) })
        }
        let gold = try Samples.dag("gold")
        func lookedUp(_ id: String, _ problems: [Diagnostic], file: String = "all.yaml") async -> String {
            let history = FakeHistory {
                $0.dags = [gold]
                $0.importErrors = [ImportErrorRecord(file: file, diagnostics: problems)]
            }
            return await Harness.run("dag", "show", id, history: history).errors
        }
        let problems = [problem(2, "other"), problem(3, "newcomer", .warning), problem(9, "newcomer")]
        #expect(await lookedUp("newcomer", problems).contains("has an error\nall.yaml:9:1: error: wrong"))
        #expect(await lookedUp("new", problems).contains("there is no DAG \"new\""))
        #expect(await lookedUp("all", problems).contains("there is no DAG \"all\""))
        // What is wrong with one document of a file is not told of another, unless it may be that one.
        #expect(await lookedUp("gold", problems, file: "gold.yaml").isEmpty)
        #expect(await lookedUp("gold", problems + [problem(12, nil)], file: "gold.yaml").contains("all.yaml:12:1"))
    }

    @Test("run list shows a line a run")
    func runTable() async throws {
        let outcome = await Harness.run("run", "list", history: try history())
        #expect(
            outcome.output == """
                DAG         RUN  STATE    TYPE    LOGICAL DATE          STARTED                    TOOK
                candles_1h  r2   failed   manual  2026-11-21T09:00:00Z  2026-11-21T10:00:01Z  12s 500ms
                candles_1h  r1   success  manual  2026-11-21T09:00:00Z  2026-11-21T10:00:01Z  12s 500ms

                """)
    }

    @Test("run show has tasks with their tries and reasons")
    func runShow() async throws {
        let detail = try Samples.detail(
            "candles_1h", "r2", .failed,
            tasks: [
                Samples.task("fetch", .failed, tries: [.failed, .failed], reason: "exit code 3, retries used up"),
                Samples.task("load", .upstreamFailed),
            ])
        let fake = try history { $0.runs["r2"] = [detail] }
        let outcome = await Harness.run("run", "show", "candles_1h", "r2", history: fake)
        #expect(outcome.code == 0)
        #expect(
            outcome.output.contains(
                "\nfetch  failed             2  2026-11-21T10:00:01Z    2s  exit code 3, retries used up\n"))
        #expect(outcome.output.contains("\n       failed             1  2026-11-21T10:00:01Z    2s  exit code 3\n"))
        let json = await Harness.run("run", "show", "candles_1h", "r2", "--output", "json", history: fake).json
        #expect(json["state"] == "failed")
        #expect(json["duration"] == 12.5)
        #expect(json["data_interval_start"] == "2026-11-21T09:00:00Z")
        let tasks = try #require(json["tasks"]?.arrayValue)
        #expect(tasks.first?["tries"]?.arrayValue?.count == 2)
        #expect(tasks.last?["state"] == "upstream_failed")
        let unknown = await Harness.run("run", "show", "candles_1h", "r3", history: fake)
        #expect(unknown.code == 1)
        #expect(unknown.errors.contains("has no run \"r3\""))
    }

    @Test("run show keeps the last try of a cleared task, and tells no other twice")
    func runShowCleared() async throws {
        func status(_ id: String, _ state: TaskState, startDate: Timestamp?) -> TaskStatus {
            TaskStatus(
                instance: TaskInstanceKey(run: RunKey(rawValue: 1), task: TaskID(id)), state: state, tryNumber: 1,
                maxTries: 3, startDate: startDate, endDate: nil, retryAt: nil, reason: nil,
                tries: Samples.task(id, .failed, tries: [.failed]).tries)
        }
        let start = Samples.time("2026-11-21T10:00:01Z")
        let detail = try Samples.detail(
            "candles_1h", "r2", .running,
            tasks: [
                status("cleared", .none, startDate: nil), status("lost", .none, startDate: start),
                status("dropped", .upstreamFailed, startDate: nil), status("again", .upForRetry, startDate: start),
                status("waits", .deferred, startDate: start), status("done", .failed, startDate: start),
            ])
        let fake = try history { $0.runs["r2"] = [detail] }
        let outcome = await Harness.run("run", "show", "candles_1h", "r2", history: fake)
        let rows = outcome.outputLines.drop { !$0.hasPrefix("TASK") }.dropFirst()
        let names = rows.map { $0.hasPrefix(" ") ? "try" : String($0.prefix { $0 != " " }) }
        #expect(
            names == ["cleared", "try", "lost", "try", "dropped", "try", "again", "waits", "done"], "\(outcome.output)")
    }

    @Test("run cancel hands the command in; an ended run cannot be cancelled")
    func runCancel() async throws {
        let fake = try history { state in
            state.runs = [
                "r1": [try Samples.detail("candles_1h", "r1", .running)],
                "r2": [try Samples.detail("candles_1h", "r2", .failed)],
            ]
            state.answer = .run(dag: DAGID("candles_1h"), runID: "r1", key: RunKey(rawValue: 1))
        }
        #expect(await Harness.run("run", "cancel", "candles_1h", "r1", history: fake).code == 0)
        #expect(fake.read { $0.submitted } == [.cancelRun(dag: DAGID("candles_1h"), runID: "r1")])
        let ended = await Harness.run("run", "cancel", "candles_1h", "r2", history: fake)
        #expect(ended.code == 1)
        #expect(ended.errors.contains("has ended already: failed"))
    }

    @Test("backfills are listed, shown and steered")
    func backfills() async throws {
        let fake = try history { state in
            state.backfills[BackfillID(rawValue: 7)] = [
                Samples.backfill(7, "candles_1h", .running, created: 3, isOver: false)
            ]
            state.runList = [Samples.run("candles_1h", "b1", .success, backfill: 7)]
            state.answer = .done
        }
        let list = await Harness.run("backfill", "list", "--output", "json", history: fake)
        #expect(list.json.arrayValue?.first?["total"] == 25)
        let show = await Harness.run("backfill", "show", "7", history: fake)
        #expect(show.output.contains("25: 3 begun, 1 left alone"))
        #expect(show.output.contains("b1"))
        #expect(await Harness.run("backfill", "pause", "7", history: fake).output == "backfill 7 is paused\n")
        #expect(fake.read { $0.submitted } == [.setBackfillState(BackfillID(rawValue: 7), .paused)])
        #expect(await Harness.run("backfill", "show", "8", history: fake).code == 1)
    }

    @Test("flags win over the environment, and --home alone means that home's own database")
    func target() async throws {
        let variables = ["CRYPTOFLOW_DATABASE_URL": "postgres://env/x", "CRYPTOFLOW_HOME": "/env/home"]
        let fake = try history()
        _ = await Harness.run("dag", "list", history: fake)
        _ = await Harness.run("dag", "list", history: fake, variables: variables)
        _ = await Harness.run("dag", "list", "--home", "/h", history: fake, variables: variables)
        _ = await Harness.run("dag", "list", "--database", "postgres://flag/x", history: fake, variables: variables)
        #expect(
            fake.read { $0.opened.map { [$0.url, $0.home] } } == [
                [nil, ".cryptoflow"], ["postgres://env/x", "/env/home"], [nil, "/h"],
                ["postgres://flag/x", "/env/home"],
            ])
    }

    @Test("colour only where the console has it")
    func colour() async throws {
        let outcome = await Harness.run("run", "list", history: try history(), isColourful: true)
        #expect(outcome.output.contains("\u{1B}[31mfailed\u{1B}[0m"))
        #expect(
            await Harness.run("run", "list", "-o", "json", history: try history(), isColourful: true).output.contains(
                "\u{1B}") == false)
    }
}
