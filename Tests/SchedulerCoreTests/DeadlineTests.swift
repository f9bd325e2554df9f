import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Deadlines") struct DeadlineTests {
    private func dag(_ reference: Deadline.Reference = .queuedAt, _ interval: Duration = .seconds(600)) -> DAG {
        var dag = Stage.dag(Stage.task("t"))
        dag.deadlines = [
            Deadline(
                reference: reference, interval: interval,
                callbacks: [Callback(event: .deadline, notifier: "slack")])
        ]
        return dag
    }

    private func misses(_ stage: Stage, _ run: String = "r") -> [DeadlineMiss] {
        stage.tables.findRun(dag: DAGID("d"), runID: run)?.run.missedDeadlines ?? []
    }

    @Test("a run that has not ended by its deadline is noted once and told of once, also by later leaders")
    func miss() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        let deadline = stage.now + .seconds(600)
        try stage.pass(.seconds(599))
        #expect(misses(stage).isEmpty)
        try stage.pass(.seconds(1))
        #expect(misses(stage) == [DeadlineMiss(position: 0, deadline: deadline, noticedAt: deadline)])
        #expect(stage.notices.map(\.callback.event) == [.deadline])
        #expect(stage.notices.first?.deadline == deadline)
        #expect(stage.notices.first?.isOfDAG == true)
        try stage.take(.notified(stage.notices[0].id, .delivered))
        try stage.crash()
        try stage.pass(.seconds(3_600))
        try stage.end("t")
        #expect(stage.run() == .success)
        #expect(misses(stage).count == 1)
        #expect(stage.notices.count == 1)
    }

    @Test("a run that ends in time misses nothing")
    func inTime() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        try stage.pass(.seconds(599))
        try stage.end("t")
        try stage.pass(.seconds(3_600))
        #expect(misses(stage).isEmpty)
        #expect(stage.notices.isEmpty)
    }

    @Test("a deadline that passed while no scheduler ran is missed when the next one comes")
    func down() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        let deadline = stage.now + .seconds(600)
        try stage.crash(after: .seconds(7_200))
        #expect(misses(stage) == [DeadlineMiss(position: 0, deadline: deadline, noticedAt: stage.now)])
        #expect(stage.notices.count == 1)
    }

    @Test("a queued run has its deadline too")
    func queued() throws {
        var one = dag()
        one.maxActiveRuns = 1
        var stage = try Stage(one)
        try stage.trigger("first")
        try stage.pass(.seconds(300))
        try stage.trigger("second")
        try stage.pass(.seconds(600))
        #expect(misses(stage, "first").count == 1)
        #expect(stage.run("second") == .queued)
        #expect(misses(stage, "second").count == 1)
    }

    @Test("counts from the logical date, or is an instant, with an interval either way; what lies behind is none")
    func references() throws {
        let date = RandomDAGs.start - .seconds(300)
        var stage = try Stage(dag(.logicalDate))
        try stage.trigger("dated", date: date)
        try stage.trigger("undated")
        try stage.pass(.seconds(300))
        #expect(misses(stage, "dated").map(\.deadline) == [date + .seconds(600)])
        #expect(misses(stage, "undated").isEmpty)

        stage = try Stage(dag(.fixed(RandomDAGs.start + .seconds(3_600)), .seconds(-1_800)))
        try stage.trigger("before")
        try stage.pass(.seconds(1_800))
        try stage.trigger("behind")
        try stage.pass(.seconds(7_200))
        #expect(misses(stage, "before").map(\.deadline) == [RandomDAGs.start + .seconds(1_800)])
        #expect(misses(stage, "behind").isEmpty)
    }

    @Test("a run that is cleared has a new deadline, unless it has missed it already")
    func cleared() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        try stage.end("t")
        try stage.pass(.seconds(3_600))
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r")))
        let again = stage.now
        try stage.pass(.seconds(600))
        #expect(misses(stage).map(\.deadline) == [again + .seconds(600)])
        try stage.end("t")
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r")))
        try stage.pass(.seconds(3_600))
        #expect(misses(stage).count == 1)
    }
}
