import CivilTime
import DAGModel
import HeapModule

extension SchedulerCore {
    /// Starts ready tasks while there are slots: of the scheduler (`parallelism`), the pool and the run.
    mutating func dispatch() {
        while !isDraining, startsLeft > 0, let next = nextReady() {
            guard var run = runs.removeValue(forKey: next.run) else {
                unpark(pool: next.pool)
                unpark(limit: next.limit)
                continue
            }
            if run.tasks[next.number].state == .queued {
                place(next, in: &run)
            } else {
                // Skipped, marked or cleared while it waited.
                passOn(next, in: &run)
            }
            // A run that waits for a place again is only looked at: what was ready in it is from before.
            if run.unfinished == 0, run.record.state == .running { finish(&run) } else { runs[next.run] = run }
        }
        if !followUps.isEmpty {
            followUp()
            dispatch()
        }
    }

    private mutating func place(_ next: ReadyTask, in run: inout RunEntry) {
        let spec = run.spec(next.number)
        if spec.dependsOnPast || spec.waitForDownstream, !pastAllows(next.number, in: run) {
            // A run was put before this one, or the one before it was cleared, since the task became ready.
            run.tasks[next.number].state = .none
            run.waitingOnPast.insert(next.number)
            passOn(next, in: &run)
        } else if run.activeTasks >= run.graph.dag.maxActiveTasks {
            run.parked.insert(next)
            unpark(pool: spec.pool)
            unpark(limit: next.limit)
        } else if parkAtLimit(next, run.tasks[next.number].spec, in: &run) {
            unpark(pool: spec.pool)
            unpark(&run)
        } else if !hasFreeSlots(spec) {
            parkedByPool[spec.pool, default: []].insert(next)
            unpark(&run)
            unpark(limit: next.limit)
        } else {
            begin(next.number, spec, in: &run)
        }
    }

    /// What was let go does not start after all: whoever waits behind it for the same may.
    private mutating func passOn(_ next: ReadyTask, in run: inout RunEntry) {
        unpark(pool: next.pool)
        unpark(limit: next.limit)
        unparkInRun(run.tasks[next.number].spec, in: &run)
        unpark(&run)
    }

    /// A task that wants more slots than its pool has would wait for ever: alone it may have them all.
    ///
    /// While its pool is missing or has no slots it waits, as in Airflow: either may be put right at any time.
    private func hasFreeSlots(_ spec: TaskSpec) -> Bool {
        let used = usedSlots[spec.pool, default: 0]
        let slots = pools[spec.pool, default: 0]
        return slots > 0 && (used == 0 || used + spec.poolSlots <= slots)
    }

    private mutating func begin(_ number: Int, _ spec: TaskSpec, in run: inout RunEntry) {
        usedSlots[spec.pool, default: 0] += spec.poolSlots
        startsLeft -= 1
        let attempt = AttemptID(rawValue: nextNumber())
        let since = run.tasks[number].waitingSince
        run.tasks[number].state = .running
        // A try that waited without a slot goes on.
        if since == nil { run.tasks[number].tryNumber += 1 }
        run.tasks[number].attempt = attempt
        run.tasks[number].startDate = since ?? now
        takeLimits(of: run.tasks[number].spec, in: &run)
        run.activeTasks += 1
        attempts[attempt] = (run.record.key, number)
        let queue = handOverQueue(of: spec)
        if queue != nil { handedOver.insert(attempt) }
        let start = AttemptStart(
            attempt: attempt, instance: run.instance(number), tryNumber: run.tasks[number].tryNumber,
            maxTries: run.tasks[number].maxTries, queuedAt: run.tasks[number].queuedAt ?? now, startedAt: since ?? now,
            pool: spec.pool, poolSlots: spec.poolSlots, queue: queue)
        decision.changes.append(.startAttempt(start))
        decision.actions.append(.start(start))
        if since == nil { announce(.execute, number, in: run, reason: nil) }
    }

    /// A place in the run is free: its next parked task may try again.
    mutating func unpark(_ run: inout RunEntry) {
        guard run.activeTasks < run.graph.dag.maxActiveTasks, let next = run.parked.popMax() else { return }
        line(next)
    }

    /// A slot of the pool may be free: the next task that waits for one may try again.
    ///
    /// Whoever is let go and cannot start after all lets the next one go, so no free slot is left while somebody waits
    /// for it.
    mutating func unpark(pool: String) {
        guard usedSlots[pool, default: 0] < pools[pool, default: 0], let next = parkedByPool[pool]?.popMax() else {
            return
        }
        line(next)
    }
}
