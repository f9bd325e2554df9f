import DAGModel
import Lab
import PostgresClient
import RunStore
import Scheduler
import SchedulerCore

/// No-op tasks through the whole durable path, and the raw loop that writes the same rows, turn by turn.
struct ThroughputBenchmark: Sendable {
    let lab: DatabaseLab
    let settings: BenchmarkSettings

    /// What the repetitions of one workload gave.
    struct Series: Sendable {
        let workload: Workload
        var seconds: [Double] = []
        var rawSeconds: [Double] = []
        var walBytesPerTask: [Double] = []
        var rawWALBytesPerTask: [Double] = []
        /// Microseconds of processor time a task: this process, and the server's process that commits.
        var ownMicroseconds: [Double] = []
        var serverMicroseconds: [Double] = []
        var hops: [[Double]] = []

        var rate: Spread { Spread(seconds.map { Double(workload.tasks) / $0 }) }
        var rawRate: Spread { Spread(rawSeconds.map { Double(workload.tasks) / $0 }) }
    }

    func run(_ name: String, _ scheduler: SchedulerSettings, withRawLoop: Bool) async throws -> [Series] {
        let url = try await lab.makeDatabase(name)
        let rawURL = try await lab.makeDatabase(name + "_raw")
        let raw = try await RawLoop.connect(rawURL)
        let repetitions = settings.repetitions
        // One more than is counted: the first of each finds new tables, cold plans and cold code.
        let documents = try Workload.all.indices.flatMap { shape in
            try (0...repetitions).map { try Workload.all[shape].dag("load_\(shape)_\($0)") }
        }
        let series = try await SchedulerRig.lead(
            url, documents: PreparedDocuments(documents), settings: scheduler, logs: lab.folder + "/logs"
        ) { rig in
            _ = try await rig.watch.wait(for: .knownDAGs, documents.count)
            var all = Workload.all.map { Series(workload: $0) }
            for repetition in 0...repetitions {
                for shape in all.indices {
                    var series = all[shape]
                    try await measure(DAGID("load_\(shape)_\(repetition)"), rig, &series)
                    if withRawLoop {
                        let base = Int64(repetition * Workload.all.count + shape + 1) << 32
                        try await measureRaw(
                            RawLoop(connection: raw, base: base, workload: series.workload), rig, &series)
                    }
                    if repetition > 0 { all[shape] = series }
                }
            }
            return all
        }
        await raw.close()
        return series
    }

    /// From the request to unpause the DAG until the end of its last run is committed.
    private func measure(_ dag: DAGID, _ rig: SchedulerRig, _ series: inout Series) async throws {
        let workload = series.workload
        _ = rig.records.take()
        let wal = try await rig.walPosition()
        let processor = try await rig.processorSeconds()
        let start = MonotonicClock.nanoseconds
        guard try await rig.store.setPaused(dag, false, actor: "bench") else {
            throw LabFailure("the scheduler does not know the DAG \(dag)")
        }
        let end = try await rig.watch.wait(for: .endedRuns(dag), workload.runs)
        let processorAfter = try await rig.processorSeconds()
        let walAfter = try await rig.walPosition()
        let calls = rig.records.take()
        let recorded = try await rig.recordedSuccesses(of: dag)
        guard calls.count == workload.tasks, recorded == workload.tasks else {
            throw LabFailure(
                "of \(workload.tasks) tasks of \(dag) \(calls.count) were called and \(recorded) are in the history")
        }
        let tasks = Double(workload.tasks)
        series.seconds.append(MonotonicClock.seconds(from: start, to: end))
        series.walBytesPerTask.append(Double(walAfter - wal) / tasks)
        series.ownMicroseconds.append((processorAfter.own - processor.own) * 1e6 / tasks)
        series.serverMicroseconds.append((processorAfter.server - processor.server) * 1e6 / tasks)
        if workload.isChain { series.hops.append(Hops.milliseconds(of: calls)) }
    }

    private func measureRaw(_ loop: RawLoop, _ rig: SchedulerRig, _ series: inout Series) async throws {
        let wal = try await rig.walPosition()
        series.rawSeconds.append(try await loop.run())
        series.rawWALBytesPerTask.append(Double(try await rig.walPosition() - wal) / Double(series.workload.tasks))
    }
}
