import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("The run before") struct PastTests {
    private func dag(waiting: Bool = false) -> DAG {
        var first = Stage.task("first")
        first.dependsOnPast = true
        first.waitForDownstream = waiting
        let dag = Stage.dag(first, Stage.task("second", needs: ["first"]))
        return dag
    }

    private let day = Duration.seconds(86_400)

    @Test("must have succeeded in the task, however late it does")
    func order() throws {
        var stage = try Stage(dag())
        let date = RandomDAGs.start - day
        try stage.trigger("one", date: date)
        try stage.trigger("two", date: date + .seconds(60))
        #expect(stage.running() == ["first"])
        try stage.end("first", of: "one")
        #expect(stage.running("two") == ["first"])
    }

    @Test("must have gone through what follows with wait_for_downstream")
    func downstream() throws {
        var stage = try Stage(dag(waiting: true))
        let date = RandomDAGs.start - day
        try stage.trigger("one", date: date)
        try stage.trigger("two", date: date + .seconds(60))
        try stage.end("first", of: "one")
        #expect(stage.running("two") == [])
        try stage.end("second", of: "one")
        #expect(stage.running("two") == ["first"])
    }

    @Test("blocks for as long as it failed, also after a crash, until it is cleared and succeeds")
    func failed() throws {
        var stage = try Stage(dag())
        let date = RandomDAGs.start - day
        try stage.trigger("one", date: date)
        try stage.end("first", of: "one", .failed)
        try stage.trigger("two", date: date + .seconds(60))
        #expect(stage.running() == [])
        try stage.crash()
        #expect(stage.running() == [])
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "one", onlyFailed: true)))
        try stage.end("first", of: "one")
        #expect(stage.running("two") == ["first"])
    }

    @Test("lets go on at once when the ended run is marked success by hand")
    func markedRun() throws {
        var stage = try Stage(dag())
        let date = RandomDAGs.start - day
        try stage.trigger("one", date: date)
        try stage.end("first", of: "one", .failed)
        try stage.trigger("two", date: date + .seconds(60))
        #expect(stage.run("one") == .failed && stage.running() == [])
        try stage.command(.markRun(dag: DAGID("d"), runID: "one", state: .success, dryRun: false))
        #expect(stage.running("two") == ["first"])
    }
}
