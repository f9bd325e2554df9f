package import CivilTime
package import DAGModel

/// What a task may know about the run it belongs to.
package struct RunFacts: Hashable, Sendable {
    package let key: RunKey
    /// Airflow's `run_id`, such as `scheduled__2026-01-01T00:00:00+00:00`.
    package let runID: String
    package let type: RunType
    /// Nil for a run started by assets, and for a manual one without a date.
    package let logicalDate: Timestamp?
    /// The half-open interval of data the run owns; nil when it owns none.
    package let interval: DataInterval?
    package let runAfter: Timestamp
    package let startDate: Timestamp?
    package let conf: JSONValue
    /// The hull of the asset events that started the run; nil for every other run.
    package let events: DataInterval?

    package init(
        key: RunKey, runID: String, type: RunType, logicalDate: Timestamp?, interval: DataInterval?,
        runAfter: Timestamp, startDate: Timestamp?, conf: JSONValue, events: DataInterval?
    ) {
        self.key = key
        self.runID = runID
        self.type = type
        self.logicalDate = logicalDate
        self.interval = interval
        self.runAfter = runAfter
        self.startDate = startDate
        self.conf = conf
        self.events = events
    }
}
