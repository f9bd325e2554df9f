package import CivilTime
package import DAGModel
import SchedulerCore

/// A deadline of a run, and whether it was missed.
package struct RunDeadline: Hashable, Sendable {
    /// What it counts from, as the document says.
    package let reference: String
    package let interval: Duration
    package let at: Timestamp
    /// When the scheduler noticed that it had passed; nil as long as it was not missed.
    package let missedAt: Timestamp?
    /// What it found of the runs before, if it counts with them.
    package let average: AverageRuntime?
}

/// A deadline by the average runtime that a run does not have, because there were too few successful runs before it.
package struct MissingAverage: Hashable, Sendable {
    package let runs: Int
    package let needed: Int

    /// How many there were and are needed, for people.
    package var text: String {
        "\(runs == 0 ? "no" : String(runs)) successful run\(runs == 1 ? "" : "s") before it, \(needed) needed"
    }
}

extension AverageRuntime {
    /// The average, for people; nil when the runs were too few.
    package var text: String? {
        average.map { average in
            runs == 1
                ? "the successful run before it took \(average.humanText(units: 2))"
                : "\(runs) successful runs before it took \(average.humanText(units: 2)) on average"
        }
    }
}

extension RunDetail {
    /// The run's deadlines in the order of the document; those that do not apply to it are left out.
    package var deadlines: [RunDeadline] {
        (definition.deadlines ?? []).enumerated().compactMap { position, deadline in
            let miss = run.missedDeadlines.first { $0.position == position }
            // A run that was queued again has another deadline than the one it missed.
            guard let at = miss?.deadline ?? run.instant(of: deadline, at: position) else { return nil }
            return RunDeadline(
                reference: "\(deadline.reference)", interval: deadline.interval, at: at, missedAt: miss?.noticedAt,
                average: run.averageRuntime(at: position))
        }
    }

    /// The deadlines that the run would have with more runs before it, in the order of the document.
    package var missingAverages: [MissingAverage] {
        (definition.deadlines ?? []).enumerated().compactMap { position, deadline in
            guard case .averageRuntime(_, let minimum) = deadline.reference,
                let found = run.averageRuntime(at: position), found.average == nil
            else { return nil }
            return MissingAverage(runs: found.runs, needed: minimum)
        }
    }
}
