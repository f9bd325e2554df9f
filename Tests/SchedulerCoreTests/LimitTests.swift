import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Limits and retries") struct LimitTests {
    @Test("a task cut off while it waits for a place in its run lets the next one have it")
    func cutOffWhileParked() throws {
        var skipped = Stage.task("skipped", needs: ["branch"], .always)
        skipped.priorityWeight = 10
        var dag = Stage.dag(Stage.task("branch"), skipped, Stage.task("other"))
        dag.tasks[0].priorityWeight = 100
        dag.maxActiveTasks = 1
        var stage = try Stage(dag)
        try stage.trigger()
        #expect(stage.running() == ["branch"])
        try stage.end("branch", skips: .allBut([]))
        #expect(stage.state("skipped") == .skipped)
        #expect(stage.running() == ["other"])
    }

    @Test("max_active_tis_per_dag holds over all runs")
    func perDAG() throws {
        var task = Stage.task("t")
        task.maxActivePerDAG = 1
        var stage = try Stage(Stage.dag(task))
        try stage.trigger("one")
        try stage.trigger("two")
        #expect(stage.running().count == 1)
        try stage.end("t", of: "one")
        #expect(stage.running("two") == ["t"])
    }

    @Test("a task whose pool is missing or has no slots waits, and starts once there are some", arguments: [nil, 0])
    func closedPool(slots: Int?) throws {
        var tasks = (0..<3).map { Stage.task("t\($0)") }
        for index in tasks.indices { tasks[index].pool = "small" }
        var dag = Stage.dag(Stage.task("free"))
        dag.tasks += tasks
        var stage = try Stage(dag)
        if let slots { try stage.take(.pools(["small": slots])) }
        try stage.trigger()
        #expect(stage.running() == ["free"])
        #expect(tasks.allSatisfy { stage.state($0.id.rawValue) == .none })
        #expect(stage.core.closedPools == ["small"])

        try stage.take(.pools(["small": 2]))
        #expect(stage.running() == ["free", "t0", "t1"])
        #expect(stage.core.closedPools == [])
        // What runs in a pool that has become smaller goes on; nothing more starts.
        try stage.take(.pools(["small": 1]))
        try stage.end("t0")
        #expect(stage.running() == ["free", "t1"])
        try stage.end("t1")
        #expect(stage.running() == ["free", "t2"])
    }

    @Test("a pool of fewer than no slots has no limit, and default_pool is there although the table has none")
    func unlimitedPool() throws {
        var dag = Stage.dag()
        dag.maxActiveTasks = 100
        dag.tasks = (0..<20).map { Stage.task("t\($0)") }
        for index in dag.tasks.indices where index > 0 { dag.tasks[index].pool = "wide" }
        var stage = try Stage(dag)
        try stage.take(.pools(["wide": -1]))
        try stage.trigger()
        #expect(stage.running().count == 20)
    }

    @Test("retries can be left out for exit statuses and kinds of failure")
    func filters() throws {
        var task = Stage.task("t")
        task.retries = 3
        task.retryNotOn = RetryFilter(exitCodes: [64])
        task.retryOn = RetryFilter(exitCodes: [64, 75])
        for (code, expected) in [(75, .upForRetry), (64, .failed), (1, .failed)] as [(Int32, TaskState)] {
            var stage = try Stage(Stage.dag(task))
            try stage.trigger()
            try stage.end("t", .failed, exitCode: code)
            #expect(stage.state("t") == expected)
        }
    }

    @Test("too many failed runs in a row pause the DAG and say why")
    func pause() throws {
        var dag = Stage.dag(Stage.task("t"))
        dag.maxConsecutiveFailedRuns = 2
        var stage = try Stage(dag)
        for run in ["one", "two"] {
            try stage.trigger(run)
            try stage.end("t", of: run, .failed)
        }
        #expect(stage.tables.dags[DAGID("d")]?.isPaused == true)
        #expect(stage.tables.dags[DAGID("d")]?.pauseReason?.contains("2 runs failed in a row") == true)
    }

    @Test("a conf that the params' schemas refuse makes no run, and says what is wrong")
    func conf() throws {
        var dag = Stage.dag(Stage.task("t"))
        dag.params = ["n": ["default": 5, "type": "integer", "maximum": 10], "plain": "x"]
        var stage = try Stage(dag)
        try stage.trigger(conf: ["n": 11])
        guard case .refused(let reason)? = stage.outcome else {
            Issue.record("not refused: \(String(describing: stage.outcome))")
            return
        }
        #expect(reason.contains("params.n must be at most 10, found 11"))
        try stage.trigger(conf: ["n": 7, "plain": [1], "other": true])
        #expect(stage.running() == ["t"])
    }
}
