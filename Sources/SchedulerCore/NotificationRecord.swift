package import CivilTime
package import DAGModel

/// The key of a notification, numbered like ``RunKey``.
package struct NotificationID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package var description: String { String(rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// How a notification stands, with tokens of ours.
///
///     pending -> delivered | failed
package enum NotificationState: String, Sendable, Codable, CaseIterable {
    case pending, delivered, failed
}

/// One call of a notifier: a row of `notification`, written with the change that is its cause, and delivered afterwards.
package struct NotificationRecord: Hashable, Sendable {
    package let id: NotificationID
    package let dag: DAGID
    package let run: RunKey
    /// Airflow's `run_id` of the run.
    package let runID: String
    /// What it is about; of a DAG's callback the task that failed first, nil for none.
    package let task: TaskInstanceKey?
    /// Whether the DAG's document wants it, not a task's.
    package let isOfDAG: Bool
    /// Of the task; 0 without one.
    package let tryNumber: Int
    package let maxTries: Int
    package let callback: Callback
    /// Why the task or run is as it is, for the message.
    package let reason: String?
    /// The deadline that was missed.
    package let deadline: Timestamp?
    package let createdAt: Timestamp
    package var state: NotificationState
    /// Deliveries tried so far.
    package var deliveries: Int
    /// When the next delivery is due; nil when it is under way or none follows.
    package var nextAt: Timestamp?
    package var endedAt: Timestamp?
    /// What went wrong with the last delivery that failed.
    package var lastError: String?

    package init(
        id: NotificationID, dag: DAGID, run: RunKey, runID: String, task: TaskInstanceKey?, isOfDAG: Bool,
        tryNumber: Int, maxTries: Int, callback: Callback, reason: String?, deadline: Timestamp? = nil,
        createdAt: Timestamp, state: NotificationState = .pending, deliveries: Int = 0, nextAt: Timestamp? = nil,
        endedAt: Timestamp? = nil, lastError: String? = nil
    ) {
        self.id = id
        self.dag = dag
        self.run = run
        self.runID = runID
        self.task = task
        self.isOfDAG = isOfDAG
        self.tryNumber = tryNumber
        self.maxTries = maxTries
        self.callback = callback
        self.reason = reason
        self.deadline = deadline
        self.createdAt = createdAt
        self.state = state
        self.deliveries = deliveries
        self.nextAt = nextAt
        self.endedAt = endedAt
        self.lastError = lastError
    }
}

/// How one delivery of a notification ended.
package enum NotificationOutcome: Hashable, Sendable {
    case delivered
    /// `isFinal` when another try would fail the same way: a bad argument, a template's error.
    case failed(String, isFinal: Bool)
}
