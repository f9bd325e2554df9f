package import CivilTime
package import DAGModel
import HeapModule

// Deadlines: a run that has not ended in time is noted, once, and told of.

/// A deadline that passed before its run ended.
package struct DeadlineMiss: Hashable, Sendable, Codable {
    /// Which deadline of the document, from 0.
    package let position: Int
    package let deadline: Timestamp
    /// When the scheduler noticed: later than the deadline if none ran then.
    package let noticedAt: Timestamp

    package init(position: Int, deadline: Timestamp, noticedAt: Timestamp) {
        self.position = position
        self.deadline = deadline
        self.noticedAt = noticedAt
    }
}

extension RunRecord {
    /// When the run should have ended by a deadline; nil when the deadline does not apply to it.
    package func instant(of deadline: Deadline) -> Timestamp? {
        deadline.instant(queuedAt: queuedAt, logicalDate: logicalDate, isBackfill: backfill != nil)
    }
}

extension SchedulerCore {
    /// Sets the timers for the deadlines that a run has not missed.
    mutating func armDeadlines(of run: RunEntry) {
        for (position, deadline) in (run.graph.dag.deadlines ?? []).enumerated() {
            guard let at = run.record.instant(of: deadline), !run.record.hasMissed(position) else { continue }
            timers.insert(TimerEntry(at: at, subject: .deadline(run.record.key)))
        }
    }

    mutating func deadlineDue(_ key: RunKey) {
        guard var run = runs.removeValue(forKey: key) else { return }
        if missDeadlines(of: &run) { decision.changes.append(.updateRun(run.record)) }
        runs[key] = run
    }

    /// Notes the deadlines that have passed, and tells of each; false when there is none.
    mutating func missDeadlines(of run: inout RunEntry) -> Bool {
        var hasMissed = false
        for (position, deadline) in (run.graph.dag.deadlines ?? []).enumerated() {
            guard let at = run.record.instant(of: deadline), at <= now, !run.record.hasMissed(position) else {
                continue
            }
            hasMissed = true
            run.record.missedDeadlines.append(DeadlineMiss(position: position, deadline: at, noticedAt: now))
            for callback in deadline.callbacks {
                notify(
                    callback, nil, in: run, isOfDAG: true,
                    reason: "the run has not ended by \(at.iso8601) (\(deadline.reference) "
                        + "\(deadline.interval < .zero ? "−" : "+") \(deadline.interval.magnitudeText))",
                    deadline: at)
            }
        }
        return hasMissed
    }
}

extension Duration {
    fileprivate var magnitudeText: String { (self < .zero ? .zero - self : self).humanText() }
}

extension RunRecord {
    fileprivate func hasMissed(_ position: Int) -> Bool { missedDeadlines.contains { $0.position == position } }
}
