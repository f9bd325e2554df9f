package import CivilTime
import DAGModel
import SchedulerCore

/// A deadline of a run, and whether it was missed.
package struct RunDeadline: Hashable, Sendable {
    /// What it counts from, as the document says.
    package let reference: String
    package let interval: Duration
    package let at: Timestamp
    /// When the scheduler noticed that it had passed; nil as long as it was not missed.
    package let missedAt: Timestamp?
}

extension RunDetail {
    /// The run's deadlines in the order of the document; those that do not apply to it are left out.
    package var deadlines: [RunDeadline] {
        (definition.deadlines ?? []).enumerated().compactMap { position, deadline in
            let miss = run.missedDeadlines.first { $0.position == position }
            // A run that was queued again has another deadline than the one it missed.
            guard let at = miss?.deadline ?? run.instant(of: deadline) else { return nil }
            return RunDeadline(
                reference: "\(deadline.reference)", interval: deadline.interval, at: at, missedAt: miss?.noticedAt)
        }
    }
}
