import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Changes by hand") struct HandTests {
    private let dag = Stage.dag(Stage.task("a"), Stage.task("b", needs: ["a"]), Stage.task("c", needs: ["b"]))

    @Test("clear what failed: the run goes on and ends anew, with tries that count on")
    func onlyFailed() throws {
        var retried = dag
        retried.tasks[1].retries = 1
        var stage = try Stage(retried)
        try stage.trigger()
        try stage.end("a")
        try stage.end("b", .failed)
        try stage.pass(.seconds(60))
        try stage.end("b", .failed)
        #expect(stage.run() == .failed)
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r", onlyFailed: true)))
        #expect(stage.outcome == .changed(count: 2, names: ["r b", "r c"]))
        #expect(stage.running() == ["b"])
        try stage.end("b")
        #expect(stage.row("b")?.tryNumber == 3)
        #expect(stage.row("b")?.maxTries == 3)
        try stage.end("c")
        #expect(stage.run() == .success)
    }

    @Test("a dry run names what would be cleared and changes nothing")
    func dryRun() throws {
        var stage = try Stage(dag)
        try stage.trigger()
        for task in ["a", "b", "c"] { try stage.end(task) }
        let before = stage.tables.tasks
        try stage.command(
            .clear(
                ClearRequest(dag: DAGID("d"), runID: "r", tasks: [TaskID("b")], downstream: true, dryRun: true)))
        #expect(stage.outcome == .changed(count: 2, names: ["r b", "r c"]))
        #expect(stage.tables.tasks == before)
        #expect(stage.run() == .success)
    }

    @Test("clearing what runs stops it and runs it again")
    func running() throws {
        var stage = try Stage(dag)
        try stage.trigger()
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r", tasks: [TaskID("a")])))
        #expect(stage.stopped.count == 1)
        try stage.end("a", .failed)
        #expect(stage.running() == ["a"])
        #expect(stage.run() == .running)
    }

    @Test("marking a failed task success lets what is below it run")
    func markSuccess() throws {
        var stage = try Stage(dag)
        try stage.trigger()
        try stage.end("a", .failed)
        #expect(stage.state("c") == .upstreamFailed)
        try stage.command(
            .markTask(dag: DAGID("d"), runID: "r", task: TaskID("a"), mapIndex: nil, state: .success, dryRun: false))
        #expect(stage.running() == ["b"])
    }

    @Test("a mark on what runs outlives a crash")
    func markRunning() throws {
        var stage = try Stage(dag)
        try stage.trigger()
        try stage.command(
            .markTask(dag: DAGID("d"), runID: "r", task: TaskID("a"), mapIndex: nil, state: .success, dryRun: false))
        try stage.crash()
        #expect(stage.state("a") == .success)
        #expect(stage.running() == ["b"])
    }

    @Test("a run is deleted when it has ended")
    func delete() throws {
        var stage = try Stage(dag)
        try stage.trigger()
        try stage.command(.deleteRun(dag: DAGID("d"), runID: "r"))
        guard case .refused? = stage.outcome else {
            Issue.record("an active run was deleted")
            return
        }
        try stage.end("a", .failed)
        try stage.command(.deleteRun(dag: DAGID("d"), runID: "r"))
        #expect(stage.outcome == .done)
        #expect(stage.run() == nil && stage.tables.tasks.isEmpty)
    }
}
