import DAGModel
import Lab
import RunStore
import Scheduler
import SchedulerCore

/// The time from the end of one task to the beginning of its successor, by what the tasks noted themselves.
enum Hops {
    static func milliseconds(of calls: [CallRecords.Call]) -> [Double] {
        var hops: [Double] = []
        hops.reserveCapacity(calls.count)
        for run in Dictionary(grouping: calls, by: \.run).values {
            let chain = run.sorted { $0.begin < $1.begin }
            for (task, successor) in zip(chain, chain.dropFirst()) {
                hops.append((Double(successor.begin) - Double(task.end)) / 1e6)
            }
        }
        return hops
    }
}

/// One chain of 50 no-op tasks after the other, with nothing else to do.
struct HopBenchmark: Sendable {
    let lab: DatabaseLab
    let settings: BenchmarkSettings

    struct Series: Sendable {
        /// Each repetition's own percentiles.
        var medians: [Double] = []
        var tails: [Double] = []
        var greatest: [Double] = []
        var count = 0
        /// fdatasync beside it, microseconds.
        var syncMedians: [Double] = []
        var syncTails: [Double] = []
    }

    private func shape(runs: Int) -> Workload {
        Workload(name: "one chain of 50 at a time", runs: runs, tasksPerRun: 50, isChain: true)
    }

    /// - Returns: on the machine as it is, and with a spinning process for each core.
    func run() async throws -> (quiet: Series, busy: Series) {
        let url = try await lab.makeDatabase("hops")
        let shape = shape(runs: settings.isQuick ? 20 : 60)
        // A hop takes several times as long then.
        let short = self.shape(runs: 15)
        let count = settings.repetitions
        let documents = try (0...(2 * count)).map { number in
            var dag = try (number > count ? short : shape).dag("hop_\(number)").dag
            dag.maxActiveRuns = 1
            return Workload.record(dag)
        }
        return try await SchedulerRig.lead(
            url, documents: PreparedDocuments(documents), settings: SchedulerSettings(), logs: lab.folder + "/logs"
        ) { rig in
            _ = try await rig.watch.wait(for: .knownDAGs, documents.count)
            var warmUp = Series()
            try await measure(DAGID("hop_0"), shape, rig, &warmUp)
            var quiet = Series()
            for number in 1...count { try await measure(DAGID("hop_\(number)"), shape, rig, &quiet) }
            var busy = Series()
            let spinners = try (0..<ProcessFacts.cores).map { _ in
                try Program.start(settings.ownProgram, ["spin", "--seconds", "600"], in: lab.folder)
            }
            do {
                for number in 1...count { try await measure(DAGID("hop_\(count + number)"), short, rig, &busy) }
            } catch {
                for spinner in spinners { await spinner.end() }
                throw error
            }
            for spinner in spinners { await spinner.end() }
            return (quiet, busy)
        }
    }

    private func measure(_ dag: DAGID, _ shape: Workload, _ rig: SchedulerRig, _ series: inout Series) async throws {
        let sync = try await DiskProbe.syncMicroseconds(in: lab.folder)
        series.syncMedians.append(sync.median)
        series.syncTails.append(sync.percentile(0.99))
        _ = rig.records.take()
        _ = try await rig.store.setPaused(dag, false, actor: "bench")
        _ = try await rig.watch.wait(for: .endedRuns(dag), shape.runs)
        let hops = Spread(Hops.milliseconds(of: rig.records.take()))
        series.medians.append(hops.median)
        series.tails.append(hops.percentile(0.99))
        series.greatest.append(hops.greatest)
        series.count += hops.values.count
    }
}
