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
    ///
    /// - Parameter position: which deadline of the document it is, from 0.
    package func instant(of deadline: Deadline, at position: Int) -> Timestamp? {
        deadline.instant(
            queuedAt: queuedAt, logicalDate: logicalDate, isBackfill: backfill != nil,
            averageRuntime: averageRuntime(at: position)?.average)
    }

    /// What a deadline found of the runs before; nil when it does not count with them, or the store has not answered.
    package func averageRuntime(at position: Int) -> AverageRuntime? {
        averageRuntimes.first { $0.position == position }
    }

    /// The run is asked for again: it is measured by the runs that are before it now.
    ///
    /// A deadline that it has missed already stays what it was.
    mutating func forgetAverages() {
        averageRuntimes = averageRuntimes.filter { hasMissed($0.position) }
    }
}

extension SchedulerCore {
    /// Sets the timers for the deadlines that a run has not missed, and has it measured by the runs before it.
    mutating func armDeadlines(of run: RunEntry) {
        for (position, deadline) in (run.graph.dag.deadlines ?? []).enumerated() {
            arm(deadline, at: position, of: run.record)
        }
        if !Self.openAverages(of: run).isEmpty { unmeasured.append(run.record.key) }
    }

    private mutating func arm(_ deadline: Deadline, at position: Int, of run: RunRecord) {
        guard let at = run.instant(of: deadline, at: position), !run.hasMissed(position) else { return }
        timers.insert(TimerEntry(at: at, subject: .deadline(run.key)))
    }

    /// The deadlines that count with the runs before and have not been told of them.
    private static func openAverages(of run: RunEntry) -> [(position: Int, maximum: Int, minimum: Int)] {
        (run.graph.dag.deadlines ?? []).enumerated().compactMap { position, deadline in
            guard case .averageRuntime(let maximum, let minimum) = deadline.reference,
                run.record.averageRuntime(at: position) == nil, !run.record.hasMissed(position)
            else { return nil }
            return (position, maximum, minimum)
        }
    }

    /// Asks the store how long the runs before those took that were asked for in this decision.
    ///
    /// Only runs that had ended by then count: a leader that dies before it has the answer leaves the same question.
    mutating func askForRuntimes() {
        for key in unmeasured {
            guard let run = runs[key], let limit = Self.openAverages(of: run).map(\.maximum).max() else { continue }
            decision.actions.append(
                .findRuntimes(key, dag: run.record.dag, endedBy: run.record.queuedAt, limit: limit))
        }
        unmeasured = []
    }

    mutating func takeRuntimes(_ key: RunKey, _ durations: [Duration]) {
        guard var run = runs.removeValue(forKey: key) else { return }
        let open = Self.openAverages(of: run)
        for (position, maximum, minimum) in open {
            run.record.averageRuntimes.append(
                AverageRuntime(
                    position: position, durations: durations, maximumRuns: maximum, minimumRuns: minimum))
        }
        // Durable: the deadline stays the same whatever ends or is deleted later.
        if !open.isEmpty { decision.changes.append(.updateRun(run.record)) }
        for (position, _, _) in open {
            if let deadline = run.graph.dag.deadlines?[position] { arm(deadline, at: position, of: run.record) }
        }
        runs[key] = run
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
            guard let at = run.record.instant(of: deadline, at: position), at <= now,
                !run.record.hasMissed(position)
            else { continue }
            hasMissed = true
            run.record.missedDeadlines.append(DeadlineMiss(position: position, deadline: at, noticedAt: now))
            for callback in deadline.callbacks {
                notify(
                    callback, nil, in: run, isOfDAG: true,
                    reason: "the run has not ended by \(at.iso8601) "
                        + "(\(deadline.text(averageRuntime: run.record.averageRuntime(at: position)?.average)))",
                    deadline: at)
            }
        }
        return hasMissed
    }
}

extension RunRecord {
    fileprivate func hasMissed(_ position: Int) -> Bool { missedDeadlines.contains { $0.position == position } }
}
