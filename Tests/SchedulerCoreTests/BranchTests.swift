import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Branches") struct BranchTests {
    @Test("follow what they chose, and what both ways lead to")
    func branch() throws {
        var stage = try Stage(
            Stage.dag(
                Stage.task("branch"), Stage.task("a", needs: ["branch"]), Stage.task("b", needs: ["branch"]),
                Stage.task("join", needs: ["branch", "a", "b"], .noneFailedMinOneSuccess)))
        try stage.trigger()
        try stage.end("branch", skips: .allBut([TaskID("a")]))
        #expect(stage.running() == ["a"])
        #expect(stage.state("b") == .skipped)
        try stage.end("a")
        #expect(stage.running() == ["join"])
        try stage.end("join")
        #expect(stage.run() == .success)
    }

    @Test("short circuits skip everything, or leave it to the rules", arguments: [true, false])
    func shortCircuit(isHard: Bool) throws {
        var stage = try Stage(
            Stage.dag(
                Stage.task("check"), Stage.task("a", needs: ["check"]), Stage.task("last", needs: ["a"], .allDone)))
        try stage.trigger()
        try stage.end("check", skips: isHard ? .everything : .direct)
        #expect(stage.state("a") == .skipped)
        #expect(stage.state("last") == (isHard ? .skipped : .none))
        #expect(stage.running() == (isHard ? [] : ["last"]))
    }
}
