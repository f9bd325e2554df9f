import Testing

@Suite("Simulated scheduler") struct SimulationTests {
    @Test("keeps its rules through crashes, duplicates, pauses, backfills and changed documents", arguments: 0..<8)
    func seeds(block: Int) throws {
        var total = Simulation.Counts()
        var (delivered, repeated) = (0, 0)
        for seed in UInt64(block) * 40..<UInt64(block + 1) * 40 {
            var simulation = try Simulation(seed: seed)
            try simulation.run(steps: 400)
            let counts = simulation.counts
            delivered += simulation.callbacks.delivered
            repeated += simulation.callbacks.repeated
            total.crashes += counts.crashes
            total.lost += counts.lost
            total.duplicates += counts.duplicates
            total.retries += counts.retries
            total.backfills += counts.backfills
            total.runs += counts.runs
            total.assetRuns += counts.assetRuns
            total.mapped += counts.mapped
            total.cutOff += counts.cutOff
            total.deferrals += counts.deferrals
            total.blockedByPast += counts.blockedByPast
            total.notRetried += counts.notRetried
            total.cleared += counts.cleared
            total.marked += counts.marked
        }
        // A simulation that exercises nothing proves nothing.
        #expect(total.crashes > 0)
        #expect(total.lost > 0)
        #expect(total.duplicates > 0)
        #expect(total.retries > 0)
        #expect(total.backfills > 0)
        #expect(total.assetRuns > 0)
        #expect(total.mapped > 0)
        #expect(total.cutOff > 0)
        #expect(total.deferrals > 0)
        #expect(total.blockedByPast > 0)
        #expect(total.notRetried > 0)
        #expect(total.cleared > 0)
        #expect(total.marked > 0)
        #expect(delivered > 0)
        #expect(repeated > 0)
        #expect(total.runs > 100)
    }
}
