import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing

@Suite("Deadlines by the average runtime") struct AverageRuntimeTests {
    private func dag(maximum: Int = 3, minimum: Int = 2, _ interval: Duration = .seconds(60)) -> DAG {
        var dag = Stage.dag(Stage.task("t"))
        dag.deadlines = [
            Deadline(
                reference: .averageRuntime(maximumRuns: maximum, minimumRuns: minimum), interval: interval,
                callbacks: [Callback(event: .deadline, notifier: "slack")])
        ]
        return dag
    }

    private func record(_ stage: Stage, _ run: String) throws -> RunRecord {
        try #require(stage.tables.findRun(dag: DAGID("d"), runID: run)).run
    }

    private func average(_ stage: Stage, _ run: String) throws -> AverageRuntime? {
        try record(stage, run).averageRuntimes.first
    }

    private func misses(_ stage: Stage, _ run: String) throws -> [Timestamp] {
        try record(stage, run).missedDeadlines.map(\.deadline)
    }

    /// Runs of these lengths, one after the other, named by their seconds.
    private func pass(_ seconds: Int..., in stage: inout Stage, _ state: AttemptState = .success) throws {
        for length in seconds {
            try stage.trigger("\(length)")
            try stage.pass(.seconds(length))
            try stage.end("t", of: "\(length)", state)
        }
    }

    @Test("too few successful runs make none; then it is the average of the last ones and the interval")
    func exact() throws {
        var stage = try Stage(dag())
        try pass(1_000, in: &stage)
        try pass(9_000, in: &stage, .failed)
        // One success so far: the failure counts for nothing.
        try stage.trigger("few")
        let few = try #require(try average(stage, "few"))
        #expect(few.runs == 1 && few.average == nil)
        try stage.pass(.seconds(100_000))
        #expect(try misses(stage, "few").isEmpty)
        try stage.end("t", of: "few", .failed)

        try pass(100, 301, in: &stage)
        // 1000, 100, 301.
        try stage.trigger("three")
        let three = try #require(try average(stage, "three"))
        #expect(three.runs == 3 && three.microseconds == 467_000_000)
        let deadline = stage.now + .seconds(467 + 60)
        try stage.pass(.seconds(526))
        #expect(try misses(stage, "three").isEmpty)
        try stage.pass(.seconds(1))
        #expect(try misses(stage, "three") == [deadline])
        #expect(stage.notices.map(\.deadline) == [deadline])
        #expect(
            stage.notices.first?.reason
                == "the run has not ended by \(deadline.iso8601) (average_runtime 7m 47s + 1m)")
        try stage.pass(.seconds(73))
        try stage.end("t", of: "three")

        // Only the last three: 100, 301, 600, which do not divide evenly.
        try stage.trigger("last")
        #expect(try average(stage, "last")?.microseconds == 333_666_666)
    }

    @Test("a run that ends in time misses nothing, and its deadline stays while others end")
    func inTime() throws {
        var stage = try Stage(dag(maximum: 2, minimum: 2))
        try pass(100, 300, in: &stage)
        try stage.trigger("first")
        let before = try record(stage, "first").averageRuntimes
        try pass(5_000 / 100, in: &stage)
        try stage.end("t", of: "first")
        #expect(try record(stage, "first").averageRuntimes == before)
        try stage.pass(.seconds(9_000))
        #expect(try misses(stage, "first").isEmpty)
        #expect(stage.notices.isEmpty)
    }

    @Test("the next leader keeps the deadline of a run under way, whatever has ended or is gone since")
    func takeOver() throws {
        var stage = try Stage(dag(maximum: 2, minimum: 2))
        try pass(100, 300, in: &stage)
        try stage.trigger("long")
        let deadline = stage.now + .seconds(200 + 60)
        try pass(50, in: &stage)
        try stage.command(.deleteRun(dag: DAGID("d"), runID: "100"))
        try stage.takeOver()
        #expect(try average(stage, "long")?.microseconds == 200_000_000)
        try stage.pass(.seconds(1_000))
        #expect(try misses(stage, "long") == [deadline])
        #expect(stage.notices.count == 1)
    }

    @Test("a leader that dies before it has the answer leaves the question to the next, with the same answer")
    func unanswered() throws {
        var stage = try Stage(dag(maximum: 2, minimum: 2))
        try pass(100, 300, in: &stage)
        stage.losesAnswers = true
        try stage.trigger("long")
        try pass(50, in: &stage)
        #expect(try average(stage, "long") == nil)
        stage.losesAnswers = false
        try stage.takeOver()
        // Without the run of 50 seconds, which ended after this one was asked for.
        #expect(try average(stage, "long")?.microseconds == 200_000_000)
    }

    @Test("a document that gets such a deadline counts with the runs of before")
    func changed() throws {
        var plain = dag()
        plain.deadlines = nil
        var stage = try Stage(plain)
        try pass(100, 300, in: &stage)
        #expect(try record(stage, "300").averageRuntimes.isEmpty)
        try stage.change(dag())
        try stage.trigger("next")
        #expect(try average(stage, "next")?.microseconds == 200_000_000)
    }

    @Test("a queued run counts from when it was asked for, with what had ended by then")
    func queued() throws {
        var one = dag(maximum: 2, minimum: 2)
        one.maxActiveRuns = 1
        var stage = try Stage(one)
        try pass(100, 300, in: &stage)
        try stage.trigger("first")
        try stage.trigger("second")
        let deadline = stage.now + .seconds(260)
        try stage.pass(.seconds(1_000))
        #expect(try misses(stage, "second") == [deadline])
        #expect(stage.run("second") == .queued)
    }

    @Test("a run that is cleared is measured anew, unless it has missed its deadline already")
    func cleared() throws {
        var stage = try Stage(dag(maximum: 1, minimum: 1))
        try pass(100, in: &stage)
        try stage.trigger("r")
        try stage.pass(.seconds(10))
        try stage.end("t")
        #expect(try average(stage, "r")?.microseconds == 100_000_000)
        try pass(500, in: &stage)
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r")))
        #expect(try average(stage, "r")?.microseconds == 500_000_000)
        let deadline = stage.now + .seconds(560)
        try stage.pass(.seconds(700))
        #expect(try misses(stage, "r") == [deadline])
        try stage.end("t")
        try stage.command(.clear(ClearRequest(dag: DAGID("d"), runID: "r")))
        #expect(try average(stage, "r")?.microseconds == 500_000_000)
        try stage.pass(.seconds(9_000))
        #expect(try misses(stage, "r") == [deadline])
    }

    @Test("a deadline that lies before the run was asked for is missed at once")
    func behind() throws {
        var stage = try Stage(dag(maximum: 1, minimum: 1, .seconds(-200)))
        try pass(100, in: &stage)
        try stage.trigger("r")
        #expect(try misses(stage, "r") == [stage.now - .seconds(100)])
    }

    @Test("several deadlines count each its own runs, in one question")
    func several() throws {
        var dag = dag(maximum: 1, minimum: 1)
        dag.deadlines?.append(Deadline(reference: .queuedAt, interval: .seconds(5)))
        dag.deadlines?.append(
            Deadline(reference: .averageRuntime(maximumRuns: 5, minimumRuns: 3), interval: .zero))
        var stage = try Stage(dag)
        try pass(100, 300, in: &stage)
        try stage.trigger("r")
        #expect(
            try record(stage, "r").averageRuntimes == [
                AverageRuntime(position: 0, durations: [.seconds(300)], maximumRuns: 1, minimumRuns: 1),
                AverageRuntime(
                    position: 2, durations: [.seconds(300), .seconds(100)], maximumRuns: 5, minimumRuns: 3),
            ])
    }

    @Test("a clock that was set back makes no negative runtime")
    func clock() {
        let found = AverageRuntime(
            position: 0, durations: [.seconds(-100), .seconds(50)], maximumRuns: 10, minimumRuns: 1)
        #expect(found.microseconds == 25_000_000)
        #expect(AverageRuntime(position: 0, durations: [], maximumRuns: 10, minimumRuns: 1).average == nil)
    }
}
