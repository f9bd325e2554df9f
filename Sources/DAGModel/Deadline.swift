package import CivilTime

/// When a run of a DAG should have ended, and whom to tell if it has not: Airflow's DeadlineAlert.
package struct Deadline: Hashable, Sendable, Codable {
    package enum Reference: Hashable, Sendable, Codable {
        /// When the run was asked for.
        case queuedAt
        /// The run's logical date; a run without one, or of a backfill, has no such deadline.
        case logicalDate
        /// An instant; a run that is asked for later has no such deadline.
        case fixed(Timestamp)
    }

    package var reference: Reference
    /// From the reference to the deadline; may be negative.
    package var interval: Duration
    package var callbacks: [Callback]

    package init(reference: Reference, interval: Duration, callbacks: [Callback] = []) {
        self.reference = reference
        self.interval = interval
        self.callbacks = callbacks
    }

    /// The deadline of a run; nil when it has none.
    package func instant(queuedAt: Timestamp, logicalDate: Timestamp?, isBackfill: Bool) -> Timestamp? {
        switch reference {
        case .queuedAt: return queuedAt + interval
        case .logicalDate: return isBackfill ? nil : logicalDate.map { $0 + interval }
        case .fixed(let instant):
            let deadline = instant + interval
            return deadline > queuedAt ? deadline : nil
        }
    }
}

extension Deadline.Reference: CustomStringConvertible {
    /// The document's token, or the instant.
    package var description: String {
        switch self {
        case .queuedAt: "dagrun_queued_at"
        case .logicalDate: "dagrun_logical_date"
        case .fixed(let instant): instant.iso8601
        }
    }
}
