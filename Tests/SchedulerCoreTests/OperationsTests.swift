import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Runs changed by hand") struct OperationsTests {
    private static let chain = Stage.dag(
        Stage.task("a"), Stage.task("b", needs: ["a"]), Stage.task("c", needs: ["b"]))

    private static func mark(_ state: RunState, dryRun: Bool = false) -> Command {
        .markRun(dag: DAGID("d"), runID: "r", state: state, dryRun: dryRun)
    }

    @Test("marking a run success stops what runs and makes every task one")
    func success() throws {
        var stage = try Stage(Self.chain)
        try stage.trigger()
        try stage.command(Self.mark(.success, dryRun: true))
        #expect(stage.outcome == .changed(count: 3, names: ["r a", "r b", "r c"]))
        #expect(stage.running() == ["a"])
        #expect(stage.stopped.isEmpty)
        try stage.command(Self.mark(.success))
        #expect(stage.stopped.count == 1)
        // It outlives its leader.
        try stage.crash()
        #expect(stage.run() == .success)
        #expect(["a", "b", "c"].map { stage.state($0) } == [.success, .success, .success])
        try stage.command(Self.mark(.success))
        #expect(stage.outcome == .refused("run \"r\" is success already"))
    }

    @Test("marking a run failed stops what runs and skips what has not started; an ended one keeps its tasks")
    func failed() throws {
        var stage = try Stage(Self.chain)
        try stage.trigger()
        try stage.end("a")
        try stage.command(Self.mark(.failed, dryRun: true))
        #expect(stage.outcome == .changed(count: 2, names: ["r b", "r c"]))
        try stage.command(Self.mark(.failed))
        try stage.end("b", .failed)
        #expect(stage.run() == .failed)
        #expect(["a", "b", "c"].map { stage.state($0) } == [.success, .failed, .skipped])
        #expect(stage.tables.findRun(dag: DAGID("d"), runID: "r")?.run.reason == "marked failed")
        try stage.command(Self.mark(.success))
        #expect(stage.run() == .success)
        try stage.command(Self.mark(.failed))
        #expect(stage.outcome == .changed(count: 0, names: []))
        #expect(stage.run() == .failed)
        #expect(stage.state("b") == .success)
    }

    @Test("a run that waits for its place ends at once when it is marked, and gives no place away twice")
    func queued() throws {
        var dag = Self.chain
        dag.maxActiveRuns = 1
        var stage = try Stage(dag)
        try stage.trigger("first")
        try stage.trigger()
        try stage.trigger("third")
        #expect(stage.run() == .queued)
        try stage.command(Self.mark(.success))
        #expect(stage.run() == .success)
        #expect(stage.run("third") == .queued)
        for name in ["a", "b", "c"] { try stage.end(name, of: "first") }
        #expect(stage.run("third") == .running)
    }

    @Test("what waits for its retry does not come back after its run was marked")
    func retrying() throws {
        var task = Stage.task("a")
        task.retries = 3
        var stage = try Stage(Stage.dag(task))
        try stage.trigger()
        try stage.end("a", .failed)
        #expect(stage.state("a") == .upForRetry)
        try stage.command(Self.mark(.success))
        #expect(stage.run() == .success)
        try stage.pass(.seconds(3_600))
        #expect(stage.running().isEmpty)
        #expect(stage.core.activeRunCount == 0)
    }

    @Test("--latest runs again by the present document: what is new runs, what is gone does not")
    func latest() throws {
        var stage = try Stage(Stage.dag(Stage.task("a"), Stage.task("b", needs: ["a"])))
        try stage.trigger()
        try stage.end("a")
        try stage.end("b", .failed)
        #expect(stage.run() == .failed)
        try stage.change(Stage.dag(Stage.task("a"), Stage.task("c", needs: ["a"]), Stage.task("d", needs: ["c"])))
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r", latest: true, dryRun: true)))
        // What is new is named, too: it runs for the first time.
        #expect(stage.outcome == .changed(count: 3, names: ["r a", "r c", "r d"]))
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r", latest: true)))
        #expect(stage.outcome == .changed(count: 3, names: ["r a", "r c", "r d"]))
        #expect(stage.tables.findRun(dag: DAGID("d"), runID: "r")?.run.version == stage.version)
        try stage.crash()
        for name in ["a", "c", "d"] { try stage.end(name) }
        #expect(stage.run() == .success)
        // Once before the clear, once lost with its leader, once more.
        #expect(stage.row("a")?.tryNumber == 3)
        #expect(stage.state("b") == .failed)
    }

    @Test("--latest is refused while the run goes on, and a clear without it keeps the run's version")
    func pinned() throws {
        var stage = try Stage(Self.chain)
        try stage.trigger()
        let version = stage.version
        try stage.change(Stage.dag(Stage.task("a")))
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r", latest: true)))
        guard case .refused(let reason)? = stage.outcome else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("has not ended"))
        for name in ["a", "b", "c"] { try stage.end(name) }
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r")))
        #expect(stage.tables.findRun(dag: DAGID("d"), runID: "r")?.run.version == version)
        #expect(stage.running() == ["a"])
    }

    @Test("a rule lets old runs go, never the newest of each outcome, and their logs with them")
    func retention() throws {
        var stage = try Stage(Stage.dag(Stage.task("a")))
        for (index, state) in [AttemptState.failed, .failed, .success, .success, .success].enumerated() {
            try stage.trigger("r\(index)", date: stage.now)
            try stage.end("a", of: "r\(index)", state)
            try stage.pass(.seconds(60))
        }
        try stage.trigger("active", date: stage.now)
        try stage.pass(.seconds(3_600))
        try stage.command(.prune(RetentionRule(endedBefore: stage.now, keptRuns: nil), limit: 100))
        #expect(stage.outcome == .changed(count: 3, names: ["d r0", "d r2", "d r3"]))
        #expect(stage.tables.runs.values.map(\.runID).sorted() == ["active", "r1", "r4"])
        #expect(stage.forgotten.map(\.runID) == ["r0", "r2", "r3"])
        #expect(stage.tables.pastAttempts.count == 2)
    }

    @Test("--latest with the name of a task that is new runs it in a run that has ended")
    func onlyNew() throws {
        var stage = try Stage(Stage.dag(Stage.task("a")))
        try stage.trigger()
        try stage.end("a")
        try stage.change(Stage.dag(Stage.task("a"), Stage.task("b", needs: ["a"])))
        try stage.command(
            .clear(ClearRequest(dag: DAGID("d"), runID: "r", tasks: [TaskID("b")], latest: true)))
        #expect(stage.outcome == .changed(count: 1, names: ["r b"]))
        #expect(stage.running() == ["b"])
        try stage.end("b")
        #expect(stage.run() == .success)
        // With nothing failed there is nothing to retry, whatever is new.
        try stage.change(Stage.dag(Stage.task("a"), Stage.task("b", needs: ["a"]), Stage.task("c")))
        try stage.command(
            .clear(ClearRequest(dag: DAGID("d"), runID: "r", onlyFailed: true, latest: true)))
        guard case .refused? = stage.outcome else {
            Issue.record("not refused")
            return
        }
    }

    @Test("single instances of a mapped task are cleared by their index")
    func instances() throws {
        var each = Stage.task("each")
        each.expand = ["n": .value(["x", "y", "z"])]
        var stage = try Stage(Stage.dag(each, Stage.task("sum", needs: ["each"])))
        try stage.trigger()
        for index in 0..<3 { try stage.end("each[\(index)]") }
        try stage.end("sum")
        func request(_ index: Int) -> Command {
            .clear(
                ClearRequest(
                    dag: DAGID("d"), runID: "r", instances: [.init(task: TaskID("each"), mapIndex: index)],
                    downstream: true))
        }
        try stage.command(request(1))
        #expect(stage.outcome == .changed(count: 2, names: ["r each[1]", "r sum"]))
        #expect(stage.running() == ["each[1]"])
        try stage.end("each[1]")
        #expect(stage.running() == ["sum"])
        try stage.end("sum")
        try stage.command(request(7))
        guard case .refused(let reason)? = stage.outcome else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("has no map index 7"))
    }

    @Test(
        "a run id is of Airflow's characters, and at most 250 of them",
        arguments: [
            "a b", "a/b", "é", "", "a\n", "a'b", String(repeating: "x", count: 251),
        ])
    func runIDs(id: String) throws {
        var stage = try Stage(Self.chain)
        try stage.trigger(id)
        guard case .refused(let reason)? = stage.outcome else {
            Issue.record("\(id) is not refused")
            return
        }
        #expect(reason.contains("run id"))
        try stage.trigger("Az09_.~:+-" + String(repeating: "x", count: 240))
        #expect(stage.tables.runs.count == 1)
    }
}
