import CivilTime
import DAGModel
import SchedulerCore
import Timetables

/// A seeded generator (SplitMix64), so that a seed replays.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// Random documents for the simulation: every trigger rule, retries, pools, limits; by cron, by assets or only by hand.
enum RandomDAGs {
    static let start = Timestamp(iso8601: "2026-03-01T00:00:00Z") ?? .distantPast

    static func make(using generator: inout SeededGenerator) throws -> [DAGRecord] {
        let count = Int.random(in: 1...4, using: &generator)
        return try (0..<count).map { number in
            record(try dag(number, count: count, using: &generator), text: 0)
        }
    }

    static func record(_ dag: DAG, text: Int) -> DAGRecord {
        DAGRecord(dag: dag, version: DAGVersionID(rawValue: "\(dag.id)-\(text)"), sourceText: "text \(text)")
    }

    private static func dag(_ number: Int, count: Int, using generator: inout SeededGenerator) throws -> DAG {
        let id = DAGID("dag\(number)")
        let place = SourcePlace(file: "dag\(number).yaml", line: 1, column: 1)
        var timetable = try schedule(using: &generator)
        if number > 0 && generator.chance(40) {
            timetable = .assets(.any([.asset("asset\(number - 1)")]), time: nil)
        }
        let isBounded = generator.chance(80)
        var dag = DAG(
            id: id, place: place, timetable: timetable,
            bounds: ScheduleBounds(start: isBounded ? start - .seconds(6 * 3_600) : nil, end: nil),
            tasks: tasks(of: number, using: &generator))
        dag.catchup = generator.chance(50)
        if dag.catchup && generator.chance(30) { dag.catchupWindow = .seconds(3 * 3_600) }
        dag.maxActiveRuns = Int.random(in: 1...4, using: &generator)
        dag.maxActiveTasks = Int.random(in: 1...4, using: &generator)
        dag.isPausedUponCreation = generator.chance(20)
        return dag
    }

    private static func schedule(using generator: inout SeededGenerator) throws -> Timetable {
        let expressions = ["*/20 * * * *", "0 * * * *", "5,35 * * * *"]
        let cron = try CronSchedule(
            parsing: expressions[Int.random(in: 0..<expressions.count, using: &generator)], zone: .utc, policy: .debian)
        return switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4: .cron(cron)
        case 4..<9: .cronDataInterval(cron)
        default: .null
        }
    }

    private static func tasks(of dag: Int, using generator: inout SeededGenerator) -> [TaskSpec] {
        let count = Int.random(in: 0...7, using: &generator)
        return (0..<count).map { number in
            var task = TaskSpec(
                id: TaskID("t\(number)"), place: SourcePlace(file: "dag\(dag).yaml", line: number + 2, column: 1),
                body: .uses("empty"))
            for upstream in 0..<number where generator.chance(35) { task.upstream.append(TaskID("t\(upstream)")) }
            if generator.chance(40) {
                let rules = TriggerRule.allCases
                task.triggerRule = rules[Int.random(in: 0..<rules.count, using: &generator)]
            }
            task.retries = Int.random(in: 0...2, using: &generator)
            task.retryDelay = .seconds(Int64.random(in: 0...400, using: &generator))
            if generator.chance(30) { task.retryBackoff = 2 }
            if generator.chance(30) {
                task.pool = "small"
                task.poolSlots = Int.random(in: 1...2, using: &generator)
            }
            task.priorityWeight = Int.random(in: 1...3, using: &generator)
            if generator.chance(30) { task.outlets = ["asset\(dag)"] }
            return task
        }
    }
}
