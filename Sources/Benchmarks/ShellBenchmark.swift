import DAGModel
import Lab
import RunStore
import Scheduler
import SchedulerCore

/// `sh -c true` as tasks through the whole durable path, beside the machine's own limit: two in flight are most here.
struct ShellBenchmark: Sendable {
    let lab: DatabaseLab
    let settings: BenchmarkSettings

    struct Outcome: Sendable {
        var rates: [Double] = []
        var loopRates: [Double] = []
        var ratio: Spread { Spread(zip(rates, loopRates).map { $0 / $1 }) }
    }

    /// - Parameter inFlight: how many tasks at once; nil for the scheduler's default.
    func run(_ name: String, inFlight: Int?) async throws -> Outcome {
        let url = try await lab.makeDatabase(name)
        let shape = Workload(name: "sh -c true", runs: 10, tasksPerRun: settings.isQuick ? 60 : 200, isChain: false)
        let count = settings.repetitions
        let documents = try (0...count).map {
            try shape.dag(
                "shell_\($0)", operatorName: "shell", arguments: ["bash_command": .value(.string("true"))])
        }
        var scheduler = SchedulerSettings()
        if let inFlight { scheduler.core.parallelism = inFlight }
        return try await SchedulerRig.lead(
            url, documents: PreparedDocuments(documents), settings: scheduler, logs: lab.folder + "/logs"
        ) { rig in
            _ = try await rig.watch.wait(for: .knownDAGs, documents.count)
            var outcome = Outcome()
            for number in 0...count {
                let dag = DAGID("shell_\(number)")
                let start = MonotonicClock.nanoseconds
                _ = try await rig.store.setPaused(dag, false, actor: "bench")
                let end = try await rig.watch.wait(for: .endedRuns(dag), shape.runs)
                let loop = try await loopRate(count: settings.isQuick ? 1_500 : 4_000)
                if number == 0 { continue }
                outcome.rates.append(Double(shape.tasks) / MonotonicClock.seconds(from: start, to: end))
                outcome.loopRates.append(loop)
            }
            return outcome
        }
    }

    private func loopRate(count: Int) async throws -> Double {
        let program = try Program.start(
            settings.ownProgram, ["spawn-loop", "--count", "\(count)", "--in-flight", "2"], in: lab.folder)
        await program.wait()
        guard let rate = Double(program.output.filter { !$0.isWhitespace }) else {
            throw LabFailure("the loop of posix_spawn failed: \(program.output)")
        }
        return rate
    }
}
