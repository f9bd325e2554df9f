import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing

@Suite("Runs with run_after") struct RunAfterTests {
    private func trigger(_ stage: inout Stage, _ run: String, after: Timestamp?) throws {
        try stage.command(
            .trigger(dag: DAGID("d"), runID: run, logicalDate: nil, conf: .object([:]), runAfter: after))
    }

    @Test("wait for their instant without a place, also through a crash, and let others go first")
    func waits() throws {
        var dag = Stage.dag(Stage.task("t"))
        dag.maxActiveRuns = 1
        var stage = try Stage(dag)
        let instant = stage.now + .seconds(3_600)
        try trigger(&stage, "later", after: instant)
        #expect(stage.run("later") == .queued)
        #expect(stage.tables.findRun(dag: DAGID("d"), runID: "later")?.run.runAfter == instant)
        try trigger(&stage, "now", after: nil)
        #expect(stage.running("now") == ["t"])
        try stage.end("t", of: "now")
        #expect(stage.running() == [])
        try stage.crash(after: .seconds(3_599))
        #expect(stage.running() == [])
        try stage.pass(.seconds(1))
        #expect(stage.running("later") == ["t"])
    }

    @Test("a logical date ahead is waited for, and a paused DAG's runs wait on")
    func dateAhead() throws {
        var stage = try Stage(Stage.dag(Stage.task("t")))
        try stage.trigger("ahead", date: stage.now + .seconds(60))
        #expect(stage.run("ahead") == .queued)
        try stage.take(.paused([DAGID("d"): true]))
        try stage.pass(.seconds(60))
        #expect(stage.run("ahead") == .queued)
        try stage.take(.paused([DAGID("d"): false]))
        #expect(stage.running("ahead") == ["t"])
    }
}
