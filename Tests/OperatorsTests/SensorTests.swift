import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import LoopbackHTTP
import Synchronization
import TestSupport
import Testing
import Timetables

/// A history that says what a test wants.
private final class FakeRuns: RunInquiry {
    let state = Mutex(RunState.running)
    let keys = Mutex<[String]>([])
    let answer: RunAnswer

    init(_ answer: RunAnswer = .made(runID: "made")) { self.answer = answer }

    func standing(of dag: DAGID, logicalDate: Timestamp) async throws -> RunStanding? {
        RunStanding(runID: "r", state: state.withLock { $0 }, tasks: [TaskID("load"): .success])
    }

    func standing(of dag: DAGID, runID: String) async throws -> RunStanding? {
        RunStanding(runID: runID, state: state.withLock { $0 }, tasks: [:])
    }

    func tasks(of dag: DAGID) async throws -> Set<TaskID>? { dag.rawValue == "other" ? [TaskID("load")] : nil }

    let events = Mutex<[AssetEventFacts]>([])
    let queries = Mutex<[AssetEventQuery]>([])

    func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventFacts] {
        queries.withLock { $0.append(query) }
        return events.withLock { $0 }
    }

    func request(_ request: RunRequest, key: String) async throws -> RunAnswer {
        keys.withLock { $0.append(key) }
        return answer
    }
}

@Suite("Branches and short circuits", .timeLimit(.minutes(1))) struct BranchOperatorTests {
    @Test("follow tasks directly below, by name or by a condition")
    func branch() async throws {
        let fixture = try Workshop()
        #expect(await fixture.run("branch", ["follow": "next"]).skips == .allBut([TaskID("next")]))
        #expect(await fixture.run("branch", ["follow": []]).skips == .allBut([]))
        let chosen = await fixture.run("branch", ["condition": "false", "if_true": "next", "if_false": []])
        #expect(chosen.skips == .allBut([]))
        let wrong = await fixture.run("branch", ["follow": ["nxt"]])
        #expect(wrong.state == .failed && !wrong.isRetryable)
        #expect(wrong.reason?.contains("these do: next") == true)
    }

    @Test("a short circuit reads texts of templates as conditions", arguments: ["", "False", "0", "none", " no "])
    func falseWords(word: String) async throws {
        let fixture = try Workshop()
        #expect(await fixture.run("short_circuit", ["condition": .string(word)]).skips == .everything)
        let soft = await fixture.run(
            "short_circuit", ["condition": .string(word), "ignore_downstream_trigger_rules": false])
        #expect(soft.skips == .direct)
        #expect(await fixture.run("short_circuit", ["condition": "yes"]).skips == nil)
    }
}

@Suite("Latest only", .timeLimit(.minutes(1))) struct LatestOnlyTests {
    private static let hour: Int64 = 3_600

    /// The last full hour, and how many hours before it a run was due.
    @Test(
        "skips the next tasks in every run of the schedule but the newest",
        arguments: [(RunType.scheduled, 0, true), (.scheduled, 5, false), (.backfill, 5, false), (.manual, 5, true)])
    func newest(type: RunType, hoursBack: Int64, isLatest: Bool) async throws {
        let fixture = try Workshop()
        // A year ahead of its last instant, so that no clock can pass the next one in between.
        let yearly = try Timetable.cronTrigger(CronTrigger([CronSchedule(parsing: "0 0 1 1 *")]))
        let hourly = try Timetable.cronTrigger(CronTrigger([CronSchedule(parsing: "0 * * * *")]))
        let runAfter = Timestamp.now() - .seconds(hoursBack * Self.hour)
        let end = await fixture.run(
            "latest_only", [:], timetable: hoursBack == 0 ? yearly : hourly, type: type, runAfter: runAfter)
        #expect(end.state == .success)
        #expect(end.skips == (isLatest ? nil : .direct))
        #expect(fixture.log.contains(isLatest ? "this is the latest run" : "not the latest run: the next was due at"))
    }

    @Test("takes every run of a DAG without a schedule for the newest")
    func unscheduled() async throws {
        let end = try await Workshop().run("latest_only", [:], type: .assetTriggered)
        #expect(end.state == .success && end.skips == nil)
    }
}

@Suite("SQL decisions", .database, .timeLimit(.minutes(1))) struct SQLDecisionTests {
    private func workshop() throws -> Workshop {
        try Workshop(connections: ["CRYPTOFLOW_CONN_DB": try #require(TestDatabase.url)])
    }

    private func branch(_ query: String) -> [String: JSONValue] {
        [
            "conn_id": "db", "sql": .string(query), "follow_task_ids_if_true": "next",
            "follow_task_ids_if_false": [],
        ]
    }

    @Test(
        "branch_sql follows by the first value of the first row",
        arguments: [
            ("true", true), ("1 = 2", false), ("3", true), ("0", false), ("0.0::numeric", false), ("'yes'", true),
            ("'Off'", false), ("'0'", false), ("'2'", true), ("NULL", false), ("0, true", false),
            ("x FROM (VALUES (true), (false)) AS t (x)", true),
        ])
    func branches(query: String, isTrue: Bool) async throws {
        let end = try await workshop().run("branch_sql", branch("SELECT \(query)"))
        #expect(end.state == .success, "\(end)")
        #expect(end.skips == .allBut(isTrue ? [TaskID("next")] : []))
    }

    @Test("branch_sql says what it cannot decide by")
    func undecided() async throws {
        let workshop = try workshop()
        let none = await workshop.run("branch_sql", branch("SELECT 1 WHERE false"))
        #expect(none.state == .failed && none.reason?.contains("no row") == true, "\(none)")
        let word = await workshop.run("branch_sql", branch("SELECT 'perhaps'"))
        #expect(word.state == .failed && !word.isRetryable, "\(word)")
        #expect(word.reason?.contains("neither true nor false") == true, "\(word)")
        var stray = branch("SELECT true")
        stray["follow_task_ids_if_true"] = "elsewhere"
        let wrong = await workshop.run("branch_sql", stray)
        #expect(wrong.reason?.contains("\"elsewhere\" cannot be followed") == true, "\(wrong)")
        var bound = branch("SELECT %(n)s > 1")
        bound["parameters"] = ["n": 2]
        #expect(await workshop.run("branch_sql", bound).skips == .allBut([TaskID("next")]))
        let nowhere = await workshop.run("branch_sql", branch("SELECT true").filter { $0.key != "conn_id" })
        #expect(nowhere.reason?.contains("conn_id") == true && !nowhere.isRetryable, "\(nowhere)")
    }

    @Test(
        "sql_sensor waits while the first value is nothing, empty, 0 or false",
        arguments: [
            ("SELECT 1 WHERE false", false), ("SELECT NULL", false), ("SELECT 0", false), ("SELECT false", false),
            ("SELECT ''", false), ("SELECT '0'", false), ("SELECT 0.00::numeric", false), ("SELECT 0.0::float8", false),
            ("SELECT count(*) FROM (SELECT) AS t", true), ("SELECT 'false'", true), ("SELECT true, 0", true),
            ("SELECT 0.5::numeric", true),
        ])
    func sensor(query: String, holds: Bool) async throws {
        let before = Timestamp.now()
        let end = try await workshop().run(
            "sql_sensor", ["conn_id": "db", "sql": .string(query), "poke_interval": "10s"])
        if holds {
            #expect(end.state == .success, "\(end)")
        } else {
            #expect(end.deferral.map { $0.isPoll && $0.until >= before + .seconds(10) } == true, "\(end)")
        }
    }

    @Test("sql_sensor fails at once for a query that is wrong, and for no row when asked to")
    func failures() async throws {
        let workshop = try workshop()
        let empty = await workshop.run(
            "sql_sensor", ["conn_id": "db", "sql": "SELECT 1 WHERE false", "fail_on_empty": true])
        #expect(empty.state == .failed && empty.reason?.contains("fail_on_empty") == true, "\(empty)")
        let wrong = await workshop.run("sql_sensor", ["conn_id": "db", "sql": "SELEC 1"])
        #expect(wrong.state == .failed && wrong.deferral == nil, "\(wrong)")
        let late = await workshop.run(
            "sql_sensor", ["conn_id": "db", "sql": "SELECT 0", "timeout": "1m"], startedAt: .now() - .seconds(61))
        #expect(late.state == .failed && late.failureKind == .timeout && !late.isRetryable, "\(late)")
    }
}

@Suite("HTTP sensor", .timeLimit(.minutes(1))) struct HTTPSensorTests {
    @Test("waits while the answer is another, and while there is none")
    func answers() async throws {
        let status = Mutex(503)
        let server = try LoopbackServer { request in
            [.reply(status.withLock { $0 }, text: "{\"state\": \"\(request.method) \(request.target)\"}")]
        }
        let workshop = try Workshop(connections: ["CRYPTOFLOW_CONN_HTTP_DEFAULT": server.url + "/base"])
        let arguments: [String: JSONValue] = [
            "endpoint": "ready", "request_params": ["q": 1],
            "response_check": ["json": ["state": "GET /base/ready?q=1"]], "poke_interval": "20s",
        ]
        let before = Timestamp.now()
        let waiting = await workshop.run("http_sensor", arguments)
        #expect(waiting.deferral.map { $0.isPoll && $0.until >= before + .seconds(20) } == true, "\(waiting)")
        status.withLock { $0 = 200 }
        #expect(await workshop.run("http_sensor", arguments).state == .success)
        let other = arguments.merging(["response_check": ["json": ["state": "never"]]]) { $1 }
        #expect(await workshop.run("http_sensor", other).deferral != nil)
        // An answer that another try would get as well is waited for all the same.
        status.withLock { $0 = 404 }
        #expect(await workshop.run("http_sensor", arguments).deferral != nil)
        server.stop()
        #expect(await workshop.run("http_sensor", arguments).deferral != nil)
    }

    @Test("fails for what cannot be asked, and at its timeout")
    func failures() async throws {
        let workshop = try Workshop()
        let unknown = await workshop.run("http_sensor", ["endpoint": "x", "http_conn_id": "nobody"])
        #expect(unknown.state == .failed && unknown.deferral == nil, "\(unknown)")
        let late = await workshop.run(
            "http_sensor", ["url": "http://127.0.0.1:1/", "timeout": "30s", "soft_fail": true],
            startedAt: .now() - .seconds(40))
        #expect(late.state == .skipped, "\(late)")
    }
}

@Suite("Sensors", .timeLimit(.minutes(1))) struct SensorTests {
    private static func event(_ from: Int64, _ to: Int64, extra: JSONValue = [:]) -> AssetEventFacts {
        AssetEventFacts(
            asset: "prices", at: Timestamp(seconds: to), sourceDAG: DAGID("make"), sourceTask: TaskID("write"),
            sourceMapIndex: -1,
            interval: DataInterval(start: Timestamp(seconds: from), end: Timestamp(seconds: to)), extra: extra)
    }

    @Test("an asset sensor waits for events since an instant, with the members that are asked for")
    func asset() async throws {
        let runs = FakeRuns()
        let fixture = try Workshop(runs: runs)
        let arguments: [String: JSONValue] = [
            "name": "prices", "after": "2026-01-01T09:00:00+09:00", "extra": ["quality": "good"],
        ]
        var end = await fixture.run("asset_sensor", arguments)
        #expect(end.deferral?.isPoll == true)
        #expect(end.reason == "asset \"prices\" has 0 of 1 events")
        #expect(
            runs.queries.withLock { $0 } == [
                AssetEventQuery(
                    asset: "prices", after: Timestamp(iso8601: "2026-01-01T00:00:00Z"), before: nil, isAscending: true,
                    limit: 1_000)
            ])
        runs.events.withLock { $0 = [Self.event(0, 10, extra: ["quality": "bad"])] }
        end = await fixture.run("asset_sensor", arguments)
        #expect(end.deferral != nil)
        runs.events.withLock { $0.append(Self.event(0, 10, extra: ["quality": "good", "rows": 3])) }
        end = await fixture.run("asset_sensor", arguments)
        #expect(end.state == .success)
        #expect(end.output?.arrayValue?.count == 1)
        #expect(end.output?.arrayValue?.first?["source_dag_id"] == "make")
        let exact = await fixture.run(
            "asset_sensor", ["name": "prices", "expected_count": 1, "count_policy": "exact"])
        #expect(exact.deferral != nil)
        let impossible = await fixture.run("asset_sensor", ["name": "prices", "expected_count": 3, "limit": 2])
        #expect(impossible.state == .failed && !impossible.isRetryable)
    }

    @Test("an asset sensor can wait until the events together cover the run's interval")
    func coverage() async throws {
        let runs = FakeRuns()
        let interval = DataInterval(start: Timestamp(seconds: 100), end: Timestamp(seconds: 200))
        let fixture = try Workshop(runs: runs)
        runs.events.withLock { $0 = [Self.event(150, 300), Self.event(50, 120)] }
        func run() async -> AttemptEnd {
            await fixture.run("asset_sensor", ["name": "prices", "covers_interval": true], interval: interval)
        }
        var end = await run()
        #expect(end.reason == "the events of asset \"prices\" do not cover 1970-01-01T00:02:00Z yet")
        runs.events.withLock { $0.append(Self.event(110, 150)) }
        end = await run()
        #expect(end.state == .success)
        let without = await fixture.run("asset_sensor", ["name": "prices", "covers_interval": true])
        #expect(without.state == .failed && !without.isRetryable)
    }

    @Test("wait without a slot until a file is there")
    func file() async throws {
        let fixture = try Workshop()
        let folder = "/tmp/cryptoflow-sensor-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let arguments: [String: JSONValue] = ["filepath": .string("\(folder)/*.csv"), "poke_interval": "30s"]
        let before = Timestamp.now()
        let waiting = await fixture.run("file_sensor", arguments)
        let deferral = try #require(waiting.deferral)
        #expect(deferral.isPoll && deferral.until >= before + .seconds(30))
        try Data("x".utf8).write(to: URL(filePath: "\(folder)/a.csv"))
        let found = await fixture.run("file_sensor", arguments)
        #expect(found.state == .success && found.output == .string("\(folder)/a.csv"))
    }

    @Test("give up at their timeout, counted from the try's beginning, and are not tried again")
    func timeout() async throws {
        let fixture = try Workshop()
        let arguments: [String: JSONValue] = ["filepath": "/nowhere/at/all", "timeout": "1h"]
        let early = await fixture.run("file_sensor", arguments, startedAt: .now() - .seconds(3_590))
        #expect(early.deferral.map { $0.until <= .now() + .seconds(10) } == true)
        let late = await fixture.run("file_sensor", arguments, startedAt: .now() - .seconds(3_600))
        #expect(late.state == .failed && !late.isRetryable && late.failureKind == .timeout)
        let soft = await fixture.run(
            "file_sensor", arguments.merging(["soft_fail": true]) { $1 }, startedAt: .now() - .seconds(3_600))
        #expect(soft.state == .skipped)
    }

    @Test("know the instant they wait for")
    func instants() async throws {
        let fixture = try Workshop()
        let target = Timestamp.now() + .seconds(3_600)
        let end = await fixture.run("date_time_sensor", ["target_time": .string(target.iso8601)])
        #expect(end.deferral == Deferral(until: target, isPoll: false))
        #expect(await fixture.run("date_time_sensor", ["target_time": "2020-01-01T00:00:00Z"]).state == .success)
        #expect(await fixture.run("time_delta_sensor", ["delta": "5m"]).state == .success)
        let wrong = await fixture.run("time_sensor", ["target_time": "25:00"])
        #expect(wrong.state == .failed && !wrong.isRetryable)
    }

    @Test("wait for other DAGs' runs and tasks")
    func external() async throws {
        let runs = FakeRuns()
        let fixture = try Workshop(runs: runs)
        let date: JSONValue = "2026-01-01T00:00:00Z"
        let run: [String: JSONValue] = ["external_dag_id": "other", "logical_date": date]
        #expect(await fixture.run("external_task_sensor", run).deferral != nil)
        let task = run.merging(["external_task_id": "load", "check_existence": true]) { $1 }
        #expect(await fixture.run("external_task_sensor", task).state == .success)
        runs.state.withLock { $0 = .failed }
        let failed = run.merging(["failed_states": ["failed"]]) { $1 }
        #expect(await fixture.run("external_task_sensor", failed).state == .failed)
        let unknown = run.merging(["external_task_id": "lod", "check_existence": true]) { $1 }
        #expect(await fixture.run("external_task_sensor", unknown).reason?.contains("no task \"lod\"") == true)
    }

    @Test("a triggered run is asked for under one key, and waited for without a slot")
    func trigger() async throws {
        let runs = FakeRuns()
        let fixture = try Workshop(runs: runs)
        let arguments: [String: JSONValue] = ["trigger_dag_id": "other", "wait_for_completion": true]
        #expect(await fixture.run("trigger_dag_run", arguments).deferral != nil)
        runs.state.withLock { $0 = .success }
        let end = await fixture.run("trigger_dag_run", arguments, attempt: 8)
        #expect(end.state == .success && end.output == "made")
        #expect(Set(runs.keys.withLock { $0 }).count == 1)
        let refusing = try Workshop(runs: FakeRuns(.refused("DAG \"other\" already has run \"x\" (success)")))
        let skipping = arguments.merging(["skip_when_already_exists": true]) { $1 }
        #expect(await refusing.run("trigger_dag_run", skipping).state == .skipped)
        #expect(await refusing.run("trigger_dag_run", arguments).state == .failed)
    }
}
