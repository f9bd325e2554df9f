import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import Synchronization
import Testing

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
