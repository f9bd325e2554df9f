import ArgumentParser
import Glibc
import Simulation

@main
struct CryptoflowSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-simulate",
        abstract: "Drives the scheduler's core through random disturbances and judges every rule.",
        discussion: """
            A seed is a few random DAGs and some hundred disturbances: crashes, takeovers, lost and repeated messages, clock
            jumps, changes of summer time, pauses, changes by hand, backfills, changed documents. The last line counts what
            happened; the exit status is 1 when a rule broke, or when something was never exercised.
            """)

    @Option(help: "How many seeds.") var seeds: UInt64 = 1_000
    @Option(help: "The first seed.") var from: UInt64 = 0
    @Option(help: "Disturbances of each seed.") var steps = 400
    @Option(help: "Only this seed, telling everything that happens in it.") var replay: UInt64?

    func validate() throws {
        if seeds < 1 || seeds > 1_000_000_000 {
            throw ValidationError("--seeds must be 1 ... 1000000000, not \(seeds)")
        }
        if from.addingReportingOverflow(seeds).overflow {
            throw ValidationError("--from \(from) and --seeds \(seeds) go beyond the last seed, \(UInt64.max - 1)")
        }
        if steps < 1 { throw ValidationError("--steps must be 1 or more, not \(steps)") }
    }

    func run() async throws {
        if let replay { return try tell(replay) }
        let report = try await SimulationRun(seeds: from..<from + seeds, steps: steps).run()
        for violation in report.violations {
            print("violation: \(violation)")
        }
        if let first = report.violations.first {
            print("replay the first with: make simulate ARGS=\"--replay \(first.dropFirst(5).prefix { $0 != ":" })\"")
        }
        // Few seeds need not exercise everything.
        let missing = seeds >= 300 ? report.counts.missing : []
        if !missing.isEmpty {
            print("never exercised: \(missing.map(\.rawValue).joined(separator: ", "))")
        }
        let rate = report.seedsPerSecond.rounded()
        print(
            "simulate: \(report.seeds) seeds, \(Int(rate)) a second, \(report.violations.count) violations; \(report.counts)"
        )
        if !report.violations.isEmpty || !missing.isEmpty { throw ExitCode(1) }
    }

    private func tell(_ seed: UInt64) throws {
        var simulation = try Simulation(seed: seed, isTraced: true)
        var problem: (any Error)?
        do {
            try simulation.run(steps: steps)
        } catch {
            problem = error
        }
        for line in simulation.trace?.lines ?? [] { print(line) }
        if let problem {
            print("violation: \(problem)")
            throw ExitCode(1)
        }
        print("simulate: seed \(seed), no violation; \(simulation.counts)")
    }
}
