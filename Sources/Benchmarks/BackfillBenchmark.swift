import CivilTime
import DAGModel
import Lab
import RunStore
import Scheduler
import SchedulerCore
import Timetables

/// A year of hourly runs with three no-op tasks in a chain: 26,280 tasks, asked for by one command.
struct BackfillBenchmark: Sendable {
    let lab: DatabaseLab
    let settings: BenchmarkSettings

    /// Seconds from the command until the backfill's end is committed.
    /// - Parameter maxActive: runs at once; nil for the default of a DAG, 16.
    func run(_ name: String, maxActive: Int?) async throws -> Spread {
        let url = try await lab.makeDatabase(name)
        let count = settings.repetitions
        let hourly = Timetable.cronDataInterval(try CronSchedule(parsing: "0 * * * *"))
        let from = Timestamp(seconds: 1_735_689_600)  // 2025-01-01
        let documents = (0..<count).map { Workload.single("year_\($0)", hourly, ScheduleBounds(start: from), tasks: 3) }
        return try await SchedulerRig.lead(
            url, documents: PreparedDocuments(documents), settings: SchedulerSettings(), logs: lab.folder + "/logs"
        ) { rig in
            // Each DAG's newest hour runs by itself, outside of the backfill's range.
            for number in 0..<count { _ = try await rig.watch.wait(for: .endedRuns(DAGID("year_\(number)")), 1) }
            var times: [Double] = []
            for number in 0..<count {
                let dag = DAGID("year_\(number)")
                _ = rig.records.take()
                let start = MonotonicClock.nanoseconds
                _ = try await rig.store.submit(
                    .backfill(
                        dag: dag, from: from, to: from + .seconds(8_759 * 3_600), reprocess: .none,
                        maxActive: maxActive,
                        conf: .object([:])),
                    actor: "bench", idempotencyKey: nil)
                let end = try await rig.watch.wait(for: .endedBackfills(dag), 1)
                let calls = rig.records.take().count
                guard calls == 26_280 else { throw LabFailure("the backfill called \(calls) of 26,280 tasks") }
                times.append(MonotonicClock.seconds(from: start, to: end))
            }
            return Spread(times)
        }
    }
}
