import CivilTime
import DAGModel
import Lab
import Scheduler
import SchedulerCore
import Timetables

/// From the instant at which a schedule is due to the beginning of its run's first task, by the wall clock.
struct DueBenchmark: Sendable {
    let lab: DatabaseLab
    let settings: BenchmarkSettings

    /// Milliseconds, of 20 DAGs that are due together each second.
    func run() async throws -> Spread {
        let url = try await lab.makeDatabase("due")
        let everySecond = Timetable.cron(try CronSchedule(parsing: "* * * * * *"))
        let documents = PreparedDocuments((0..<20).map { Workload.single("second_\($0)", everySecond) })
        let seconds = settings.isQuick ? 8 : 30
        return try await SchedulerRig.lead(
            url, documents: documents, settings: SchedulerSettings(), logs: lab.folder + "/logs"
        ) { rig in
            // What was due before the scheduler led is late by right.
            let begin = Timestamp.now() + .seconds(1)
            try await Task.sleep(for: .seconds(seconds + 1))
            let calls = rig.records.take().filter { $0.due >= begin }
            guard calls.count >= 20 * (seconds - 1) else {
                throw LabFailure("only \(calls.count) runs of 20 DAGs in \(seconds) seconds")
            }
            return Spread(calls.map { Double($0.sinceDue) / 1e3 })
        }
    }

    /// Milliseconds, of 1,000 DAGs that are due together once.
    func runHerd() async throws -> Spread {
        let url = try await lab.makeDatabase("herd")
        let at = Timestamp.now() + .seconds(6)
        let bounds = ScheduleBounds(start: at)
        let documents = PreparedDocuments((0..<1_000).map { Workload.single("herd_\($0)", .once, bounds) })
        return try await SchedulerRig.lead(
            url, documents: documents, settings: SchedulerSettings(), logs: lab.folder + "/logs"
        ) { rig in
            _ = try await rig.watch.wait(for: .knownDAGs, 1_000)
            guard Timestamp.now() < at else { throw LabFailure("1,000 DAGs took longer than 6 s to load") }
            var calls: [CallRecords.Call] = []
            for _ in 0..<100 where calls.count < 1_000 {
                try await Task.sleep(for: .milliseconds(200))
                calls += rig.records.take()
            }
            guard calls.count == 1_000 else { throw LabFailure("only \(calls.count) of 1,000 DAGs started") }
            return Spread(calls.map { Double($0.sinceDue) / 1e3 })
        }
    }
}
