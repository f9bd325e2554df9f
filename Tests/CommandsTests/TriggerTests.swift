import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing

@Suite("dag trigger and dag backfill", .timeLimit(.minutes(1))) struct TriggerTests {
    typealias Harness = CommandLineHarness

    private static let id = DAGID("candles_1h")

    private func history(
        _ states: [RunState], tasks: [TaskStatus] = [], change: (inout FakeHistory.State) throws -> Void = { _ in }
    ) throws -> FakeHistory {
        var state = FakeHistory.State()
        state.dags = [try Samples.dag("candles_1h"), try Samples.dag("ticker_24h", isPaused: true)]
        state.runs["m1"] = try states.map { try Samples.detail("candles_1h", "m1", $0, tasks: tasks) }
        state.answer = .run(dag: Self.id, runID: "m1", key: RunKey(rawValue: 1))
        try change(&state)
        return FakeHistory { $0 = state }
    }

    @Test("the logical date is now unless another or none is asked for")
    func logicalDate() async throws {
        let fake = try history([.queued])
        _ = await Harness.run("dag", "trigger", "candles_1h", history: fake)
        _ = await Harness.run(
            "dag", "trigger", "candles_1h", "--logical-date", "2026-01-01", "--run-id", "mine", "--conf",
            #"{"a": [1]}"#,
            history: fake)
        _ = await Harness.run("dag", "trigger", "candles_1h", "--no-logical-date", history: fake)
        _ = await Harness.run(
            "dag", "trigger", "candles_1h", "--no-logical-date", "--run-after", "2026-02-01T09:00:00+09:00",
            history: fake)
        #expect(
            fake.read { $0.submitted } == [
                .trigger(dag: Self.id, runID: nil, logicalDate: Harness.now, conf: .object([:])),
                .trigger(dag: Self.id, runID: "mine", logicalDate: Samples.time("2026-01-01"), conf: ["a": [1]]),
                .trigger(dag: Self.id, runID: nil, logicalDate: nil, conf: .object([:])),
                .trigger(
                    dag: Self.id, runID: nil, logicalDate: nil, conf: .object([:]),
                    runAfter: Samples.time("2026-02-01")),
            ])
        #expect(fake.read { Set($0.actors) } == ["tester"])
    }

    @Test("without --wait the run is reported as it stands")
    func plain() async throws {
        let outcome = await Harness.run(
            "dag", "trigger", "candles_1h", "--output", "json", history: try history([.queued]))
        #expect(outcome.code == 0)
        #expect(outcome.json["run_id"] == "m1")
        #expect(outcome.json["state"] == "queued")
    }

    @Test("--wait ends in 0 only if the run succeeded", arguments: [(RunState.success, Int32(0)), (.failed, 1)])
    func wait(end: RunState, code: Int32) async throws {
        let tasks = [
            Samples.task("fetch", end == .success ? .success : .failed, tries: [.failed], reason: "exit code 3")
        ]
        let fake = try history([.queued, .running, .running, end], tasks: tasks)
        let outcome = await Harness.run("dag", "trigger", "candles_1h", "--wait", "--output", "json", history: fake)
        #expect(outcome.code == code)
        #expect(outcome.json["state"] == .string(end.rawValue))
        if end == .failed {
            #expect(outcome.errors.contains("task \"fetch\": exit code 3"))
            #expect(outcome.errors.contains("cryptoflow task logs candles_1h 'm1' fetch"))
        }
    }

    @Test("progress is one line that is written over and taken away")
    func progress() async throws {
        let fake = try history(
            [.running, .success], tasks: [Samples.task("fetch", .running, tries: [.failed, .running])])
        let outcome = await Harness.run("dag", "trigger", "candles_1h", "--wait", history: fake, showsProgress: true)
        #expect(outcome.errors.contains("\r\u{1B}[2Krun m1 running, 0 of 1 tasks done, running: fetch (try 2)"))
        #expect(outcome.errors.hasSuffix("\r\u{1B}[2K"))
        #expect(outcome.output == "run m1 of DAG candles_1h ended in success after 12s 500ms\n")
    }

    @Test("a run that does not end in time ends the wait in 3")
    func timeout() async throws {
        let outcome = await Harness.run(
            "dag", "trigger", "candles_1h", "--wait", "--timeout", "1ms", history: try history([.running]))
        #expect(outcome.code == 3)
        #expect(outcome.errors.contains("has not ended within 1ms\n"))
        #expect(outcome.output == "run m1 of DAG candles_1h is running\n")
        let json = await Harness.run(
            "dag", "trigger", "candles_1h", "--wait", "--timeout", "1ms", "-o", "json",
            history: try history([.running]))
        #expect(json.json["run_id"] == "m1")
    }

    @Test("without a scheduler the command waits in the queue and says so")
    func noLeader() async throws {
        let fake = try history([]) { state in
            state.isLed = false
            state.answer = nil
        }
        let plain = await Harness.run("dag", "trigger", "candles_1h", "--output", "json", history: fake)
        #expect(plain.code == 0)
        #expect(plain.json == ["command_id": 1, "dag_id": "candles_1h", "state": "waiting"])
        #expect(plain.errors.contains("no scheduler is running"))
        let waiting = await Harness.run("dag", "trigger", "candles_1h", "--wait", "--timeout", "1s", history: fake)
        #expect(waiting.code == 4)
        #expect(waiting.errors.contains("no scheduler took command 2 within 1s"))
    }

    @Test("a refusal ends in 1 with the scheduler's reason")
    func refused() async throws {
        let fake = try history([]) { $0.answer = .refused("DAG \"candles_1h\" already has run \"m1\"") }
        let outcome = await Harness.run("dag", "trigger", "candles_1h", history: fake)
        #expect(outcome.code == 1)
        #expect(outcome.errors == "error: DAG \"candles_1h\" already has run \"m1\"\n")
        #expect(fake.read { $0.closings } == 1)
    }

    @Test("a paused DAG's run is said to wait")
    func paused() async throws {
        let fake = try history([]) { state in
            state.runs["m2"] = [try Samples.detail("ticker_24h", "m2", .queued)]
            state.answer = .run(dag: DAGID("ticker_24h"), runID: "m2", key: RunKey(rawValue: 2))
        }
        let outcome = await Harness.run("dag", "trigger", "ticker_24h", history: fake)
        #expect(outcome.code == 0)
        #expect(outcome.errors.contains("is paused: the run waits for `cryptoflow dag unpause ticker_24h`"))
    }

    @Test(
        "contradictions on the command line end in 2",
        arguments: [
            ["--logical-date", "2026-01-01", "--no-logical-date"], ["--timeout", "5s"], ["--conf", "[1]"],
            ["--conf", "{"],
            ["--wait", "--timeout", "soon"], ["--logical-date", "noon"],
        ])
    func usage(arguments: [String]) async throws {
        let fake = try history([.queued])
        let padded = arguments + Array(repeating: "--wait", count: 0)
        let outcome =
            switch padded.count {
            case 2: await Harness.run("dag", "trigger", "candles_1h", padded[0], padded[1], history: fake)
            default: await Harness.run("dag", "trigger", "candles_1h", padded[0], padded[1], padded[2], history: fake)
            }
        #expect(outcome.code == 2)
        #expect(fake.read { $0.submitted.isEmpty })
    }

    @Test("a backfill prints its number and how many logical dates it has")
    func backfill() async throws {
        let fake = try history([]) { state in
            state.answer = .backfill(BackfillID(rawValue: 7), total: 25)
            state.backfills[BackfillID(rawValue: 7)] = [
                Samples.backfill(7, "candles_1h", .running, created: 0, isOver: false)
            ]
        }
        let outcome = await Harness.run(
            "dag", "backfill", "candles_1h", "--from", "2026-11-01", "--to", "2026-11-02T00:00:00Z", "--reprocess",
            "completed",
            "--max-active", "3", history: fake)
        #expect(outcome.code == 0)
        #expect(outcome.output == "backfill 7 of DAG candles_1h: 25 logical dates\n")
        #expect(
            fake.read { $0.submitted } == [
                .backfill(
                    dag: Self.id, from: Samples.time("2026-11-01"), to: Samples.time("2026-11-02"),
                    reprocess: .completed,
                    maxActive: 3, conf: .object([:]))
            ])
    }

    @Test("a backfill that was just begun has the same keys in JSON as one that is shown")
    func backfillKeys() async throws {
        let fake = try history([]) { state in
            state.answer = .backfill(BackfillID(rawValue: 7), total: 25)
            state.backfills[BackfillID(rawValue: 7)] = [
                Samples.backfill(7, "candles_1h", .running, created: 1, isOver: false)
            ]
            state.runList = [Samples.run("candles_1h", "b1", .running, backfill: 7)]
        }
        let begun = await Harness.run(
            "dag", "backfill", "candles_1h", "--from", "2026-11-01", "--to", "2026-11-02", "-o", "json", history: fake)
        #expect(begun.json["active"] == 1)
        let list = await Harness.run("backfill", "list", "-o", "json", history: fake)
        #expect(begun.json == list.json.arrayValue?.first)
    }

    @Test(
        "a waited-for backfill fails when one of its runs did", arguments: [(RunState.success, Int32(0)), (.failed, 1)])
    func backfillWait(end: RunState, code: Int32) async throws {
        let fake = try history([]) { state in
            state.answer = .backfill(BackfillID(rawValue: 7), total: 25)
            state.backfills[BackfillID(rawValue: 7)] = [
                Samples.backfill(7, "candles_1h", .running, created: 3, isOver: false),
                Samples.backfill(7, "candles_1h", .completed, created: 24, isOver: true),
            ]
            state.runList = [Samples.run("candles_1h", "b1", end, backfill: 7)]
        }
        let outcome = await Harness.run(
            "dag", "backfill", "candles_1h", "--from", "2026-11-01", "--to", "2026-11-02", "--wait", "-o", "json",
            history: fake)
        #expect(outcome.code == code)
        #expect(outcome.json["state"] == "completed")
        #expect(outcome.json["succeeded"] == .int(end == .success ? 1 : 0))
        #expect(outcome.json["failed"] == .int(end == .failed ? 1 : 0))
        #expect(outcome.json["active"] == 0)
        if code == 1 { #expect(outcome.errors.contains("1 run of backfill 7 failed")) }
    }

    @Test("a backfill that ends before it begins is refused at once")
    func backwards() async throws {
        let outcome = await Harness.run(
            "dag", "backfill", "candles_1h", "--from", "2026-11-02", "--to", "2026-11-01", history: try history([]))
        #expect(outcome.code == 2)
    }
}
