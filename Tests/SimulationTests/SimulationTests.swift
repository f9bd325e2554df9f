import Simulation
import Testing

@Suite("Simulated scheduler") struct SimulationTests {
    @Test("keeps its rules through crashes, takeovers, duplicates, clock jumps, changes by hand and backfills")
    func seeds() async throws {
        let report = try await SimulationRun(seeds: 0..<320).run()
        #expect(report.violations == [])
        // A simulation that exercises nothing proves nothing.
        #expect(report.counts.missing.isEmpty)
    }

    @Test("goes the same way for the same seed")
    func replay() throws {
        var first = try Simulation(seed: 7, isTraced: true)
        try first.run(steps: 200)
        var second = try Simulation(seed: 7, isTraced: true)
        try second.run(steps: 200)
        #expect((first.trace?.lines.count ?? 0) > 100)
        #expect(first.trace?.lines == second.trace?.lines)
        #expect(first.counts == second.counts)
    }
}
