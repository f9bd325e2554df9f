import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import SeededRandom
import Simulation
import Testing
import Timetables

@Suite("The dry run of a backfill") struct BackfillPlanTests {
    private static let start = RandomDAGs.start

    private static func hour(_ number: Int) -> Timestamp { start + .seconds(3_600 * (number - 48)) }

    @Test("says for every date what then happens, whatever the history is", arguments: 0..<40)
    func exact(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var dag = Stage.dag(Stage.task("a"))
        dag.timetable = try .cron(parsing: "0 * * * *")
        dag.bounds = ScheduleBounds(start: Self.hour(2), end: Self.hour(20))
        dag.maxActiveRuns = 50
        var stage = try Stage(dag)
        // The schedule itself has made the run of the last hour.
        for number in 0..<24 where number != 20 && generator.chance(50) {
            let name = "h\(number)"
            try stage.command(
                .trigger(
                    dag: dag.id, runID: name, logicalDate: Self.hour(number), conf: .object([:]), runAfter: stage.now))
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: try stage.end("a", of: name)
            case 1: try stage.end("a", of: name, .failed)
            default: break
            }
        }
        let reprocess = try #require(ReprocessBehavior.allCases.randomElement(using: &generator))
        let dates = try BackfillCheck.dates(
            of: dag, from: Self.hour(0), to: Self.hour(23), conf: .object([:]), now: stage.now
        ).get().dates
        #expect(dates == (2...20).map(Self.hour))
        let plan = dates.map { date in
            let run = stage.tables.findRuns(dag: dag.id, dates: [date]).first?.run
            return (date: date, run: run, fate: BackfillFate(state: run?.state, reprocess: reprocess))
        }

        try stage.command(
            .backfill(
                dag: dag.id, from: Self.hour(0), to: Self.hour(23), reprocess: reprocess, maxActive: 3,
                conf: .object([:])))
        var ends = 0
        while let name = stage.tables.runs.values.first(where: { $0.backfill != nil && $0.state == .running })?.runID {
            try stage.end("a", of: name)
            ends += 1
            try #require(ends < 100)
        }
        let backfill = try #require(stage.tables.backfills.values.first)
        #expect(backfill.state == .completed)
        #expect(backfill.total == plan.count)
        #expect(backfill.skipped == plan.count { $0.fate.isLeft })
        for entry in plan {
            let after = try #require(stage.tables.findRuns(dag: dag.id, dates: [entry.date]).first?.run)
            switch entry.fate {
            case .create:
                #expect(entry.run == nil)
                #expect(after.type == .backfill)
            case .rerun:
                #expect(after.key == entry.run?.key)
                #expect(after.backfill == backfill.id)
            case .leave:
                #expect(after == entry.run)
            }
        }
    }

    @Test("refuses what the scheduler refuses, in the same words", arguments: ["null", "bounds", "order", "future"])
    func refusals(kind: String) throws {
        var dag = Stage.dag(Stage.task("a"))
        if kind != "null" { dag.timetable = try .cron(parsing: "0 * * * *") }
        if kind == "bounds" { dag.bounds = ScheduleBounds(start: Self.hour(100)) }
        let (from, to) =
            switch kind {
            case "order": (Self.hour(2), Self.hour(1))
            case "future": (Self.hour(60), Self.hour(70))
            default: (Self.hour(1), Self.hour(2))
            }
        var stage = try Stage(dag)
        try stage.command(
            .backfill(dag: dag.id, from: from, to: to, reprocess: .none, maxActive: nil, conf: .object([:])))
        guard
            case .failure(let refusal) = BackfillCheck.dates(
                of: dag, from: from, to: to, conf: .object([:]), now: stage.now)
        else {
            Issue.record("not refused")
            return
        }
        #expect(stage.outcome == .refused(refusal.description))
    }

    /// The dates of the backfill's runs, in the order in which they began.
    private static func begun(_ stage: Stage) -> [Timestamp] {
        stage.tables.runs.values.filter { $0.backfill != nil }.sorted { $0.key < $1.key }.compactMap(\.logicalDate)
    }

    private static func endAll(_ stage: inout Stage, atMost limit: Int = .max) throws {
        var ends = 0
        while ends < limit,
            let run = stage.tables.runs.values.first(where: { $0.backfill != nil && $0.state == .running })
        {
            try stage.end("a", of: run.runID)
            ends += 1
            try #require(ends < 100)
        }
    }

    private static func stage(_ change: (inout DAG) -> Void = { _ in }) throws -> Stage {
        var dag = Stage.dag(Stage.task("a"))
        dag.timetable = .cronDataInterval(try CronSchedule(parsing: "0 * * * *"))
        dag.bounds = ScheduleBounds(start: hour(0))
        change(&dag)
        return try Stage(dag)
    }

    @Test("ends with the last interval that is over, also when more are over by the time it comes there")
    func future() throws {
        var stage = try Self.stage()
        try stage.command(
            .backfill(
                dag: DAGID("d"), from: Self.hour(44), to: Self.hour(400), reprocess: .completed, maxActive: 1,
                conf: .object([:])))
        // Now is hour 48: the interval that begins with 47 has just ended.
        guard case .backfill(let id, 4, let lastDue)? = stage.outcome else {
            Issue.record("\(String(describing: stage.outcome))")
            return
        }
        #expect(lastDue == Self.hour(47))
        #expect(stage.tables.backfills[id]?.to == Self.hour(47))
        try stage.pass(.seconds(3 * 3_600))
        try Self.endAll(&stage)
        #expect(stage.tables.backfills[id]?.state == .completed)
        #expect(stage.tables.runs.values.compactMap(\.logicalDate).max().map { $0 <= Self.hour(50) } == true)
        #expect(Self.begun(stage).allSatisfy { $0 <= Self.hour(47) })
    }

    @Test("backwards the newest date comes first, also after a crash, in pieces, and with another schedule meanwhile")
    func backwards() throws {
        var configuration = CoreConfiguration()
        configuration.backfillLookupSize = 3
        var dag = Stage.dag(Stage.task("a"))
        dag.timetable = try .cron(parsing: "0 * * * *")
        dag.bounds = ScheduleBounds(start: Self.hour(0), end: Self.hour(30))
        var stage = try Stage(dag, configuration: configuration)
        let dates = try BackfillCheck.dates(
            of: dag, from: Self.hour(1), to: Self.hour(12), conf: .object([:]), backwards: true, now: stage.now
        ).get().dates
        #expect(dates == (1...12).reversed().map(Self.hour))
        try stage.command(
            .backfill(
                dag: dag.id, from: Self.hour(1), to: Self.hour(12), reprocess: .none, maxActive: 1, conf: .object([:]),
                backwards: true))
        try Self.endAll(&stage, atMost: 4)
        try stage.crash()
        try Self.endAll(&stage, atMost: 2)
        #expect(Self.begun(stage) == (6...12).reversed().map(Self.hour))
        dag.timetable = try .cron(parsing: "0 */2 * * *")
        try stage.change(dag)
        try Self.endAll(&stage)
        let last = Self.begun(stage).suffix(3)
        #expect(last.last == Self.hour(2))
        #expect(Self.begun(stage) == Self.begun(stage).sorted(by: >))
        #expect(stage.tables.backfills.values.first?.state == .completed)
    }

    @Test("backwards is refused where each run waits for the one before it", arguments: [true, false])
    func backwardsInOrder(isDownstream: Bool) throws {
        var stage = try Self.stage { dag in
            if isDownstream { dag.tasks[0].waitForDownstream = true } else { dag.tasks[0].dependsOnPast = true }
        }
        try stage.command(
            .backfill(
                dag: DAGID("d"), from: Self.hour(1), to: Self.hour(2), reprocess: .none, maxActive: nil,
                conf: .object([:]), backwards: true))
        guard case .refused(let reason)? = stage.outcome else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains(isDownstream ? "wait_for_downstream" : "depends_on_past"))
    }
}
