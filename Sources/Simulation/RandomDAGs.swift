package import CivilTime
package import DAGModel
package import SchedulerCore
import SeededRandom
import Timetables

/// Random documents for the simulation: every trigger rule, retries, pools, limits; by cron, by assets or only by hand.
package enum RandomDAGs {
    package static let start = Timestamp(iso8601: "2026-03-01T00:00:00Z") ?? .distantPast
    /// Hours before Europe's clocks go forward.
    static let startBeforeSummer = Timestamp(iso8601: "2026-03-28T18:00:00Z") ?? .distantPast

    static func make(using generator: inout SeededGenerator, start: Timestamp) throws -> [DAGRecord] {
        let count = Int.random(in: 1...4, using: &generator)
        return try (0..<count).map { number in
            record(try dag(number, count: count, using: &generator, start: start), text: 0)
        }
    }

    package static func record(_ dag: DAG, text: Int) -> DAGRecord {
        DAGRecord(dag: dag, version: DAGVersionID(rawValue: "\(dag.id)-\(text)"), sourceText: "text \(text)")
    }

    private static func dag(
        _ number: Int, count: Int, using generator: inout SeededGenerator, start: Timestamp
    ) throws -> DAG {
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
        if generator.chance(10) { dag.maxConsecutiveFailedRuns = Int.random(in: 1...3, using: &generator) }
        if generator.chance(10) { dag.failFast = true }
        if generator.chance(10) { dag.dagrunTimeout = .seconds(Int64.random(in: 1_000...8_000, using: &generator)) }
        if generator.chance(50) { addFeatures(to: &dag, using: &generator) }
        CallbackRules.add(to: &dag, using: &generator)
        SetupRules.add(to: &dag, using: &generator)
        return dag
    }

    /// Branches, mapped tasks, waiting tasks, tasks that wait for the run before, limits per task.
    private static func addFeatures(to dag: inout DAG, using generator: inout SeededGenerator) {
        for number in dag.tasks.indices {
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<15: dag.tasks[number].body = .uses("branch")
            case 15..<25: dag.tasks[number].body = .uses("short_circuit")
            case 25..<40: dag.tasks[number].body = .uses("sensor")
            case 40..<60: map(number, in: &dag, using: &generator)
            default: break
            }
            if generator.chance(10) { dag.tasks[number].dependsOnPast = true }
            if generator.chance(5) {
                dag.tasks[number].dependsOnPast = true
                dag.tasks[number].waitForDownstream = true
            }
            if generator.chance(15) { dag.tasks[number].maxActivePerDAG = Int.random(in: 1...2, using: &generator) }
            if generator.chance(15) { dag.tasks[number].maxActivePerRun = Int.random(in: 1...2, using: &generator) }
            if generator.chance(15) { dag.tasks[number].retryNotOn = RetryFilter(exitCodes: [7]) }
        }
    }

    private static func map(_ number: Int, in dag: inout DAG, using generator: inout SeededGenerator) {
        let length = Int.random(in: 0...3, using: &generator)
        var expand: [String: Argument] = ["a": .value(.array((0..<length).map { .int(Int64($0)) }))]
        if number > 0, generator.chance(70) {
            let source = dag.tasks[Int.random(in: 0..<number, using: &generator)].id
            if !dag.tasks[number].upstream.contains(source) { dag.tasks[number].upstream.append(source) }
            if generator.chance(70) { expand = [:] }
            expand["b"] = .output(task: source, key: nil)
        }
        dag.tasks[number].expand = expand
        dag.tasks[number].expandOrder = expand.keys.sorted()
    }

    private static func schedule(using generator: inout SeededGenerator) throws -> Timetable {
        let expressions = ["*/20 * * * *", "0 * * * *", "5,35 * * * *", "30 1,2,3 * * *", "15 2-4 * * *"]
        let policies: [DSTPolicy] = [
            .debian, .airflow, DSTPolicy(gap: .shift, overlap: .both), DSTPolicy(gap: .skip, overlap: .last),
        ]
        let cron = try CronSchedule(
            parsing: expressions[Int.random(in: 0..<expressions.count, using: &generator)],
            zone: generator.chance(50) ? .utc : berlin,
            policy: policies[Int.random(in: 0..<policies.count, using: &generator)])
        return switch Int.random(in: 0..<20, using: &generator) {
        case 0..<8: .cron(cron)
        case 8..<17: .cronDataInterval(cron)
        case 17: .continuous
        default: .null
        }
    }

    private static let berlin = (try? TimeZoneRules(named: "Europe/Berlin")) ?? .utc

    /// The zone of a schedule by cron; nil for any other.
    static func zone(of timetable: Timetable) -> TimeZoneRules? {
        switch timetable {
        case .cronTrigger(let trigger): trigger.schedules.first?.zone
        case .cronDataInterval(let schedule): schedule.zone
        default: nil
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
            if generator.chance(20) { task.queue = "far" }
            if generator.chance(30) { task.outlets = ["asset\(dag)"] }
            return task
        }
    }
}
