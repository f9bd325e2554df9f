import CivilTime
import DAGModel
import DequeModule
import Timetables

extension SchedulerCore {
    mutating func makeBackfill(
        _ id: DAGID, _ from: Timestamp, _ to: Timestamp, _ reprocess: ReprocessBehavior, maxActive: Int?,
        conf: JSONValue, backwards: Bool, actor: String
    ) -> CommandOutcome {
        guard let graph = dags[id]?.graph else { return .refused(unknown(id)) }
        let dag = graph.dag
        if let maxActive, maxActive < 1 { return .refused("--max-active must be 1 or more, not \(maxActive)") }
        let plan: BackfillDates
        switch BackfillCheck.dates(of: dag, from: from, to: to, conf: conf, backwards: backwards, now: now) {
        case .failure(let refusal): return .refused(refusal.description)
        case .success(let found): plan = found
        }
        // What is not due now stays the schedule's, also when it has become due by the time the backfill comes to it.
        let lastDue = plan.upcoming == nil ? nil : plan.dates.max()
        let record = BackfillRecord(
            id: BackfillID(rawValue: nextNumber()), dag: id, from: from, to: lastDue ?? to, reprocess: reprocess,
            maxActive: maxActive ?? dag.maxActiveRuns, conf: conf, backwards: backwards, state: .running,
            total: plan.dates.count, createdAt: now, triggeredBy: actor)
        backfills[record.id] = BackfillEntry(record: record)
        decision.changes.append(.setBackfill(record))
        step(record.id)
        return .backfill(record.id, total: record.total, lastDue: lastDue)
    }

    mutating func setBackfillState(_ id: BackfillID, _ state: BackfillState) -> CommandOutcome {
        guard let entry = backfills[id] else {
            return .refused("there is no unfinished backfill \(id): see `cryptoflow backfill list`")
        }
        guard state != .completed else { return .refused("a backfill completes by itself; cancel it instead") }
        guard entry.record.state != .cancelled else { return .refused("backfill \(id) is being cancelled") }
        backfills[id]?.record.state = state
        if let record = backfills[id]?.record { decision.changes.append(.setBackfill(record)) }
        step(id)
        return .done
    }

    /// Makes runs while the backfill has places and dates; asks for the runs at the next dates when it knows no more.
    mutating func step(_ id: BackfillID) {
        guard var entry = backfills[id] else { return }
        if entry.record.state == .cancelled { return end(entry) }
        guard entry.record.state == .running, let dag = dags[entry.record.dag], !dag.isPaused, let graph = dag.graph
        else {
            return
        }
        var changed = false
        while entry.activeRuns < entry.record.maxActive, let date = entry.dates.popFirst() {
            let stored = entry.found.removeValue(forKey: date)
            // Whatever was made there since the look-up ran after this backfill was asked for.
            let isTouched = entry.touched.remove(date) != nil
            entry.record.cursor = date
            changed = true
            backfills[id] = entry
            let began =
                isTouched
                ? false
                : stored.map { rerun($0, for: entry.record, graph) } ?? makeBackfillRun(date, entry.record, graph)
            entry = backfills[id] ?? entry
            if began { entry.record.created += 1 } else { entry.record.skipped += 1 }
        }
        backfills[id] = entry
        if changed { decision.changes.append(.setBackfill(entry.record)) }
        guard entry.dates.isEmpty, !entry.isLookingUp, entry.activeRuns < entry.record.maxActive else { return }
        let dates = entry.record.backwards ? datesBack(id, graph) : nextDates(of: entry.record, graph.dag)
        if dates.isEmpty { return end(entry) }
        backfills[id]?.isLookingUp = true
        decision.actions.append(.findRuns(id, dag: entry.record.dag, dates: dates))
    }

    private mutating func end(_ entry: BackfillEntry) {
        guard entry.activeRuns == 0 else { return }
        var record = entry.record
        if record.state == .running { record.state = .completed }
        record.endedAt = now
        backfills[record.id] = nil
        decision.changes.append(.setBackfill(record))
        followUps.append(.dag(record.dag))
    }

    /// Notes that the run at a logical date is not as a look-up may have found it.
    mutating func touch(_ run: RunRecord) {
        guard let date = run.logicalDate, !backfills.isEmpty else { return }
        for id in backfills.keys where backfills[id]?.record.dag == run.dag && backfills[id]?.dates.isEmpty == false {
            backfills[id]?.touched.insert(date)
        }
    }

    /// The dates to look up next.
    private func nextDates(of record: BackfillRecord, _ dag: DAG) -> [Timestamp] {
        let from = record.cursor.map { $0 + .microseconds(1) } ?? record.from
        guard from <= record.to else { return [] }
        return dag.timetable.instants(from: from, through: record.to, bounds: dag.bounds)
            .prefix(configuration.backfillLookupSize).map(\.logicalDate)
    }

    /// Likewise, the newest first.
    ///
    /// A timetable is read forward only: its dates are kept, or each look-up would go through them all.
    private mutating func datesBack(_ id: BackfillID, _ graph: DAGGraph) -> [Timestamp] {
        guard let record = backfills[id]?.record else { return [] }
        if backfills[id]?.ahead?.version != graph.version {
            let end = record.cursor.map { $0 - .microseconds(1) } ?? record.to
            let dates =
                end < record.from
                ? []
                : graph.dag.timetable.instants(from: record.from, through: end, bounds: graph.dag.bounds)
                    .map(\.logicalDate)
            backfills[id]?.ahead = (graph.version, dates)
        }
        let next = backfills[id]?.ahead?.dates.suffix(configuration.backfillLookupSize) ?? []
        backfills[id]?.ahead?.dates.removeLast(next.count)
        return next.reversed()
    }

    mutating func takeFoundRuns(_ id: BackfillID, dates: [Timestamp], runs stored: [StoredRun]) {
        guard var entry = backfills[id], entry.isLookingUp else { return }
        entry.isLookingUp = false
        let byDate = Dictionary(
            stored.compactMap { run in run.run.logicalDate.map { ($0, run) } }, uniquingKeysWith: { first, _ in first })
        entry.dates = Deque(dates)
        entry.found = byDate
        entry.touched = []
        backfills[id] = entry
        step(id)
    }

    private mutating func makeBackfillRun(_ date: Timestamp, _ backfill: BackfillRecord, _ graph: DAGGraph) -> Bool {
        let dag = graph.dag
        guard
            let due = dag.timetable.instants(from: date, through: date, bounds: dag.bounds).first(where: { _ in true })
        else { return false }
        backfills[backfill.id]?.activeRuns += 1
        makeRun(
            RunRecord(
                key: RunKey(rawValue: nextNumber()), dag: dag.id, runID: RunType.backfill.runID(at: date),
                type: .backfill, state: .running, logicalDate: date, interval: due.interval, runAfter: due.due,
                queuedAt: now, startDate: now, version: graph.version, conf: backfill.conf, backfill: backfill.id,
                triggeredBy: backfill.triggeredBy),
            graph)
        return true
    }

    /// Runs an ended run again if the backfill's reprocess behaviour says so: as it stands now in its document, every task
    /// from the beginning, its tries counted on.
    private mutating func rerun(_ stored: StoredRun, for backfill: BackfillRecord, _ graph: DAGGraph) -> Bool {
        let isWanted = BackfillFate(state: stored.run.state, reprocess: backfill.reprocess) == .rerun
        guard isWanted, runs[stored.run.key] == nil else { return false }
        var record = stored.run
        record.state = .running
        record.queuedAt = now
        record.forgetAverages()
        record.startDate = now
        record.endDate = nil
        record.reason = nil
        record.version = graph.version
        record.backfill = backfill.id
        record.conf = backfill.conf
        decision.changes.append(.updateRun(record))
        var run = RunEntry(record: record, graph: graph)
        for task in stored.tasks {
            guard let number = run.entry(of: task.instance) else { continue }
            run.tasks[number].isStored = true
            run.tasks[number].tryNumber = task.tryNumber
            run.tasks[number].maxTries = task.tryNumber + run.spec(number).retries
            decision.changes.append(run.row(number, endDate: nil, reason: nil))
            decision.changes.append(.dropOutputs(run.instance(number)))
        }
        placeInTime(run)
        armDeadlines(of: run)
        runs[record.key] = run
        backfills[backfill.id]?.activeRuns += 1
        touch(record)
        start(record.key)
        return true
    }
}
