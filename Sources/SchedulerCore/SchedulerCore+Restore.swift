import CivilTime
import DAGModel
import HeapModule
import Timetables

extension SchedulerCore {
    /// Takes over what the last leader left.
    ///
    /// Documents come later, as an event.
    mutating func restore(_ snapshot: Snapshot) {
        for known in snapshot.dags {
            dags[known.id] = DAGEntry(
                id: known.id, version: known.version, file: known.file, isPaused: known.isPaused,
                isActive: known.isActive,
                firstSeen: known.firstSeen, lastDue: known.lastDue, datesAhead: Set(known.datesAhead),
                queuedEvents: snapshot.queuedEvents[known.id] ?? [], failuresInARow: known.failuresInARow)
        }
        for record in snapshot.backfills { backfills[record.id] = BackfillEntry(record: record) }
        var graphs: [DAGVersionID: DAGGraph] = [:]
        for active in snapshot.runs.sorted(by: { $0.stored.run.key < $1.stored.run.key }) {
            let version = active.stored.run.version
            let graph = graphs[version] ?? DAGGraph(active.dag, version: version)
            graphs[version] = graph
            restore(active, graph: graph)
        }
    }

    private mutating func restore(_ active: Snapshot.ActiveRun, graph: DAGGraph) {
        var run = RunEntry(active, graph: graph)
        for attempt in active.attempts {
            guard let number = run.entry(of: attempt.instance) else { continue }
            // A row that says how the task ended, beside a live try: it was marked and the try is being stopped.
            if run.tasks[number].state.isFinished, run.tasks[number].state != .removed {
                run.tasks[number].markedState = run.tasks[number].state
            }
            run.tasks[number].state = .running
            run.tasks[number].attempt = attempt.attempt
            run.tasks[number].tryNumber = attempt.tryNumber
            run.tasks[number].maxTries = attempt.maxTries
            run.tasks[number].queuedAt = attempt.queuedAt
            run.tasks[number].startDate = attempt.startedAt
            run.activeTasks += 1
            attempts[attempt.attempt] = (run.record.key, number)
            if attempt.queue != nil { handedOver.insert(attempt.attempt) }
            usedSlots[attempt.pool, default: 0] += attempt.poolSlots
            takeLimits(of: run.tasks[number].spec, in: &run)
        }
        run.recount()
        let key = run.record.key
        let dag = run.record.dag
        let isRunning = run.record.state == .running
        if let backfill = run.record.backfill {
            backfills[backfill]?.activeRuns += 1
        } else if isRunning {
            dags[dag]?.activeRuns += 1
        } else {
            dags[dag]?.queuedRuns.append(key)
            wakeForQueued(run.record)
        }
        armDeadlines(of: run)
        runs[key] = run
        if graph.asksForPast { unplaced.append(key) }
        if isRunning { resume(key) }
    }

    /// Takes up a run where it stands: retries that wait, tasks whose conditions hold, and its timeout.
    private mutating func resume(_ key: RunKey) {
        guard var run = runs.removeValue(forKey: key) else { return }
        armTimeout(of: run)
        stopHandedOver(in: run)
        for number in run.tasks.indices {
            switch run.tasks[number].state {
            case .upForRetry, .upForReschedule, .deferred:
                timers.insert(TimerEntry(at: run.tasks[number].retryAt ?? now, subject: .retry(key, number)))
            case .none where run.tasks[number].mapIndex >= 0:
                makeReady(number, in: &run)
            case .none:
                evaluate(number, in: &run)
            default:
                break
            }
        }
        if run.unfinished == 0 { finish(&run) } else { runs[key] = run }
    }

    /// Called once documents are there after a restart: backfills and queued runs go on.
    mutating func resumeWaiting(_ id: DAGID) {
        startQueuedRuns(id)
        startRunForAssets(id)
        evaluateSchedule(id)
        // In their order: the same events give the same decisions.
        for backfill in backfills.values.filter({ $0.record.dag == id }).map(\.record.id).sorted() { step(backfill) }
    }
}

extension RunEntry {
    /// A run as the store holds it, without its live attempts.
    init(_ active: Snapshot.ActiveRun, graph: DAGGraph) {
        self.init(record: active.stored.run, graph: graph)
        for row in active.stored.tasks { adopt(row) }
        for (instance, length) in active.mapLengths {
            if let number = entry(of: instance) { tasks[number].listLength = length }
        }
        recount()
    }

    /// Takes over what the store says of a task instance; ``recount()`` must follow.
    mutating func adopt(_ row: TaskInstanceRecord) {
        guard let number = entry(of: row.instance) else { return }
        tasks[number].state = row.state
        tasks[number].isStored = true
        tasks[number].tryNumber = row.tryNumber
        tasks[number].maxTries = row.maxTries
        tasks[number].lostCount = row.lostCount
        tasks[number].startDate = row.startDate
        tasks[number].retryAt = row.retryAt
        if row.state == .upForReschedule || row.state == .deferred { tasks[number].waitingSince = row.startDate }
    }
}
