import CivilTime
import DAGModel
import HeapModule
import Timetables

extension SchedulerCore {
    /// Inserts a run that was not there before; a `running` one starts at once.
    mutating func makeRun(_ record: RunRecord, _ graph: DAGGraph) {
        decision.changes.append(.insertRun(record))
        let run = RunEntry(record: record, graph: graph)
        if record.backfill == nil {
            if record.state == .running {
                dags[record.dag]?.activeRuns += 1
            } else {
                dags[record.dag]?.queuedRuns.append(record.key)
                wakeForQueued(record)
            }
        }
        if record.type != .scheduled, let date = record.logicalDate, dags[record.dag]?.isAhead(date) == true {
            dags[record.dag]?.datesAhead.insert(date)
        }
        touch(record)
        runs[record.key] = run
        placeInTime(run)
        armDeadlines(of: run)
        if record.state == .running { start(record.key) }
    }

    /// Sets the timer for a queued run whose time has not come.
    mutating func wakeForQueued(_ record: RunRecord) {
        guard record.state == .queued, record.runAfter > now else { return }
        timers.insert(TimerEntry(at: record.runAfter, subject: .queued(record.dag)))
    }

    /// Gives queued runs of a DAG whose time has come their places, oldest first.
    mutating func startQueuedRuns(_ id: DAGID) {
        while let entry = dags[id], !entry.isPaused, let graph = entry.graph, entry.hasPlace(in: graph),
            let place = entry.queuedRuns.firstIndex(where: { runs[$0].map { $0.record.runAfter <= now } ?? true })
        {
            let key = entry.queuedRuns[place]
            dags[id]?.queuedRuns.remove(at: place)
            guard runs[key] != nil else { continue }
            dags[id]?.activeRuns += 1
            runs[key]?.record.state = .running
            runs[key]?.record.startDate = now
            if let record = runs[key]?.record { decision.changes.append(.updateRun(record)) }
            start(key)
        }
    }

    /// Starts the tasks of a run whose conditions hold from the beginning.
    mutating func start(_ key: RunKey) {
        guard var run = runs.removeValue(forKey: key) else { return }
        armTimeout(of: run)
        for number in run.tasks.indices where run.tasks[number].state == .none {
            if run.tasks[number].mapIndex >= 0 { makeReady(number, in: &run) } else { evaluate(number, in: &run) }
        }
        if run.unfinished == 0 { finish(&run) } else { runs[key] = run }
    }

    /// Ends a run whose tasks have all finished, and lets those that waited for its place go on.
    ///
    /// The run is not in `runs`.
    mutating func finish(_ run: inout RunEntry) {
        run.record.state = run.finalState
        run.record.endDate = now
        run.record.reason = run.stopReason
        // It may have ended while the deadline's own timer was still to fire.
        _ = missDeadlines(of: &run)
        decision.changes.append(.updateRun(run.record))
        touch(run.record)
        announceEnd(of: run)
        let id = run.record.dag
        leavePast(of: run)
        if let backfill = run.record.backfill {
            backfills[backfill]?.activeRuns -= 1
            followUps.append(.backfill(backfill))
        } else {
            dags[id]?.activeRuns -= 1
            countFailures(of: id, run.record.state)
        }
        followUps.append(.dag(id))
    }

    /// Airflow's `max_consecutive_failed_dag_runs`: that many failures in a row pause the DAG.
    private mutating func countFailures(of id: DAGID, _ state: RunState) {
        guard var entry = dags[id] else { return }
        entry.failuresInARow = state == .failed ? entry.failuresInARow + 1 : 0
        let limit = entry.graph?.dag.maxConsecutiveFailedRuns ?? 0
        if limit > 0, entry.failuresInARow >= limit, !entry.isPaused {
            entry.isPaused = true
            decision.changes.append(
                .pauseDAG(
                    id,
                    reason: "\(entry.failuresInARow) runs failed in a row; max_consecutive_failed_dag_runs is \(limit)")
            )
        }
        dags[id] = entry
    }

    func armedTimeout(of run: RunEntry) -> Timestamp? {
        guard let timeout = run.graph.dag.dagrunTimeout, let start = run.record.startDate else { return nil }
        return start + timeout
    }

    mutating func armTimeout(of run: RunEntry) {
        guard let at = armedTimeout(of: run) else { return }
        timers.insert(TimerEntry(at: at, subject: .runTimeout(run.record.key)))
    }

    mutating func runTimedOut(_ key: RunKey) {
        guard let run = runs[key], run.record.state == .running, let at = armedTimeout(of: run), at <= now else {
            return
        }
        stop(key, reason: "dagrun_timeout: the run took longer than the DAG allows")
    }

    /// Fails a run: what runs is stopped, what has not started is skipped.
    ///
    /// The run ends when the last attempt has.
    mutating func stop(_ key: RunKey, reason: String) {
        guard runs[key]?.stopReason == nil, var run = runs.removeValue(forKey: key) else { return }
        let isQueued = run.record.state == .queued
        if isQueued {
            dags[run.record.dag]?.queuedRuns.removeAll { $0 == key }
            if run.record.backfill == nil { dags[run.record.dag]?.activeRuns += 1 }
        }
        stopRest(of: &run, reason: reason, withTeardowns: isQueued)
        if run.unfinished == 0 { finish(&run) } else { runs[key] = run }
    }

    /// Stops what runs of a run and skips what has not started; the caller sees to the run's end.
    ///
    /// Teardowns are left alone: they run if their setups have succeeded.
    mutating func stopRest(of run: inout RunEntry, reason: String, withTeardowns: Bool = false) {
        run.stopReason = reason
        let graph = run.graph
        let isSpared = { (number: Int, run: RunEntry) in !withTeardowns && graph.isTeardown(run.tasks[number].spec) }
        let parked = run.parked.unordered.filter { isSpared($0.number, run) }
        run.parked = Heap(parked)
        var settled: [Int] = []
        // Durable at once: a new leader goes on stopping.
        run.record.reason = reason
        decision.changes.append(.updateRun(run.record))
        for number in run.tasks.indices where !isSpared(number, run) {
            if let attempt = run.tasks[number].attempt {
                decision.actions.append(.stop(attempt, reason: reason))
            } else if !run.tasks[number].state.isFinished, !run.isHead(number) {
                settle(number, in: &run, as: .skipped, reason: reason)
                settled.append(number)
            }
        }
        if !withTeardowns { spreadToTeardowns(from: settled, in: &run) }
    }
}
