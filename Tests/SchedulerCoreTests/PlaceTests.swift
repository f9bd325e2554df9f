import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Tasks that wait for a place") struct PlaceTests {
    private static func task(_ id: String, needs: [String] = [], priority: Int, slots: Int = 1) -> TaskSpec {
        var task = Stage.task(id, needs: needs, .always)
        task.priorityWeight = priority
        task.poolSlots = slots
        return task
    }

    @Test("go on when the one before them in the queue was skipped")
    func skippedInTheQueue() throws {
        var dag = Stage.dag(
            Self.task("check", priority: 3), Self.task("a", needs: ["check"], priority: 2), Self.task("b", priority: 1))
        dag.maxActiveTasks = 1
        var stage = try Stage(dag)
        try stage.trigger()
        #expect(stage.running() == ["check"])
        try stage.end("check", skips: .everything)
        #expect(stage.state("a") == .skipped)
        #expect(stage.running() == ["b"])
        try stage.end("b")
        #expect(stage.run() == .success)
    }

    @Test("go on as many as fit when a task with many slots ends")
    func manySlots() throws {
        let small = (0..<3).map { Self.task("t\($0)", priority: 1) }
        var dag = Stage.dag(Self.task("big", priority: 9, slots: 128))
        dag.tasks += small
        var stage = try Stage(dag)
        try stage.trigger()
        #expect(stage.running() == ["big"])
        try stage.end("big")
        #expect(stage.running().sorted() == ["t0", "t1", "t2"])
    }
}
