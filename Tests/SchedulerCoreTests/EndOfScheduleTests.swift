import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Testing
import Timetables

@Suite("The end of a schedule") struct EndOfScheduleTests {
    private static let hour = Duration.seconds(3_600)

    /// Hourly from a day before the stage's beginning until `end`.
    private func dag(until end: Timestamp, catchup: Bool = false) throws -> DAG {
        var dag = Stage.dag(Stage.task("t"))
        dag.timetable = .cronDataInterval(try CronSchedule(parsing: "0 * * * *"))
        dag.bounds = ScheduleBounds(start: RandomDAGs.start - .seconds(86_400), end: end)
        dag.catchup = catchup
        return dag
    }

    private let start = RandomDAGs.start

    @Test("without catchup nothing is run of a schedule that ended before the DAG was seen")
    func past() throws {
        let stage = try Stage(dag(until: start - .seconds(36_000)))
        #expect(stage.running().isEmpty && stage.tables.runs.count == 0)
        let late = try Stage(dag(until: start - .seconds(36_000), catchup: true))
        #expect(late.tables.runs.count == 15, "with catchup all of them are run")
    }

    @Test("the last instant is run as long as the one after it is not due")
    func last() throws {
        var stage = try Stage(dag(until: start + .seconds(7_200)))
        let first = stage.tables.runs.count
        #expect(first == 1)
        for _ in 0..<6 { try stage.pass(Self.hour) }
        // Those that begin 0, 1 and 2 hours after the beginning; the first run's began an hour before it.
        #expect(stage.tables.runs.count == first + 3)
    }

    @Test("a DAG that was paused when its schedule ended runs nothing when it goes on")
    func paused() throws {
        var stage = try Stage(dag(until: start + .seconds(7_200)))
        let first = stage.tables.runs.count
        try stage.take(.paused([DAGID("d"): true]))
        for _ in 0..<3 { try stage.pass(Self.hour) }
        try stage.take(.paused([DAGID("d"): false]))
        #expect(stage.tables.runs.count == first + 1, "the last instant is still the latest")
        try stage.take(.paused([DAGID("d"): true]))

        var other = try Stage(dag(until: start + .seconds(7_200)))
        try other.take(.paused([DAGID("d"): true]))
        for _ in 0..<6 { try other.pass(Self.hour) }
        try other.take(.paused([DAGID("d"): false]))
        #expect(other.tables.runs.count == first)
    }
}
