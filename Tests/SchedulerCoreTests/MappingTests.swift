import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Mapped tasks") struct MappingTests {
    private func dag(_ rule: TriggerRule = .allSuccess) -> DAG {
        var each = Stage.task("each", needs: ["list"])
        each.expand = ["n": .output(task: TaskID("list"), key: nil), "m": .value(["x", "y"])]
        each.expandOrder = ["n", "m"]
        return Stage.dag(Stage.task("list"), each, Stage.task("sum", needs: ["each"], rule))
    }

    @Test("run once for each combination, and what follows waits for all")
    func combinations() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        try stage.end("list", output: [1, 2])
        #expect(stage.running() == ["each[0]", "each[1]", "each[2]", "each[3]"])
        for index in 0..<4 { try stage.end("each[\(index)]") }
        #expect(stage.running() == ["sum"])
        try stage.end("sum")
        #expect(stage.run() == .success)
    }

    @Test("keep the name that a try gave them, whether it failed, waits for its retry or was skipped")
    func names() throws {
        var dag = dag()
        dag.tasks[1].retries = 1
        var stage = try Stage(dag)
        try stage.trigger()
        try stage.end("list", output: [1, 2])
        for (index, state) in [AttemptState.failed, .skipped, .success].enumerated() {
            try stage.end("each[\(index)]", state, mapName: "name \(index)")
        }
        #expect(stage.state("each", 0) == .upForRetry)
        #expect((0..<3).map { stage.row("each", $0)?.mapName } == ["name 0", "name 1", "name 2"])
        try stage.pass(.seconds(60))
        try stage.end("each[0]", .failed, mapName: "again")
        #expect(stage.row("each", 0)?.mapName == "again")
    }

    @Test("count each instance in trigger rules")
    func rules() throws {
        var stage = try Stage(dag(.oneFailed))
        try stage.trigger()
        try stage.end("list", output: [1])
        try stage.end("each[1]", .failed)
        #expect(stage.running() == ["each[0]", "sum"])
    }

    @Test("go on in the middle after a crash")
    func crash() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        try stage.end("list", output: [1, 2])
        try stage.end("each[2]")
        try stage.crash()
        #expect(stage.running() == ["each[0]", "each[1]", "each[3]"])
        for index in [0, 1, 3] { try stage.end("each[\(index)]") }
        #expect(stage.running() == ["sum"])
    }

    @Test("know the length again that a crash came before")
    func length() throws {
        var slow = dag()
        slow.tasks.insert(Stage.task("slow"), at: 0)
        slow.tasks[2].upstream.append(TaskID("slow"))
        var stage = try Stage(slow)
        try stage.trigger()
        try stage.end("list", output: [1, 2, 3])
        try stage.crash()
        try stage.end("slow")
        #expect(stage.running().count == 6)
    }

    @Test("are skipped for an empty list and fail for what is no list or too long")
    func lengths() throws {
        for (output, expected) in [([], .skipped), ("text", .failed)] as [(JSONValue, TaskState)] {
            var stage = try Stage(dag())
            try stage.trigger()
            try stage.end("list", output: output)
            #expect(stage.state("each") == expected)
        }
        var configuration = CoreConfiguration()
        configuration.maximumMapLength = 5
        var stage = try Stage(dag(), configuration: configuration)
        try stage.trigger()
        try stage.end("list", output: [1, 2, 3])
        #expect(stage.state("each") == .failed)
        #expect(stage.row("each")?.reason?.contains("max_map_length") == true)
    }

    @Test("keep to their limit in a run")
    func limit() throws {
        var limited = dag()
        limited.tasks[1].maxActivePerRun = 2
        var stage = try Stage(limited)
        try stage.trigger()
        try stage.end("list", output: [1, 2])
        #expect(stage.running() == ["each[0]", "each[1]"])
        try stage.end("each[0]")
        #expect(stage.running() == ["each[1]", "each[2]"])
    }

    @Test("are mapped anew when their list is cleared with them, and their tries count on")
    func clear() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        try stage.end("list", output: [1, 2])
        for index in 0..<4 { try stage.end("each[\(index)]", .failed) }
        #expect(stage.run() == .failed)
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r")))
        #expect(stage.running() == ["list"])
        try stage.end("list", output: [1])
        #expect(stage.running() == ["each[0]", "each[1]"])
        #expect(stage.state("each", 3) == .removed)
        try stage.end("each[0]")
        #expect(stage.row("each", 0)?.tryNumber == 2)
    }
}
