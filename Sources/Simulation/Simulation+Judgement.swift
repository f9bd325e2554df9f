import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Timetables

/// How a simulation ends, and what must hold then.
extension Simulation {
    mutating func comeToRest() throws {
        try staleActs()
        stale = nil
        // Whatever the clock was set to, it is not before anything that has happened.
        skew = .seconds(1_800)
        if !removed.isEmpty {
            documents += removed
            removed = []
        }
        try unpause()
        try settle()
        pools["small"] = 2
        takePools()
        // The schedules end, so that what is under way can.
        for index in documents.indices {
            var dag = documents[index].dag
            dag.bounds.end = now
            documents[index] = RandomDAGs.record(dag, text: -1)
        }
        leader.queue.take(.documents(loaded: documents, removed: []), now: now)
        try settle()
        for backfill in tables.backfills.values.sorted(by: { $0.id < $1.id }) where backfill.state == .paused {
            command(.setBackfillState(backfill.id, .running))
        }
        for _ in 0..<20_000 {
            try settle()
            leader.collectEnded(at: elapsed)
            collectFromWorkers()
            if !leader.reports.isEmpty {
                leader.queue.take(leader.reports.removeFirst(), now: now)
            } else if endDelivery() {
                continue
            } else if let next = [leader.queue.nextWake, nextEnd].compactMap({ $0 }).min() {
                advance(max(.zero, next - now))
                try wake()
            } else if try !unpause(), try !cancelBlocked() {
                return
            }
        }
        throw violation("does not come to rest: \(leader.queue.activeRunCount) runs are active")
    }

    /// Unpauses what is paused; false when nothing was.
    @discardableResult
    private mutating func unpause() throws -> Bool {
        let paused = documents.map(\.dag.id).filter { tables.dags[$0]?.isPaused == true }
        for id in paused {
            _ = history.setPaused(id, false)
            leader.queue.take(.paused([id: false]), now: now)
        }
        return !paused.isEmpty
    }

    /// Cancels the first active run that waits for one before it that did not succeed, or that has no place because this one
    /// has it: rightly so, and it will for ever.
    private mutating func cancelBlocked() throws -> Bool {
        let active = tables.runs.values.filter { $0.state == .running }.sorted { $0.key < $1.key }
        for run in active {
            guard let dag = tables.versions[run.version] else { continue }
            let isBlocked = dag.tasks.contains { task in
                tables.states(of: task.id, run.key).contains { !$0.isFinished }
                    && !tables.mayStartAfterPast(task, run, dag)
                    && tables.previousRun(dag: run.dag, before: run.logicalDate ?? .distantPast)?.run.state != .running
            }
            guard isBlocked else { continue }
            counts[.blockedByPast] += 1
            command(.cancelRun(dag: run.dag, runID: run.runID))
            return true
        }
        return false
    }

    mutating func judge() throws {
        counts[.runs] = tables.runs.count
        counts[.assetRuns] = tables.runs.values.count { $0.type == .assetTriggered }
        guard tables.liveAttempts.isEmpty else {
            throw violation("attempts stay live: \(tables.liveAttempts.keys.sorted())")
        }
        for run in tables.runs.values.sorted(by: { $0.key < $1.key }) { try judge(run) }
        for backfill in tables.backfills.values where backfill.endedAt == nil {
            throw violation("backfill \(backfill.id) does not end")
        }
        for (dag, events) in tables.queuedEvents where !events.isEmpty {
            throw violation("asset events of \(dag) wait for ever: \(events)")
        }
        if let problem = callbacks.problem(
            in: tables, maximum: configuration.maximumDeliveries, changedByHand: changedByHand)
        {
            throw violation(problem)
        }
        for command in commands where tables.outcomes[command.id] == nil {
            throw violation("command \(command.id) has no outcome: \(command.command)")
        }
        for document in documents { try judgeLedger(document.dag) }
    }

    private func judge(_ run: RunRecord) throws {
        guard run.state.isFinished, run.endDate != nil else {
            throw violation("run \(run.runID) of \(run.dag) stays \(run.state.rawValue)")
        }
        guard let dag = tables.versions[run.version] else { throw violation("run \(run.runID) lost its version") }
        if let reason = run.reason, reason != "marked success" {
            guard run.state == .failed else {
                throw violation("cancelled run \(run.runID) ended \(run.state.rawValue)")
            }
            return
        }
        var states: [TaskID: [TaskState]] = [:]
        for task in dag.tasks {
            states[task.id] = tables.states(of: task.id, run.key)
            try judge(task, of: run, in: dag, upstream: task.upstream.flatMap { states[$0] ?? [] })
        }
        let deciding = Set(SetupRules.deciding(dag))
        let failed = dag.tasks.contains { task in
            deciding.contains(task.id) && (states[task.id] ?? []).contains { $0 == .failed || $0 == .upstreamFailed }
        }
        guard run.state == (failed ? .failed : .success) else {
            throw violation("run \(run.runID) ended \(run.state.rawValue) though its leaves say otherwise")
        }
    }

    /// A disturbed run's tasks ended as those of an undisturbed one.
    private func judge(_ task: TaskSpec, of run: RunRecord, in dag: DAG, upstream: [TaskState]) throws {
        let isCutOff = IdealOutcome.skippers(of: task, in: dag, run: run.runID) { tables.states(of: $0, run.key) }
        let instances = tables.tasks(of: run.key).filter { $0.instance.task == task.id && $0.state != .removed }
        guard !instances.isEmpty else { throw violation("task \(task.id) of \(run.runID) has no row") }
        let isMapped = instances.contains { $0.instance.mapIndex >= 0 }
        for row in instances where (row.instance.mapIndex >= 0) == isMapped {
            guard row.state.isFinished else {
                throw violation(
                    "task \(row.instance) of \(run.runID), which ended \(run.state.rawValue), is \(row.state.rawValue), "
                        + "try \(row.tryNumber), \(row.reason ?? "no reason")")
            }
            if changedByHand.contains(run.key) { continue }
            let lostTooOften = row.lostCount >= configuration.maximumLostInARow
            // Each lost try is made up for, but for the last one of too many.
            let lost = lostCount(row.instance) - (lostTooOften ? 1 : 0)
            // A run again has outcomes of other tries: only the rules apply.
            let isAgain = run.backfill != nil && row.maxTries - lost > task.retries
            guard isAgain || row.maxTries - lost == task.retries else {
                throw violation(
                    "\(row.instance) of \(run.runID) may be tried \(row.maxTries) times though it has \(task.retries) "
                        + "retries and was lost \(lost) times")
            }
            var expected = IdealOutcome.finalStates(
                task, named: IdealOutcome.name(row.instance), dag: run.dag.rawValue, run: run.runID,
                upstream: upstream, countsTries: !isAgain)
            if isCutOff { expected.insert(.skipped) }
            if let held = SetupRules.finalStates(task, in: dag, states: { tables.states(of: $0, run.key) }) {
                expected.formUnion(held)
                if !isMapped { expected.subtract([.success, .failed]) }
            }
            // Nothing to map over: the lists themselves are judged in tests of their own.
            if task.isMapped, !isMapped { expected.formUnion([.skipped, .upstreamFailed, .failed]) }
            guard expected.contains(row.state) || lostTooOften else {
                throw violation("\(row.instance) of \(run.runID) ended \(row.state.rawValue), expected \(expected)")
            }
        }
    }

    /// Every instant up to now is accounted for, once.
    private func judgeLedger(_ dag: DAG) throws {
        guard dag.timetable.isTimeBased, let rows = tables.due[dag.id], let first = rows.first else { return }
        var instants = 0
        var due = dag.timetable.next(after: first.first - .microseconds(1), bounds: dag.bounds)
        while let next = due, next.due <= now {
            instants += 1
            if rows.contains(where: { $0.first <= next.due && next.due <= $0.last && $0.fate.hasRun }),
                tables.findRuns(dag: dag.id, dates: [next.logicalDate]).isEmpty,
                deletedDates[dag.id]?.contains(next.logicalDate) != true,
                !wasLeftToCancelled(next.logicalDate, of: dag.id)
            {
                throw violation("\(dag.id) \(next.due.iso8601) is said to have run and has no run")
            }
            due = dag.timetable.next(after: next.due, bounds: dag.bounds)
        }
        let accounted = rows.reduce(0) { $0 + $1.count }
        guard accounted == instants else {
            throw violation("\(dag.id) had \(instants) instants, its ledger has \(accounted)")
        }
    }
}

extension Simulation {
    /// Whether a backfill that was going to make the run of a date was cancelled before it came to it.
    private func wasLeftToCancelled(_ date: Timestamp, of dag: DAGID) -> Bool {
        tables.backfills.values.contains { backfill in
            backfill.dag == dag && backfill.state == .cancelled && backfill.isAhead(date)
        }
    }
}

extension DueFate {
    /// Whether a run stands for the instants of this fate.
    var hasRun: Bool { self == .ran || self == .caughtUp || self == .backfilled }
}
