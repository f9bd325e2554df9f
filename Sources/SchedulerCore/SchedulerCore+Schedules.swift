package import CivilTime
package import DAGModel
import HeapModule
import Timetables

extension SchedulerCore {
    /// Makes the runs that a schedule owes up to now, accounts for every instant, and sets the timer for the next one.
    mutating func evaluateSchedule(_ id: DAGID) {
        guard let entry = dags[id], entry.isActive, let graph = entry.graph else { return }
        if graph.dag.timetable.isContinuous { return continueAtOnce(id, entry, graph) }
        guard graph.dag.timetable.isTimeBased else { return }
        if graph.dag.catchup { catchUp(id, graph) } else { takeLatest(id, graph) }
    }

    /// With catchup every instant gets its run, oldest first, as far as there are places.
    ///
    /// While the DAG is paused, instants wait unaccounted.
    private mutating func catchUp(_ id: DAGID, _ graph: DAGGraph) {
        let dag = graph.dag
        while let entry = dags[id], !entry.isPaused {
            guard let due = entry.nextDue else { return }
            guard due.due <= now else { return wake(id, at: due.due) }
            if let window = dag.catchupWindow, due.due < now - window {
                account(id, due, .beforeCatchupWindow)
            } else if isClaimed(due, id) {
                account(id, due, .backfilled)
            } else if entry.hasPlace(in: graph) {
                let following = dag.timetable.next(after: due.due, bounds: dag.bounds)
                let isLate = following.map { $0.due <= now } ?? false
                account(id, due, isLate ? .caughtUp : .ran)
                makeScheduledRun(due, graph)
            } else {
                return
            }
        }
    }

    /// Without catchup only the latest instant counts.
    ///
    /// It waits while the DAG is paused or has no free place; when the next one comes, that is what became of it.
    private mutating func takeLatest(_ id: DAGID, _ graph: DAGGraph) {
        let dag = graph.dag
        guard var entry = dags[id] else { return }
        guard var due = entry.nextDue else { return }
        while due.due <= now {
            let following = dag.timetable.next(after: due.due, bounds: dag.bounds)
            // Past the end of the schedule the last instant is overtaken as any other.
            let successor = following ?? dag.timetable.next(after: due.due, bounds: dag.bounds.withoutEnd)
            guard let successor, successor.due <= now else {
                takeHeld(due, id, graph)
                if let successor { wake(id, at: successor.due) }
                return
            }
            let fate: DueFate =
                isClaimed(due, id)
                ? .backfilled
                : entry.isPaused ? .paused : due.due < startedAt ? .missedWhileDown : .skippedByOverlap
            account(id, due, fate)
            guard let following else { return }
            due = following
            entry = dags[id] ?? entry
        }
        wake(id, at: due.due)
    }

    private mutating func takeHeld(_ due: DueInstant, _ id: DAGID, _ graph: DAGGraph) {
        guard let entry = dags[id] else { return }
        if isClaimed(due, id) {
            account(id, due, .backfilled)
        } else if !entry.isPaused && entry.hasPlace(in: graph) {
            account(id, due, due.due < startedAt ? .caughtUp : .ran)
            makeScheduledRun(due, graph)
        }
    }

    /// `@continuous`: a run follows the last one as soon as that has ended.
    private mutating func continueAtOnce(_ id: DAGID, _ entry: DAGEntry, _ graph: DAGGraph) {
        let isQueued = entry.queuedRuns.contains { runs[$0].map { $0.record.runAfter <= now } ?? false }
        guard !entry.isPaused, entry.activeRuns == 0, !isQueued else { return }
        let last = entry.lastDue.map { DataInterval(start: $0.last, end: $0.last) }
        let due = graph.dag.timetable.continuation(of: last, now: now, bounds: graph.dag.bounds)
        guard var due, due.due > entry.lastDue?.last ?? .distantPast else { return }
        // A run made by hand may have that date already.
        while entry.datesAhead.contains(due.logicalDate) {
            due = DueInstant(due: due.due, logicalDate: due.logicalDate + .microseconds(1), interval: due.interval)
        }
        dags[id]?.datesAhead = entry.datesAhead.filter { $0 > due.due }
        account(id, due, .ran)
        makeScheduledRun(due, graph)
    }

    /// Whether a run stands at the instant's logical date, or a backfill is going to make it.
    private func isClaimed(_ due: DueInstant, _ id: DAGID) -> Bool {
        if dags[id]?.datesAhead.contains(due.logicalDate) == true { return true }
        return backfills.values.contains { backfill in
            let record = backfill.record
            return record.dag == id && record.state != .cancelled && record.isAhead(due.logicalDate)
        }
    }

    /// Adds the instant to the ledger: to the newest row if its fate is the same, else as a new row.
    private mutating func account(_ id: DAGID, _ due: DueInstant, _ fate: DueFate) {
        guard var entry = dags[id] else { return }
        if var last = entry.lastDue, last.fate == fate {
            last.last = due.due
            last.count += 1
            entry.lastDue = last
        } else {
            entry.lastDue = DueRecord(dag: id, first: due.due, last: due.due, count: 1, fate: fate)
        }
        entry.datesAhead.remove(due.logicalDate)
        dags[id] = entry
        guard let record = entry.lastDue else { return }
        // Neighbours of one decision share one change.
        if case .account(let previous)? = decision.changes.last, previous.dag == id, previous.first == record.first {
            decision.changes.removeLast()
        }
        decision.changes.append(.account(record))
    }

    private mutating func wake(_ id: DAGID, at instant: Timestamp) {
        guard dags[id]?.wakeAt != instant else { return }
        dags[id]?.wakeAt = instant
        timers.insert(TimerEntry(at: instant, subject: .schedule(id)))
    }

    private mutating func makeScheduledRun(_ due: DueInstant, _ graph: DAGGraph) {
        makeRun(
            RunRecord(
                key: RunKey(rawValue: nextNumber()), dag: graph.dag.id,
                runID: RunType.scheduled.runID(at: due.due), type: .scheduled, state: .running,
                logicalDate: due.logicalDate, interval: due.interval, runAfter: due.due, queuedAt: now, startDate: now,
                version: graph.version, triggeredBy: "timetable"),
            graph)
    }
}

extension DAGEntry {
    /// Whether the schedule has yet to come to a logical date.
    func isAhead(_ date: Timestamp) -> Bool {
        guard let lastDue, let dag = graph?.dag else { return true }
        if dag.timetable.isContinuous { return date > lastDue.last }
        guard let last = dag.timetable.latest(atOrBefore: lastDue.last, bounds: dag.bounds) else { return true }
        return date > last.logicalDate
    }

    /// The first instant that is not accounted for.
    ///
    /// Without a ledger, the schedule's beginning.
    var nextDue: DueInstant? {
        guard let dag = graph?.dag else { return nil }
        if let lastDue { return dag.timetable.next(after: lastDue.last, bounds: dag.bounds) }
        return dag.timetable.beginning(seen: firstSeen, bounds: dag.bounds, catchup: dag.catchup)
    }
}

extension RunType {
    /// Airflow's generated `run_id`: the type and an instant.
    package func runID(at instant: Timestamp) -> String {
        "\(rawValue)__\(instant.iso8601(in: .utc))"
    }

    /// The type whose generated ids look like `runID`; nil when none does.
    package init?(ofRunID runID: String) {
        guard let type = RunType.allCases.first(where: { runID.hasPrefix($0.rawValue + "__") }) else { return nil }
        self = type
    }
}
