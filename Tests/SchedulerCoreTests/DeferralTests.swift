import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Waiting tasks") struct DeferralTests {
    @Test("hold no slot, use up no retry, and go on with the same try, also after a crash")
    func sameTry() throws {
        var configuration = CoreConfiguration()
        configuration.parallelism = 1
        var stage = try Stage(Stage.dag(Stage.task("sensor"), Stage.task("other")), configuration: configuration)
        try stage.trigger()
        let began = stage.now
        try stage.end("sensor", deferral: Deferral(until: stage.now + .seconds(60), isPoll: true))
        #expect(stage.state("sensor") == .upForReschedule)
        #expect(stage.running() == ["other"])
        try stage.end("other")
        try stage.crash()
        try stage.pass(.seconds(59))
        #expect(stage.running() == [])
        try stage.pass(.seconds(1))
        #expect(stage.running() == ["sensor"])
        try stage.end("sensor")
        #expect(stage.row("sensor")?.tryNumber == 1)
        #expect(stage.row("sensor")?.startDate == began)
        #expect(stage.run() == .success)
    }

    @Test("keep their beginning when a look is lost")
    func lostLook() throws {
        var stage = try Stage(Stage.dag(Stage.task("sensor")))
        try stage.trigger()
        let began = stage.now
        try stage.end("sensor", deferral: Deferral(until: stage.now + .seconds(60), isPoll: false))
        #expect(stage.state("sensor") == .deferred)
        try stage.pass(.seconds(60))
        try stage.crash()
        #expect(stage.running() == ["sensor"])
        try stage.end("sensor")
        #expect(stage.row("sensor")?.startDate == began)
    }
}
