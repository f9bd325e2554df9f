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
}

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
