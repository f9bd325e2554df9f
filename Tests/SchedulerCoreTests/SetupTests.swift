import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing

@Suite("Setups and teardowns") struct SetupTests {
    private static func role(_ role: TaskRole, _ id: String, needs: [String] = []) -> TaskSpec {
        var task = Stage.task(id, needs: needs, role == .teardown ? .allDoneSetupSuccess : .allSuccess)
        task.role = role
        return task
    }

    /// make -> one -> two -> (after), with take right after two and make.
    private func dag(failsRun: Bool? = nil) -> DAG {
        var take = Self.role(.teardown, "take", needs: ["two", "make"])
        take.failsRun = failsRun
        return Stage.dag(
            Self.role(.setup, "make"), Stage.task("one", needs: ["make"]), Stage.task("two", needs: ["one"], .allDone),
            take)
    }

    @Test("a teardown runs once its setup has succeeded, whatever the work did, and the run pays no heed to it")
    func teardown() throws {
        for (work, failsRun, expected) in [
            (AttemptState.failed, nil, RunState.failed), (.success, nil, .success), (.success, true, .failed),
        ] as [(AttemptState, Bool?, RunState)] {
            var stage = try Stage(dag(failsRun: failsRun))
            try stage.trigger()
            try stage.end("make")
            try stage.end("one", work)
            try stage.end("two", work)
            #expect(stage.running() == ["take"])
            try stage.end("take", .failed)
            #expect(stage.run() == expected)
        }
    }

    @Test("a setup that failed or was skipped hands that to its whole scope, whatever the rules there")
    func setupFails() throws {
        for (state, expected) in [(AttemptState.failed, TaskState.upstreamFailed), (.skipped, .skipped)] {
            var stage = try Stage(dag())
            try stage.trigger()
            try stage.end("make", state)
            // "two" has the rule all_done, and needs the setup without naming it.
            #expect(["one", "two", "take"].map { stage.state($0) } == [expected, expected, expected])
            #expect(stage.running() == [])
        }
    }

    @Test("a mapped setup must have succeeded in every instance")
    func mappedSetup() throws {
        var mapped = dag()
        mapped.tasks[0].expand = ["n": .value([1, 2])]
        mapped.tasks[0].expandOrder = ["n"]
        var stage = try Stage(mapped)
        try stage.trigger()
        try stage.end("make[0]")
        #expect(stage.running() == ["make[1]"])
        try stage.end("make[1]", .skipped)
        #expect(["one", "two"].map { stage.state($0) } == [.skipped, .skipped])
        #expect(stage.running() == ["take"])
    }

    @Test("of several setups one that succeeded is enough for the teardown")
    func severalSetups() throws {
        var stage = try Stage(
            Stage.dag(
                Self.role(.setup, "a"), Self.role(.setup, "b"), Stage.task("work", needs: ["a", "b"]),
                Self.role(.teardown, "take", needs: ["work", "a", "b"])))
        try stage.trigger()
        try stage.end("a")
        try stage.end("b", .failed)
        #expect(stage.state("work") == .upstreamFailed)
        #expect(stage.running() == ["take"])
        try stage.end("take")
        #expect(stage.run() == .failed)
    }

    @Test("branches and short circuits leave teardowns to their setups")
    func branches() throws {
        var stage = try Stage(
            Stage.dag(
                Self.role(.setup, "make"), Stage.task("check", needs: ["make"]), Stage.task("work", needs: ["check"]),
                Self.role(.teardown, "take", needs: ["work", "make"])))
        try stage.trigger()
        try stage.end("make")
        try stage.end("check", skips: .everything)
        #expect(stage.state("work") == .skipped)
        #expect(stage.running() == ["take"])
        try stage.end("take")
        #expect(stage.run() == .success)
    }

    @Test("a run that is marked by hand still tears down what was set up", arguments: [RunState.success, .failed])
    func marked(as state: RunState) throws {
        func mark(dryRun: Bool) -> Command { .markRun(dag: DAGID("d"), runID: "r", state: state, dryRun: dryRun) }
        var stage = try Stage(dag())
        try stage.trigger()
        try stage.end("make")
        try stage.command(mark(dryRun: true))
        #expect(stage.outcome == .changed(count: 2, names: ["r one", "r two"]))
        try stage.command(mark(dryRun: false))
        #expect(stage.stopped.count == 1)
        try stage.crash()
        #expect(stage.running() == ["take"])
        #expect(stage.run() == .running)
        try stage.end("take")
        #expect(stage.run() == state)
        #expect(stage.state("take") == .success)
        #expect(stage.state("two") == (state == .success ? .success : .skipped))
    }

    @Test("a run that waits for its place has set up nothing: marked by hand, it ends without its teardowns")
    func markedQueued() throws {
        for state in [RunState.success, .failed] {
            var queued = dag()
            queued.maxActiveRuns = 1
            var stage = try Stage(queued)
            try stage.trigger("first")
            try stage.trigger()
            try stage.command(.markRun(dag: DAGID("d"), runID: "r", state: state, dryRun: false))
            #expect(stage.run() == state)
            #expect(stage.state("take") == (state == .success ? .success : .skipped))
        }
    }

    @Test("a run that is stopped still tears down what was set up, also after a crash; cancelled twice it does not")
    func cancelled() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        try stage.end("make")
        try stage.command(.cancelRun(dag: DAGID("d"), runID: "r"))
        #expect(stage.stopped.count == 1)
        try stage.end("one", .failed)
        #expect(stage.state("two") == .skipped)
        #expect(stage.running() == ["take"])
        try stage.crash()
        #expect(stage.running() == ["take"])
        try stage.end("take")
        #expect(stage.run() == .failed)
        #expect(stage.state("take") == .success)

        stage = try Stage(dag())
        try stage.trigger()
        try stage.end("make")
        try stage.command(.cancelRun(dag: DAGID("d"), runID: "r"))
        try stage.end("one", .failed)
        try stage.command(.cancelRun(dag: DAGID("d"), runID: "r"))
        try stage.end("take", .failed)
        #expect(stage.state("take") == .failed)
        #expect(stage.run() == .failed)
        #expect(stage.running() == [])
    }

    @Test("nothing is torn down that was not set up when the run was stopped")
    func cancelledEarly() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        try stage.command(.cancelRun(dag: DAGID("d"), runID: "r"))
        try stage.end("make", .failed)
        #expect(stage.run() == .failed)
        #expect(stage.state("take") == .upstreamFailed)
    }

    @Test("a task of the scope that is cleared brings its setup and teardown along, and waits for the setup again")
    func clear() throws {
        var stage = try Stage(dag())
        try stage.trigger()
        for name in ["make", "one"] { try stage.end(name) }
        try stage.end("two", .failed)
        try stage.end("take")
        #expect(stage.run() == .failed)
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r", onlyFailed: true)))
        guard case .changed(3, let names)? = stage.outcome else {
            Issue.record("\(String(describing: stage.outcome))")
            return
        }
        #expect(Set(names) == ["r two", "r make", "r take"])
        // "one" has succeeded and stays so; "two" waits for the setup all the same.
        #expect(stage.running() == ["make"])
        try stage.end("make")
        #expect(stage.running() == ["two"])
        try stage.end("two")
        #expect(stage.running() == ["take"])
        try stage.end("take")
        #expect(stage.run() == .success)
        #expect(stage.row("make")?.tryNumber == 2)
        #expect(stage.row("one")?.tryNumber == 1)
    }

    @Test("what comes after a teardown's work is outside of the scope")
    func scope() throws {
        var outside = dag()
        outside.tasks.append(Stage.task("after", needs: ["two"]))
        var stage = try Stage(outside)
        try stage.trigger()
        for name in ["make", "one", "two"] { try stage.end(name) }
        try stage.end("after", .failed)
        try stage.end("take")
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r", onlyFailed: true)))
        #expect(stage.running() == ["after"])
        #expect(stage.state("make") == .success)
    }

    @Test("a task with the rule all_done_setup_success and no setup right above it runs when all is done")
    func ruleWithoutSetup() throws {
        var stage = try Stage(Stage.dag(Stage.task("a"), Stage.task("b", needs: ["a"], .allDoneSetupSuccess)))
        try stage.trigger()
        try stage.end("a", .failed)
        #expect(stage.running() == ["b"])
    }
}
