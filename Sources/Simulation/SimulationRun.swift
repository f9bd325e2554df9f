/// Many seeds, on all cores.
package struct SimulationRun: Sendable {
    package struct Report: Sendable {
        package internal(set) var seeds = 0
        package internal(set) var counts = SimulationCounts()
        package internal(set) var violations: [String] = []
        package internal(set) var duration = Duration.zero

        package var seedsPerSecond: Double { Double(seeds) / max(duration / .seconds(1), 1e-9) }
    }

    let seeds: Range<UInt64>
    let steps: Int

    /// - Parameter steps: disturbances of each seed before it is let come to rest.
    package init(seeds: Range<UInt64>, steps: Int = 400) {
        self.seeds = seeds
        self.steps = steps
    }

    /// Simulates every seed, or until `limit` of them broke a rule.
    package func run(workers: Int = 2, limit: Int = 10) async throws -> Report {
        let begin = ContinuousClock.now
        var report = Report()
        let block = UInt64(20)
        try await withThrowingTaskGroup(of: Report.self) { group in
            var next = seeds.lowerBound
            func add() {
                guard next < seeds.upperBound, report.violations.count < limit else { return }
                let part = next..<min(next + block, seeds.upperBound)
                next = part.upperBound
                group.addTask { try simulate(part) }
            }
            for _ in 0..<workers { add() }
            while let part = try await group.next() {
                report.seeds += part.seeds
                report.counts += part.counts
                report.violations += part.violations
                add()
            }
        }
        report.duration = ContinuousClock.now - begin
        return report
    }

    private func simulate(_ seeds: Range<UInt64>) throws -> Report {
        var report = Report()
        for seed in seeds {
            try Task.checkCancellation()
            var simulation = try Simulation(seed: seed)
            do {
                try simulation.run(steps: steps)
            } catch let violation as SimulationViolation {
                report.violations.append(violation.description)
            } catch {
                // What the store refuses, no leader may ask for.
                report.violations.append("seed \(seed): \(error)")
            }
            report.seeds += 1
            report.counts += simulation.counts
        }
        return report
    }
}
