import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing

@Suite("why: what it advises") struct WhyAdviceTests {
    @Test("advice on an instance of a mapped task names its index, as a shell takes it, and works")
    func mapped() async throws {
        let dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.tasks[1].dependsOnPast = true
        let instances = [
            Samples.task("fetch", .success, mapIndex: 0),
            Samples.task("fetch", .running, mapIndex: 1, tries: [.running]),
        ]
        let detail = RunDetail(
            run: Samples.run("candles", "r1", .running), definition: definition, versionNumber: 1,
            tasks: instances + [Samples.task("load", .none)])
        let before = Samples.run("candles", "r0", .running)
        let past = (0...1).map { index in
            TaskInstanceRecord(
                instance: TaskInstanceKey(run: before.key, task: TaskID("load"), mapIndex: index),
                state: index == 0 ? .success : .failed, tryNumber: 1, maxTries: 0)
        }
        let known = Samples.detail(dag, definition)
        let history = FakeHistory {
            $0.dags = [known]
            $0.runs = ["r1": [detail]]
            $0.previous = StoredRun(run: before, tasks: past)
        }
        let load = await why("candles", "r1", "load", history: history)
        #expect(load.json["blocking"]?["advice"] == "cryptoflow why candles 'r1' 'fetch[1]'", "\(load)")
        let depends = load.json["conditions"]?.arrayValue?.first { $0["name"] == "depends_on_past" }
        #expect(depends?["advice"] == "cryptoflow why candles 'r0' 'load[1]'")
        let fetch = await why("candles", "r1", "fetch[1]", history: history)
        #expect(fetch.json["blocking"]?["advice"] == "cryptoflow task logs candles 'r1' 'fetch[1]' --follow")
    }

    @Test("advice on a full pool names the instance that holds it")
    func holder() async throws {
        var dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.tasks[0].pool = "upbit"
        dag = Samples.detail(dag, definition)
        let detail = RunDetail(
            run: Samples.run("candles", "r", .running), definition: definition, versionNumber: 1,
            tasks: [Samples.task("fetch", .queued)])
        let known = dag
        let history = FakeHistory {
            $0.dags = [known]
            $0.runs = ["r": [detail]]
            let holder = PoolHolder(
                dag: DAGID("gold"), runID: "o'clock", task: TaskID("each"), mapIndex: 3, slots: 1,
                since: Samples.time("2026-11-21T09:00:00Z"))
            $0.pools = ["upbit": PoolUse(name: "upbit", slots: 1, holders: [holder])]
        }
        let outcome = await why("candles", "r", "fetch", history: history)
        #expect(outcome.json["blocking"]?["advice"] == #"cryptoflow why gold 'o'\''clock' 'each[3]'"#)
    }

    @Test("the table names the answer, the advice and every condition")
    func table() async throws {
        let dag = try Samples.dag("candles", isPaused: true)
        let outcome = await CommandLineHarness.run("why", "candles", history: FakeHistory { $0.dags = [dag] })
        #expect(outcome.outputLines.first == "the schedule of DAG candles: the DAG is paused")
        #expect(outcome.output.contains("try   cryptoflow dag unpause candles"))
        #expect(outcome.output.contains("max_active_runs"))
    }

    @Test(
        "a task waits for a pool that is missing or has no slots, and says how to make it", arguments: [nil, 0],
        [("upbit", "upbit"), ("the slow one", "'the slow one'")])
    func closedPool(slots: Int?, pool: (name: String, word: String)) async throws {
        var dag = try Samples.dag("candles")
        var definition = dag.definition
        definition.tasks[0].pool = pool.name
        dag = Samples.detail(dag, definition)
        let run = Samples.run("candles", "r", .running)
        let detail = RunDetail(
            run: run, definition: definition, versionNumber: 1, tasks: [Samples.task("fetch", .queued)])
        let known = dag
        let history = FakeHistory {
            $0.dags = [known]
            $0.runs = ["r": [detail]]
            if let slots { $0.pools = [pool.name: PoolUse(name: pool.name, slots: slots, holders: [])] }
        }
        let outcome = await why("candles", "r", "fetch", history: history)
        #expect(outcome.json["blocking"]?["name"] == "pool")
        #expect(outcome.json["blocking"]?["advice"]?.stringValue == "cryptoflow pool set \(pool.word) SLOTS")
    }
}
