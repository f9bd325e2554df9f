package import Execution
package import SchedulerCore

extension RunFacts {
    /// What a run's row says.
    package init(_ record: RunRecord) {
        self.init(
            key: record.key, runID: record.runID, type: record.type, logicalDate: record.logicalDate,
            interval: record.interval, runAfter: record.runAfter, startDate: record.startDate, conf: record.conf,
            events: record.events)
    }
}
