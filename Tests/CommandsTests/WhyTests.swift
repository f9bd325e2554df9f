import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing

@Suite("why") struct WhyTests {
    @Test("a schedule waits for its next instant")
    func due() async throws {
        let dag = try Samples.dag("candles")
        let outcome = await why("candles", history: FakeHistory { $0.dags = [dag] })
        #expect(outcome.code == 0)
        #expect(outcome.json["blocking"]?["name"]?.stringValue == "due")
        #expect(outcome.json["blocking"]?["until"]?.stringValue == "2026-11-21T11:00:00Z")
    }

    @Test("a paused DAG says so, with the command that helps")
    func paused() async throws {
        let dag = try Samples.dag("candles", isPaused: true)
        let outcome = await why("candles", history: FakeHistory { $0.dags = [dag] })
        #expect(outcome.json["blocking"]?["name"]?.stringValue == "not_paused")
        #expect(outcome.json["blocking"]?["advice"]?.stringValue == "cryptoflow dag unpause candles")
    }

    @Test("without a scheduler nothing runs")
    func unled() async throws {
        let dag = try Samples.dag("candles")
        let outcome = await why(
            "candles",
            history: FakeHistory {
                $0.dags = [dag]
                $0.isLed = false
            })
        #expect(outcome.json["blocking"]?["name"]?.stringValue == "scheduler")
    }

    @Test("a DAG without a schedule runs by hand only")
    func byHand() async throws {
        let dag = try Samples.dag("report", cron: nil)
        let outcome = await why("report", history: FakeHistory { $0.dags = [dag] })
        #expect(outcome.json["blocking"]?["name"]?.stringValue == "schedule")
    }

    @Test("a queued run is held back by those under way")
    func queued() async throws {
        let dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.maxActiveRuns = 1
        let run = Samples.run("candles", "r2", .queued, key: 2)
        let detail = RunDetail(run: run, definition: definition, versionNumber: 1, tasks: [])
        let outcome = await why(
            "candles", "r2",
            history: FakeHistory {
                $0.dags = [dag]
                $0.runs = ["r2": [detail]]
                $0.runList = [Samples.run("candles", "r1", .running), run]
            })
        #expect(outcome.json["blocking"]?["name"]?.stringValue == "run_after")
        let conditions = outcome.json["conditions"]?.arrayValue ?? []
        let slots = conditions.first { $0["name"]?.stringValue == "max_active_runs" }
        #expect(slots?["state"]?.stringValue == "blocks")
        #expect(slots?["advice"]?.stringValue == "cryptoflow why candles 'r1'")
    }

    @Test("a task waits for the run before it", arguments: [TaskState.failed, .success])
    func past(state: TaskState) async throws {
        let dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.tasks[0].dependsOnPast = true
        let detail = RunDetail(
            run: Samples.run("candles", "r2", .running, key: 2), definition: definition, versionNumber: 1,
            tasks: [Samples.task("fetch", .none)])
        let before = Samples.run("candles", "r1", .running)
        let task = TaskInstanceRecord(
            instance: TaskInstanceKey(run: before.key, task: definition.tasks[0].id), state: state, tryNumber: 1,
            maxTries: 0)
        let outcome = await why(
            "candles", "r2", "fetch",
            history: FakeHistory {
                $0.dags = [dag]
                $0.runs = ["r2": [detail]]
                $0.previous = StoredRun(run: before, tasks: [task])
            })
        let condition = outcome.json["conditions"]?.arrayValue?.first { $0["name"]?.stringValue == "depends_on_past" }
        #expect(condition?["state"]?.stringValue == (state == .failed ? "blocks" : "holds"))
        #expect((outcome.json["blocking"]?["name"]?.stringValue == "depends_on_past") == (state == .failed))
        if state == .failed {
            #expect(condition?["advice"]?.stringValue == "cryptoflow why candles 'r1' fetch")
            #expect(condition?["detail"]?.stringValue?.contains("it is failed") == true)
        }
    }

    @Test("a deadline by the average runtime says of how many runs it is, or how many there are too few")
    func averageRuntime() async throws {
        let dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.deadlines = [
            Deadline(reference: .averageRuntime(maximumRuns: 10, minimumRuns: 2), interval: .seconds(60)),
            Deadline(reference: .averageRuntime(), interval: .zero),
        ]
        var run = Samples.run("candles", "r1", .running)
        let durations = [Duration.seconds(90), .seconds(30)]
        run.averageRuntimes = [
            AverageRuntime(position: 0, durations: durations, maximumRuns: 10, minimumRuns: 2),
            AverageRuntime(position: 1, durations: durations, maximumRuns: 10, minimumRuns: 10),
        ]
        let detail = RunDetail(run: run, definition: definition, versionNumber: 1, tasks: [])
        let history = FakeHistory {
            $0.dags = [Samples.detail(dag, definition)]
            $0.runs = ["r1": [detail]]
        }
        let outcome = await why("candles", "r1", history: history)
        let told = (outcome.json["conditions"]?.arrayValue ?? []).filter { $0["name"] == "deadline" }
            .compactMap { $0["detail"]?.stringValue }
        let deadline = (run.queuedAt + .seconds(120)).iso8601
        #expect(
            told == [
                "its deadline is \(deadline) (average_runtime); 2 successful runs before it took 1m on average",
                "it has no deadline by average_runtime: 2 successful runs before it, 10 needed",
            ])
        let shown = await CommandLineHarness.run("run", "show", "candles", "r1", "--output", "json", history: history)
        let shapes = shown.json["deadlines"]?.arrayValue ?? []
        #expect(shapes.count == 1)
        #expect(shapes.first?["average_runtime"] == 60.0)
        #expect(shapes.first?["averaged_runs"] == 2)
        let missing = shown.json["missing_averages"]?.arrayValue ?? []
        #expect(missing.count == 1)
        #expect(missing.first?["averaged_runs"] == 2)
        #expect(missing.first?["min_runs"] == 10)
        let text = await CommandLineHarness.run("run", "show", "candles", "r1", history: history)
        #expect(text.output.contains("none: 2 successful runs before it, 10 needed"))
        let whole = await CommandLineHarness.run("dag", "show", "candles", history: history)
        #expect(whole.output.contains("average_runtime of the last 2 to 10 successful runs + 1m"))
    }

    @Test("a task waits for its upstream, a running one for its end")
    func tasks() async throws {
        let dag = try Samples.dag("candles")
        let detail = RunDetail(
            run: Samples.run("candles", "r1", .running), definition: dag.definition, versionNumber: 1,
            tasks: [Samples.task("fetch", .running, tries: [.running]), Samples.task("load", .none)])
        let history = FakeHistory {
            $0.dags = [dag]
            $0.runs = ["r1": [detail]]
        }
        let load = await why("candles", "r1", "load", history: history)
        #expect(load.json["blocking"]?["name"]?.stringValue == "upstream")
        #expect(load.json["answer"]?.stringValue?.contains("fetch (running)") == true)
        let fetch = await why("candles", "r1", "fetch", history: history)
        #expect(fetch.json["answer"]?.stringValue == "try 1 is running")
        let run = await why("candles", "r1", history: history)
        #expect(run.json["answer"]?.stringValue?.contains("task fetch is running") == true)
    }

    @Test("a task waits for the setup in whose scope it lies, though it does not name it")
    func setups() async throws {
        let dag = try Samples.dag("candles")
        let place = SourcePlace(file: "candles.yaml", line: 1, column: 1)
        func task(_ id: String, _ needs: [String], _ role: TaskRole? = nil) -> TaskSpec {
            var task = TaskSpec(id: TaskID(id), place: place, body: .uses("empty"))
            task.upstream = needs.map { TaskID($0) }
            task.role = role
            return task
        }
        var load = task("load", ["fetch"])
        load.triggerRule = .oneSuccess
        var definition = dag.definition
        definition.tasks = [
            task("make", [], .setup), task("fetch", ["make"]), load, task("take", ["load", "make"], .teardown),
        ]
        let history = FakeHistory {
            $0.dags = [dag]
            $0.runs = [
                "r1": [
                    RunDetail(
                        run: Samples.run("candles", "r1", .running), definition: definition, versionNumber: 1,
                        tasks: [
                            Samples.task("make", .running, tries: [.running]), Samples.task("fetch", .success),
                            Samples.task("load", .none),
                        ])
                ]
            ]
        }
        let outcome = await why("candles", "r1", "load", history: history)
        #expect(outcome.json["blocking"]?["name"]?.stringValue == "setups", "\(outcome)")
        #expect(outcome.json["answer"]?.stringValue == "it waits for make, in whose scope it lies")
        #expect(outcome.json["blocking"]?["advice"]?.stringValue == "cryptoflow why candles 'r1' make")
    }

    @Test("a run tells first what works, then what waits, of a thousand tasks in a moment", .timeLimit(.minutes(1)))
    func longRun() async throws {
        let dag = try Samples.dag("candles")
        let count = 1_000
        let place = SourcePlace(file: "candles.yaml", line: 1, column: 1)
        var definition = dag.definition
        definition.tasks = (0..<count).map { number in
            var task = TaskSpec(id: TaskID("t\(number)"), place: place, body: .uses("empty"))
            if number > 0 { task.upstream = [TaskID("t\(number - 1)")] }
            return task
        }
        // Its reason tells of something else that is running.
        var first = Samples.task("t0", .upForRetry, tries: [.failed], reason: "another copy is running")
        first = TaskStatus(
            instance: first.instance, state: .upForRetry, tryNumber: 1, maxTries: 3, startDate: nil, endDate: nil,
            retryAt: Samples.time("2026-11-21T12:00:00Z"), reason: first.reason, tries: first.tries)
        let middle = Samples.task("t1", .running, tries: [.running])
        let tasks = [first, middle] + (2..<count).map { Samples.task("t\($0)", .none) }
        let detail = RunDetail(
            run: Samples.run("candles", "r1", .running), definition: definition, versionNumber: 1, tasks: tasks)
        // A graph for each task would take longer than the test may.
        let outcome = await why(
            "candles", "r1",
            history: FakeHistory {
                $0.dags = [dag]
                $0.runs = ["r1": [detail]]
            })
        let names = (outcome.json["conditions"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
        #expect(Array(names.prefix(4)) == ["scheduler", "task t1", "task t0", "task t2"])
        #expect(names.count == count + 1)
    }

    @Test("a backfill waits while it is paused, has ended, or has its runs at once under way")
    func backfills() async throws {
        let candles = try Samples.dag("candles")
        func blocking(_ record: BackfillRecord, runs: Int, isPaused: Bool = false) async throws -> String? {
            let dag = try Samples.dag("candles", isPaused: isPaused)
            let history = FakeHistory {
                $0.dags = [dag]
                $0.backfills = [record.id: [record]]
                $0.runList = (0..<runs).map {
                    Samples.run("candles", "b\($0)", .running, key: Int64($0), backfill: record.id.rawValue)
                }
            }
            let outcome = await CommandLineHarness.run(
                "why", "candles", "--backfill", "3", "--output", "json", history: history)
            #expect(outcome.code == 0, "\(outcome)")
            return outcome.json["blocking"]?["name"]?.stringValue
        }
        let going = Samples.backfill(3, "candles", .running, created: 5, isOver: false)
        #expect(try await blocking(going, runs: 3) == nil)
        #expect(try await blocking(going, runs: 4) == "max_active")
        #expect(try await blocking(going, runs: 3, isPaused: true) == "not_paused")
        let paused = Samples.backfill(3, "candles", .paused, created: 5, isOver: false)
        #expect(try await blocking(paused, runs: 0) == "wanted")
        // One that has ended waits for nothing.
        let over = Samples.backfill(3, "candles", .completed, created: 5, isOver: true)
        #expect(try await blocking(over, runs: 0) == nil)
        let other = await CommandLineHarness.run(
            "why", "candles", "--backfill", "4", history: FakeHistory { $0.dags = [candles] })
        #expect(other.code == 1 && other.errors.contains("has no backfill 4"), "\(other.errors)")
        #expect(await CommandLineHarness.run("why", "candles", "r1", "--backfill", "3").code == 2)
    }

    @Test(
        "a sensor that waits has not failed: it looked, and looks again",
        arguments: [TaskState.upForReschedule, .deferred])
    func sensor(state: TaskState) async throws {
        let dag = try Samples.dag("candles")
        let status = TaskStatus(
            instance: TaskInstanceKey(run: RunKey(rawValue: 1), task: TaskID("fetch")), state: state, tryNumber: 1,
            maxTries: 3, startDate: Samples.time("2026-11-21T09:50:00Z"), endDate: nil,
            retryAt: Samples.time("2026-11-21T10:01:00Z"), reason: nil, tries: [])
        let detail = RunDetail(
            run: Samples.run("candles", "r", .running), definition: dag.definition, versionNumber: 1, tasks: [status])
        let history = FakeHistory {
            $0.dags = [dag]
            $0.runs = ["r": [detail]]
        }
        let outcome = await why("candles", "r", "fetch", history: history)
        #expect(outcome.json["blocking"]?["name"] == "looks_again")
        #expect(outcome.json["answer"]?.stringValue?.contains("it looks again at 2026-11-21T10:01:00Z") == true)
        #expect(outcome.json["answer"]?.stringValue?.contains("failed") == false)
    }

    @Test("an instant that is due and held by max_active_runs is shown, and only running runs count")
    func overdue() async throws {
        var dag = try Samples.dag("candles", lastDue: "2026-11-21T08:00:00Z")
        var definition = dag.definition
        definition.maxActiveRuns = 1
        dag = Samples.detail(dag, definition)
        let known = dag
        let history = FakeHistory {
            $0.dags = [known]
            $0.runList = [
                Samples.run("candles", "r2", .queued, key: 2), Samples.run("candles", "r1", .running, key: 1),
            ]
        }
        let outcome = await why("candles", history: history)
        #expect(outcome.json["blocking"]?["name"] == "max_active_runs")
        #expect(
            outcome.json["answer"]?.stringValue?.hasPrefix("1 of at most 1 runs are under way, the oldest is r1")
                == true)
        let due = outcome.json["conditions"]?.arrayValue?.first { $0["name"] == "due" }
        #expect(due?["state"] == "holds")
        #expect(due?["detail"] == "the instant 2026-11-21T10:00:00Z is due: it waits until the next one comes")
        let free = await why("candles", history: FakeHistory { $0.dags = [known] })
        #expect(free.json["blocking"] == .null)
        let told = free.json["conditions"]?.arrayValue?.first { $0["name"] == "due" }
        #expect(told?["detail"] == "the instant 2026-11-21T10:00:00Z is due")
        let next = await CommandLineHarness.run(
            "dag", "next", "candles", "--count", "2", "-o", "json", history: history)
        let times = next.json.arrayValue?.compactMap { $0["run_after"]?.stringValue }
        #expect(times == ["2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"])
        #expect(next.errors.contains("cryptoflow why candles"))
    }

    @Test("a failed run names the task that failed first")
    func firstFailure() async throws {
        let dag = try Samples.dag("candles")
        let run = Samples.run("candles", "r", .failed)
        let detail = RunDetail(
            run: run, definition: dag.definition, versionNumber: 1,
            tasks: [
                Samples.task("fetch", .failed, tries: [.failed], reason: "exit code 3"),
                Samples.task("load", .upstreamFailed),
            ])
        let history = FakeHistory {
            $0.dags = [dag]
            $0.runs = ["r": [detail]]
        }
        let outcome = await why("candles", "r", history: history)
        #expect(outcome.json["answer"] == "the run ended in failed; task fetch failed: exit code 3")
    }

    @Test("a backfill is found by its number alone")
    func backfillAlone() async throws {
        let dag = try Samples.dag("candles")
        let history = FakeHistory {
            $0.dags = [dag]
            $0.backfills[BackfillID(rawValue: 3)] = [
                Samples.backfill(3, "candles", .paused, created: 5, isOver: false)
            ]
        }
        let outcome = await CommandLineHarness.run("why", "--backfill", "3", "-o", "json", history: history)
        #expect(outcome.json["answer"] == "the backfill is paused")
        #expect(await CommandLineHarness.run("why", history: history).code == 2)
    }
}

/// What `cryptoflow why` says of a DAG, a run or a task, as JSON.
func why(_ arguments: String..., history: FakeHistory) async -> Outcome {
    switch arguments.count {
    case 1: await CommandLineHarness.run("why", arguments[0], "--output", "json", history: history)
    case 2: await CommandLineHarness.run("why", arguments[0], arguments[1], "--output", "json", history: history)
    default:
        await CommandLineHarness.run(
            "why", arguments[0], arguments[1], arguments[2], "--output", "json", history: history)
    }
}
