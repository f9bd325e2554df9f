import CivilTime
import DAGModel
import FoundationEssentials
import RunStore
import SchedulerCore
import Testing
import Timetables

@Suite("Operators' commands") struct OperationCommandTests {
    private static let versions = [
        DAGVersionSummary(
            version: DAGVersionID(rawValue: "abc123"), number: 2, createdAt: Samples.time("2026-11-20")),
        DAGVersionSummary(
            version: DAGVersionID(rawValue: "0ld000"), number: 1, createdAt: Samples.time("2026-11-01")),
    ]

    private static func history(_ change: (inout FakeHistory.State) -> Void = { _ in }) throws -> FakeHistory {
        let dag = try Samples.dag("candles")
        let versioned = DAGDetail(
            summary: dag.summary, definition: dag.definition, sourceText: dag.sourceText, versions: versions)
        return FakeHistory { state in
            state.dags = [versioned]
            let run = Samples.run("candles", "r1", .failed)
            state.runs["r1"] = [
                RunDetail(
                    run: run, definition: dag.definition, versionNumber: 1,
                    tasks: [Samples.task("fetch", .success), Samples.task("load", .failed)])
            ]
            state.runList = [run]
            state.texts = [
                DAGVersionID(rawValue: "0ld000"): "a: 1\nb: 2\nc: 3\n",
                DAGVersionID(rawValue: "abc123"): "a: 1\nb: 3\nc: 3\nd: 4\n",
            ]
            change(&state)
        }
    }

    @Test("clear and retry say by which version the tasks run again")
    func clear() async throws {
        let history = try Self.history { $0.answer = .changed(count: 1, names: ["r1 load"]) }
        let own = await CommandLineHarness.run("run", "retry", "candles", "r1", history: history)
        #expect(own.code == 0)
        #expect(own.outputLines.first == "cleared: 1 task")
        #expect(own.output.contains("by version 1 of the DAG, the run's own; the present one is 2"))
        let latest = await CommandLineHarness.run(
            "run", "clear", "candles", "r1", "--latest", "--dry-run", "--output", "json", history: history)
        #expect(latest.json["version_number"] == 2)
        #expect(latest.json["present_version_number"] == 2)
        #expect(latest.json["state"] == "dry_run")
        let asked = history.read { $0.submitted }
        #expect(
            asked == [
                .clear(ClearRequest(dag: DAGID("candles"), runID: "r1", onlyFailed: true)),
                .clear(ClearRequest(dag: DAGID("candles"), runID: "r1", latest: true, dryRun: true)),
            ])
    }

    @Test("an instance as it is printed is taken by every command that names tasks")
    func instances() async throws {
        let history = try Self.history { state in
            state.answer = .changed(count: 2, names: ["r1 fetch[1]", "r1 load"])
            let run = Samples.run("candles", "r1", .failed)
            let dag = state.dags[0]
            state.runs["r1"] = [
                RunDetail(
                    run: run, definition: dag.definition, versionNumber: 1,
                    tasks: (0..<3).map { Samples.task("fetch", .failed, mapIndex: $0) })
            ]
        }
        let cleared = await CommandLineHarness.run(
            "run", "clear", "candles", "r1", "--task", "fetch[1]", "-o", "json", history: history)
        #expect(
            cleared.json["tasks"] == [
                ["run_id": "r1", "task_id": "fetch", "map_index": 1],
                ["run_id": "r1", "task_id": "load", "map_index": -1],
            ])
        _ = await CommandLineHarness.run("task", "mark", "candles", "r1", "fetch[2]", "success", history: history)
        let asked = history.read { $0.submitted }
        let instance = ClearRequest.MappedInstance(task: TaskID("fetch"), mapIndex: 1)
        #expect(
            asked == [
                .clear(ClearRequest(dag: DAGID("candles"), runID: "r1", instances: [instance])),
                .markTask(
                    dag: DAGID("candles"), runID: "r1", task: TaskID("fetch"), mapIndex: 2, state: .success,
                    dryRun: false),
            ])
        let noted = await CommandLineHarness.run("task", "note", "candles", "r1", "fetch[0]", "x", history: history)
        #expect(noted.output.contains("note on fetch[0]"))
        let why = await CommandLineHarness.run("why", "candles", "r1", "fetch[0]", history: history)
        #expect(why.output.hasPrefix("task fetch[0] of run r1"))
        let which = await CommandLineHarness.run("why", "candles", "r1", "fetch", history: history)
        #expect(which.errors.contains("--map-index, or as \"fetch[0]\""))
        let unknown = await CommandLineHarness.run("why", "candles", "r1", "zzz", history: history)
        #expect(unknown.errors.contains("There are: fetch. See"))
    }

    @Test("a request of before there was --latest is still read")
    func oldRequest() throws {
        let new = try JSONValue(parsing: Self.encoded(.clear(ClearRequest(dag: DAGID("d"), runID: "r", latest: true))))
        let text = new.jsonText.replacing(#""latest": true, "#, with: "")
        #expect(!text.contains("latest"))
        #expect(try Self.decoded(text) == .clear(ClearRequest(dag: DAGID("d"), runID: "r")))
    }

    @Test("run mark hands the state in and tells what it changes")
    func mark() async throws {
        let history = try Self.history { $0.answer = .changed(count: 1, names: ["r1 load"]) }
        let outcome = await CommandLineHarness.run(
            "run", "mark", "candles", "r1", "success", "--dry-run", history: history)
        #expect(outcome.output == "would be marked success with its run: 1 task\n  r1 load\n")
        #expect(
            history.read { $0.submitted } == [
                .markRun(dag: DAGID("candles"), runID: "r1", state: .success, dryRun: true)
            ])
        #expect(await CommandLineHarness.run("run", "mark", "candles", "r1", "running", history: history).code == 2)
    }

    @Test("notes are written, shown with their run, replaced and removed")
    func notes() async throws {
        let history = try Self.history()
        let first = await CommandLineHarness.run("run", "note", "candles", "r1", "was down", history: history)
        #expect(first.code == 0)
        #expect(first.output.contains("  was down"))
        _ = await CommandLineHarness.run("task", "note", "candles", "r1", "load", "by hand", history: history)
        let shown = await CommandLineHarness.run("run", "show", "candles", "r1", history: history)
        #expect(shown.output.contains("note on run, tester, 2026-11-21T10:00:00Z\n  was down\n"))
        #expect(shown.output.contains("note on load, tester"))
        let json = await CommandLineHarness.run("run", "note", "candles", "r1", "--output", "json", history: history)
        #expect(json.json.arrayValue?.map { $0["content"] } == ["was down", "by hand"])
        _ = await CommandLineHarness.run("run", "note", "candles", "r1", "--remove", history: history)
        #expect(history.read { $0.notes }.map(\.text) == ["by hand"])
        #expect(await CommandLineHarness.run("run", "note", "candles", "r1", " ", history: history).code == 2)
        let unknown = await CommandLineHarness.run("task", "note", "candles", "r1", "lode", "x", history: history)
        #expect(unknown.errors.contains("Did you mean \"load\"?"))
    }

    @Test("dag diff shows what changed, with colours only where there are some")
    func diff() async throws {
        let history = try Self.history()
        let plain = await CommandLineHarness.run("dag", "diff", "candles", history: history)
        #expect(
            plain.output == """
                --- candles.yaml (version 1)
                +++ candles.yaml (version 2)
                @@ -1,3 +1,4 @@
                 a: 1
                -b: 2
                +b: 3
                 c: 3
                +d: 4

                """)
        let coloured = await CommandLineHarness.run(
            "dag", "diff", "candles", "1", "2", "--context", "0", history: history, isColourful: true)
        #expect(coloured.output.contains("\u{1B}[31m-b: 2\u{1B}[0m"))
        #expect(coloured.output.contains("@@ -3,0 +4,1 @@"))
        let json = await CommandLineHarness.run(
            "dag", "diff", "candles", "2", "0ld0", "--output", "json", history: history)
        #expect(json.json["is_same"] == false)
        #expect(json.json["hunks"]?.arrayValue?.first?["lines"]?.arrayValue?.last == "-d: 4")
        let none = await CommandLineHarness.run("dag", "diff", "candles", "9", history: history)
        #expect(none.code == 1)
        #expect(none.errors.contains("DAG \"candles\" has no version \"9\""))
    }

    @Test("dag next marks the runs before which the clocks change")
    func clocks() async throws {
        let dag = try Samples.dag("candles")
        let berlin = try Timetable.cron(
            parsing: "0 12 * * *", zone: TimeZoneRules(named: "Europe/Berlin"))
        let old = dag.summary
        let summary = DAGSummary(
            id: old.id, displayName: nil, summary: nil, owner: nil, tags: [], isPaused: false, isActive: true,
            file: old.file, version: old.version, versionNumber: 1, taskCount: 2, timetable: berlin, bounds: old.bounds,
            catchup: false, firstSeen: old.firstSeen, lastRuns: [],
            lastDue: DueRecord(
                dag: old.id, first: Samples.time("2027-03-25T11:00:00Z"), last: Samples.time("2027-03-25T11:00:00Z"),
                count: 1, fate: .ran), activeRuns: 0)
        let history = FakeHistory {
            $0.dags = [
                DAGDetail(summary: summary, definition: dag.definition, sourceText: "", versions: [])
            ]
        }
        let json = await CommandLineHarness.run(
            "dag", "next", "candles", "--count", "4", "--output", "json", history: history)
        let changes = json.json.arrayValue?.map { $0["clock_change"] ?? .null } ?? []
        #expect(changes.map { $0 == .null } == [true, true, false, true])
        let table = await CommandLineHarness.run("dag", "next", "candles", "--count", "4", history: history)
        #expect(table.output.contains("clocks +01:00 → +02:00"))
        #expect(table.output.contains("2027-03-28: clocks in Europe/Berlin go from 02:00 to 03:00; no run is affected"))
    }

    @Test("a full pool is named, with those who hold it")
    func pool() async throws {
        let dag = try Samples.dag("candles")
        let run = Samples.run("candles", "r1", .running)
        let holder = PoolHolder(
            dag: DAGID("slow"), runID: "s1", task: TaskID("copy"), mapIndex: 2, slots: 2,
            since: Samples.time("2026-11-21T09:30:00Z"))
        let history = FakeHistory { state in
            state.dags = [dag]
            state.runs["r1"] = [
                RunDetail(
                    run: run, definition: dag.definition, versionNumber: 1,
                    tasks: [Samples.task("fetch", .none), Samples.task("load", .none)])
            ]
            state.runList = [run]
            state.pools["default_pool"] = PoolUse(name: "default_pool", slots: 2, holders: [holder])
        }
        let outcome = await CommandLineHarness.run("why", "candles", "r1", "fetch", "-o", "json", history: history)
        let blocking = outcome.json["blocking"]
        #expect(blocking?["name"] == "pool")
        #expect(
            blocking?["detail"]
                == "the pool default_pool is full: it needs 1 slot, 0 of 2 are free, held by slow s1 copy[2] (2 slots)")
        #expect(blocking?["since"] == "2026-11-21T09:30:00Z")
        #expect(blocking?["advice"] == "cryptoflow why slow 's1' 'copy[2]'")
    }

    @Test("the dry run of a backfill names each date and what would become of it, and asks nobody")
    func preview() async throws {
        let history = try Self.history()
        let outcome = await CommandLineHarness.run(
            "dag", "backfill", "candles", "--from", "2026-11-21T08:00:00Z", "--to", "2026-11-21T10:00:00Z",
            "--reprocess", "failed", "--dry-run", "--output", "json", history: history)
        #expect(outcome.code == 0)
        #expect(outcome.json["total"] == 3)
        #expect(outcome.json["dates"]?.arrayValue?.map { $0["action"] } == ["run", "run_again", "run"])
        let left = await CommandLineHarness.run(
            "dag", "backfill", "candles", "--from", "2026-11-21T09:00:00Z", "--to", "2026-11-21T09:00:00Z",
            "--dry-run", history: history)
        #expect(left.output.contains("leave"))
        #expect(left.output.contains("it has a run already (failed)"))
        #expect(history.read { $0.submitted }.isEmpty)
        let none = await CommandLineHarness.run(
            "dag", "backfill", "candles", "--from", "2025-11-21", "--to", "2025-11-22", "--dry-run", history: history)
        #expect(none.errors.contains("has no logical date"))
    }

    @Test("the dry run goes backwards when asked to, and ends with what is due")
    func previewBackwards() async throws {
        let history = try Self.history()
        let range = ["--from", "2026-11-21T07:00:00Z", "--to", "2026-12-24"]
        let outcome = await CommandLineHarness.run(
            "dag", "backfill", "candles", range[0], range[1], range[2], range[3], "--backwards", "--dry-run", "-o",
            "json", history: history)
        let dates = outcome.json["dates"]?.arrayValue?.compactMap { $0["logical_date"]?.stringValue }
        #expect(dates == (7...10).reversed().map { "2026-11-21T\($0 < 10 ? "0" : "")\($0):00:00Z" })
        #expect(outcome.json["last_due"] == "2026-11-21T10:00:00Z")
        #expect(outcome.json["run_backwards"] == true)
        let text = await CommandLineHarness.run(
            "dag", "backfill", "candles", range[0], range[1], range[2], range[3], "--dry-run", history: history)
        #expect(text.output.contains("the backfill ends with 2026-11-21T10:00:00Z: later logical dates are not due"))
        let none = await CommandLineHarness.run(
            "dag", "backfill", "candles", "--from", "2026-11-22", "--to", "2026-11-23", "--dry-run", history: history)
        #expect(none.code == 1)
        #expect(none.errors.contains("is due yet"))
    }

    @Test("a followed backfill draws a bar, its rate and its end")
    func follow() async throws {
        func backfill(_ created: Int, ended: Bool = false) -> BackfillRecord {
            BackfillRecord(
                id: BackfillID(rawValue: 7), dag: DAGID("candles"), from: Samples.time("2026-11-01"),
                to: Samples.time("2026-11-05"), reprocess: .none, maxActive: 4, conf: .object([:]),
                state: ended ? .completed : .running, total: 100, created: created,
                createdAt: CommandLineHarness.now - .seconds(10), endedAt: ended ? CommandLineHarness.now : nil,
                triggeredBy: "me")
        }
        let history = try Self.history { state in
            state.backfills[BackfillID(rawValue: 7)] = [backfill(50), backfill(50), backfill(100, ended: true)]
        }
        let outcome = await CommandLineHarness.run(
            "backfill", "show", "7", "--follow", history: history, showsProgress: true)
        #expect(outcome.code == 0)
        let bar = String(repeating: "█", count: 12) + String(repeating: "·", count: 12)
        #expect(outcome.errors.contains("[\(bar)] 50 of 100, 5 a second, done in 10s (2026-11-21T10:00:10Z)"))
        #expect(outcome.output.contains("completed"))
    }

    @Test("db prune asks in batches until nothing is left, and shows what would go")
    func prune() async throws {
        let history = try Self.history { $0.answer = .changed(count: 3, names: []) }
        let outcome = await CommandLineHarness.prune(["--keep-runs-for", "30d"], history: history)
        #expect(outcome.output == "3 runs forgotten\n")
        let rule = RetentionRule(endedBefore: CommandLineHarness.now - .seconds(30 * 86_400), keptRuns: 50_000)
        #expect(history.read { $0.submitted } == [.prune(rule, limit: 500)])
        let dry = await CommandLineHarness.prune(["--dry-run", "--output", "json"], history: history)
        #expect(dry.json["count"] == 0)
        #expect(await CommandLineHarness.prune(["--keep-runs", "few"], history: history).code == 2)
    }

    @Test("config show names every setting's value and origin, and no password")
    func config() async throws {
        let outcome = await CommandLineHarness.run(
            "config", "show", "--keep-runs", "10", "-o", "json",
            variables: [
                "CRYPTOFLOW_DATABASE_URL": "postgresql://me:hush@db:5432/flow?sslpassword=hush",
                "CRYPTOFLOW_CONN_SHOP": "postgresql://a:hush@shop/db", "CRYPTOFLOW_KEEP_LOGS_FOR": "2d",
            ])
        #expect(outcome.code == 0)
        #expect(!outcome.output.contains("hush"))
        func setting(_ name: String) -> JSONValue? {
            outcome.json.arrayValue?.first { $0["name"]?.stringValue == name }
        }
        #expect(setting("database")?["origin"] == "environment")
        #expect(setting("database")?["source"] == "CRYPTOFLOW_DATABASE_URL")
        #expect(setting("keep_runs")?["value"] == "10")
        #expect(setting("keep_runs")?["origin"] == "option")
        #expect(setting("keep_logs_for")?["value"] == "2d")
        #expect(setting("keep_runs_for")?["origin"] == "default")
        #expect(setting("connection shop")?["value"] == "postgresql://a:***@shop/db")
    }

    @Test("config check says what is wrong with a setting, and warns of one that nothing reads")
    func check() async throws {
        let outcome = await CommandLineHarness.run(
            "config", "check", "-o", "json",
            variables: ["CRYPTOFLOW_KEEP_RUNS": "many", "CRYPTOFLOW_HOMME": "/srv"])
        #expect(outcome.code == 1)
        #expect(outcome.json["is_right"] == false)
        let checks = outcome.json["checks"]?.arrayValue ?? []
        #expect(checks.first { $0["name"] == "keep_runs" }?["state"] == "problem")
        #expect(checks.first { $0["name"] == "environment" }?["advice"] == "did you mean CRYPTOFLOW_HOME?")
    }

    private static func encoded(_ command: Command) throws -> String {
        String(decoding: try JSONEncoder().encode(command), as: UTF8.self)
    }

    private static func decoded(_ text: String) throws -> Command {
        try JSONDecoder().decode(Command.self, from: Data(text.utf8))
    }
}
