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

    private static func hour(_ number: Int) -> Timestamp { start + .seconds(3_600 * number) }

    @Test("says for every date what then happens, whatever the history is", arguments: 0..<40)
    func exact(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var dag = Stage.dag(Stage.task("a"))
        dag.timetable = try .cron(parsing: "0 * * * *")
        dag.bounds = ScheduleBounds(start: Self.hour(2), end: Self.hour(20))
        dag.maxActiveRuns = 50
        var stage = try Stage(dag)
        for number in 0..<24 where generator.chance(50) {
            let name = "h\(number)"
            try stage.trigger(name, date: Self.hour(number))
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: try stage.end("a", of: name)
            case 1: try stage.end("a", of: name, .failed)
            default: break
            }
        }
        let reprocess = try #require(ReprocessBehavior.allCases.randomElement(using: &generator))
        let dates = try BackfillCheck.dates(
            of: dag, from: Self.hour(0), to: Self.hour(23), conf: .object([:])
        ).get()
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

    @Test("refuses what the scheduler refuses, in the same words", arguments: ["null", "bounds", "order"])
    func refusals(kind: String) throws {
        var dag = Stage.dag(Stage.task("a"))
        if kind != "null" { dag.timetable = try .cron(parsing: "0 * * * *") }
        if kind == "bounds" { dag.bounds = ScheduleBounds(start: Self.hour(100)) }
        let (from, to) = kind == "order" ? (Self.hour(2), Self.hour(1)) : (Self.hour(1), Self.hour(2))
        var stage = try Stage(dag)
        try stage.command(
            .backfill(dag: dag.id, from: from, to: to, reprocess: .none, maxActive: nil, conf: .object([:])))
        guard case .failure(let refusal) = BackfillCheck.dates(of: dag, from: from, to: to, conf: .object([:])) else {
            Issue.record("not refused")
            return
        }
        #expect(stage.outcome == .refused(refusal.description))
    }
}
