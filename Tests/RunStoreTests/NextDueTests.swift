import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing
import Timetables

@Suite("The next instant that a schedule shows") struct NextDueTests {
    private let now = Timestamp(seconds: 1_772_366_400)  // 2026-03-01T12:00:00Z
    private let day = Duration.seconds(86_400)

    /// Daily from ten days ago, seen first an hour ago.
    private func next(catchup: Bool, end: Timestamp? = nil, last: Timestamp? = nil) throws -> Timestamp? {
        let dag = DAGID("d")
        let summary = DAGSummary(
            id: dag, displayName: nil, summary: nil, owner: "team", tags: [], isPaused: true, isActive: true,
            file: "d.yaml", version: DAGVersionID(rawValue: "v"), versionNumber: 1, taskCount: 1,
            timetable: .cronDataInterval(try CronSchedule(parsing: "0 0 * * *")),
            bounds: ScheduleBounds(start: midnight - .seconds(864_000), end: end), catchup: catchup,
            firstSeen: now - .seconds(3_600), lastRuns: [],
            lastDue: last.map { DueRecord(dag: dag, first: $0, last: $0, count: 1, fate: .ran) }, activeRuns: 0)
        return summary.nextDue(now: now)?.due
    }

    private var midnight: Timestamp { now - .seconds(43_200) }

    @Test("with catchup it is the first one, however long ago, also of a paused DAG that never ran")
    func catchup() throws {
        #expect(try next(catchup: true) == midnight - .seconds(9 * 86_400))
        #expect(try next(catchup: true, last: midnight - day) == midnight)
    }

    @Test("without catchup it is the latest, as long as nothing became of it")
    func latest() throws {
        #expect(try next(catchup: false) == midnight)
        #expect(try next(catchup: false, last: midnight) == midnight + day)
    }

    @Test("a schedule that has ended shows none")
    func ended() throws {
        #expect(try next(catchup: false, end: midnight - .seconds(5 * 86_400)) == nil)
        #expect(
            try next(catchup: false, end: midnight - .seconds(5 * 86_400), last: midnight - .seconds(8 * 86_400)) == nil
        )
        // Its last interval begins when it ends, and is due a day later.
        #expect(try next(catchup: false, end: midnight - day) == midnight)
    }
}
