import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// Deadlines by the average runtime: an independent reading of what a run finds of those before it.
struct AverageRules {
    let seed: UInt64

    /// Judges the runs that learn it in a batch, and returns how many deadlines that gave.
    ///
    /// - Parameter tables: before the batch: nothing was decided between the question and its answer.
    func check(_ changes: [Change], before tables: MemoryTables) throws -> Int {
        var count = 0
        for case .updateRun(let run) in changes {
            let old = tables.runs[run.key]
            let known = old?.averageRuntimes ?? []
            for found in run.averageRuntimes {
                if known.contains(found) {
                    let isMissed = run.missedDeadlines.contains { $0.position == found.position }
                    if old?.queuedAt == run.queuedAt || isMissed { continue }
                    throw violation("\(run.runID) was made to run again and counts with the average of before")
                }
                guard case .averageRuntime(let maximum, let minimum)? = reference(of: found, run, tables) else {
                    throw violation("\(run.runID) counts with an average that its document does not ask for")
                }
                let durations = durations(before: run, tables).prefix(maximum)
                let total = durations.reduce(0, +)
                let average = durations.count < minimum ? nil : total / Int64(durations.count)
                guard found.runs == durations.count, found.microseconds == average else {
                    throw violation(
                        "\(run.runID) counts with \(found) where \(durations.count) runs took \(total) in all")
                }
                if average != nil { count += 1 }
            }
        }
        return count
    }

    private func reference(
        of found: AverageRuntime, _ run: RunRecord, _ tables: MemoryTables
    ) -> Deadline.Reference? {
        let deadlines = tables.versions[run.version]?.deadlines ?? []
        return deadlines.indices.contains(found.position) ? deadlines[found.position].reference : nil
    }

    /// In microseconds, the newest run first.
    private func durations(before run: RunRecord, _ tables: MemoryTables) -> [Int64] {
        var runs = tables.runs.values.filter { other in
            other.dag == run.dag && other.state == .success && other.endDate.map { $0 <= run.queuedAt } ?? false
        }
        runs.sort { ($0.runAfter, $0.key) > ($1.runAfter, $1.key) }
        return runs.compactMap { other in
            guard let start = other.startDate, let end = other.endDate else { return nil }
            return max(end.microseconds - start.microseconds, 0)
        }
    }

    private func violation(_ rule: String) -> SimulationViolation { SimulationViolation(seed: seed, rule: rule) }
}
