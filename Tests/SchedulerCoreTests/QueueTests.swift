import DAGModel
import RunStore
import SchedulerCore
import Testing

/// Tasks of queues that workers serve.
@Suite("Queues of workers") struct QueueTests {
    private static func task(_ id: String, queue: String) -> TaskSpec {
        var task = Stage.task(id)
        task.queue = queue
        return task
    }

    private static var configuration: CoreConfiguration {
        var configuration = CoreConfiguration()
        configuration.ownQueues = ["default"]
        configuration.parallelism = 1
        return configuration
    }

    @Test("neither count against parallelism nor wait for it")
    func parallelism() throws {
        var stage = try Stage(
            Stage.dag(
                Self.task("near1", queue: "default"), Self.task("near2", queue: "default"),
                Self.task("far1", queue: "far"), Self.task("far2", queue: "far")), configuration: Self.configuration)
        try stage.trigger()
        #expect(stage.running() == ["near1", "far1", "far2"])
        let queues = stage.tables.liveAttempts.values.sorted { $0.attempt < $1.attempt }.map(\.queue)
        #expect(queues == [nil, "far", "far"])
        try stage.end("far1")
        #expect(stage.running() == ["near1", "far2"])
        try stage.end("near1")
        #expect(stage.running() == ["far2", "near2"])
    }

    @Test("take slots of their pool in the order of priority with all others")
    func pools() throws {
        var near = Self.task("near", queue: "default")
        var far = Self.task("far", queue: "far")
        (near.pool, far.pool) = ("small", "small")
        (near.poolSlots, far.poolSlots) = (2, 2)
        far.priorityWeight = 9
        var configuration = Self.configuration
        configuration.parallelism = 8
        configuration.defaultPoolSlots = 2
        (near.pool, far.pool) = ("default_pool", "default_pool")
        var stage = try Stage(Stage.dag(near, far), configuration: configuration)
        try stage.trigger()
        #expect(stage.running() == ["far"])
        try stage.end("far")
        #expect(stage.running() == ["near"])
    }

    @Test("go on under a new leader, which stops again what was to be stopped")
    func takeover() throws {
        var stage = try Stage(
            Stage.dag(Self.task("far", queue: "far"), Self.task("other", queue: "far")),
            configuration: Self.configuration)
        try stage.trigger()
        try stage.takeOver()
        #expect(stage.running() == ["far", "other"])
        try stage.command(.cancelRun(dag: DAGID("d"), runID: "r"))
        #expect(stage.stopped.count == 2)
        try stage.takeOver()
        #expect(stage.stopped.count == 4)
        try stage.end("far", .failed)
        try stage.end("other", .failed)
        #expect(stage.tables.runs.values.map(\.state) == [.failed])
    }
}
