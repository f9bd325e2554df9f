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
        /// When the run was asked for, and as long after it as the last successful runs took on average: of at most
        /// `maximumRuns`; a run before which there were fewer than `minimumRuns` has no such deadline.
        case averageRuntime(maximumRuns: Int = Reference.defaultRuns, minimumRuns: Int = Reference.defaultRuns)

        /// Airflow's default of `max_runs`.
        package static let defaultRuns = 10
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
    ///
    /// - Parameter averageRuntime: of the runs before it; nil when it is not known or they were too few.
    package func instant(
        queuedAt: Timestamp, logicalDate: Timestamp?, isBackfill: Bool, averageRuntime: Duration?
    ) -> Timestamp? {
        switch reference {
        case .queuedAt: return queuedAt + interval
        case .logicalDate: return isBackfill ? nil : logicalDate.map { $0 + interval }
        case .fixed(let instant):
            let deadline = instant + interval
            return deadline > queuedAt ? deadline : nil
        case .averageRuntime: return averageRuntime.map { queuedAt + $0 + interval }
        }
    }
}

extension Deadline {
    /// The deadline of any run, for people: `average_runtime of the last 5 to 20 successful runs + 1h`.
    package var rule: String {
        guard case .averageRuntime(let maximum, let minimum) = reference else { return text() }
        let least = minimum == maximum ? "" : "\(minimum) to "
        let runs = maximum == 1 ? "successful run" : "\(least)\(maximum) successful runs"
        return "\(reference) of the last \(runs) \(intervalText)"
    }

    /// The deadline of a run, for people: `dagrun_queued_at + 1h`, `average_runtime 3m + 1h`.
    package func text(averageRuntime: Duration? = nil) -> String {
        "\(reference)\(averageRuntime.map { " \($0.humanText(units: 2))" } ?? "") \(intervalText)"
    }

    private var intervalText: String {
        interval < .zero ? "− \((.zero - interval).humanText())" : "+ \(interval.humanText())"
    }
}

extension Deadline.Reference: CustomStringConvertible {
    /// The document's token, or the instant.
    package var description: String {
        switch self {
        case .queuedAt: "dagrun_queued_at"
        case .logicalDate: "dagrun_logical_date"
        case .fixed(let instant): instant.iso8601
        case .averageRuntime: "average_runtime"
        }
    }
}
