import CivilTime
import DAGModel
import HeapModule

extension SchedulerCore {
    /// Decides on a task that has not started, by its trigger rule.
    mutating func evaluate(_ number: Int, in run: inout RunEntry) {
        guard run.tasks[number].state == .none else { return }
        let spec = run.graph.dag.tasks[number]
        switch TriggerDecision(spec.triggerRule, run.tasks[number].upstream) {
        case .wait:
            break
        case .ready:
            makeReady(number, in: &run)
        case .skip:
            settle(number, in: &run, as: .skipped, reason: skipReason(spec, run.tasks[number].upstream))
            spread(from: number, in: &run)
        case .upstreamFailed:
            settle(
                number, in: &run, as: .upstreamFailed, reason: "an upstream task failed (\(spec.triggerRule.rawValue))")
            spread(from: number, in: &run)
        }
    }

    private func skipReason(_ spec: TaskSpec, _ upstream: UpstreamCounts) -> String {
        "trigger rule \(spec.triggerRule.rawValue): of \(upstream.total) upstream tasks \(upstream.success) succeeded, "
            + "\(upstream.failed + upstream.upstreamFailed) failed, \(upstream.skipped) were skipped"
    }

    /// Tells the downstream tasks of a finished one.
    ///
    /// A work list instead of recursion: chains may be long.
    mutating func spread(from first: Int, in run: inout RunEntry) {
        var pending = [first]
        while let number = pending.popLast() {
            let state = run.tasks[number].state
            for child in run.graph.downstream[number] {
                run.tasks[child].upstream.count(state)
                guard run.tasks[child].state == .none else { continue }
                let spec = run.graph.dag.tasks[child]
                switch TriggerDecision(spec.triggerRule, run.tasks[child].upstream) {
                case .wait:
                    break
                case .ready:
                    makeReady(child, in: &run)
                case .skip:
                    settle(
                        child, in: &run, as: .skipped, reason: skipReason(spec, run.tasks[child].upstream))
                    pending.append(child)
                case .upstreamFailed:
                    let name = run.graph.dag.tasks[number].id
                    settle(
                        child, in: &run, as: .upstreamFailed,
                        reason: "upstream task \"\(name)\" ended \(state.rawValue) (\(spec.triggerRule.rawValue))")
                    pending.append(child)
                }
            }
        }
    }

    /// Finishes a task without an attempt.
    mutating func settle(_ number: Int, in run: inout RunEntry, as state: TaskState, reason: String?) {
        run.tasks[number].state = state
        run.tasks[number].retryAt = nil
        run.unfinished -= 1
        decision.changes.append(.setTask(run.taskRecord(number, endDate: now, reason: reason)))
    }

    mutating func makeReady(_ number: Int, in run: inout RunEntry) {
        run.tasks[number].state = .queued
        run.tasks[number].queuedAt = now
        run.tasks[number].retryAt = nil
        ready.insert(
            ReadyTask(
                isBackfill: run.isBackfill, priority: run.graph.priority[number], runAfter: run.record.runAfter,
                run: run.record.key, number: number, pool: run.graph.dag.tasks[number].pool))
    }

    mutating func retryDue(_ key: RunKey, _ number: Int) {
        guard var run = runs.removeValue(forKey: key) else { return }
        // The timer may be from before a clear: the task's own date decides.
        if run.tasks[number].state == .upForRetry, let at = run.tasks[number].retryAt, at <= now {
            makeReady(number, in: &run)
        }
        runs[key] = run
    }

    mutating func attemptEnded(_ end: AttemptEnd) {
        conclude(end.attempt, state: end.state, reason: end.reason, exitCode: end.exitCode) { core, number, run in
            switch end.state {
            case .success: core.succeed(number, in: &run, end)
            case .skipped: core.settle(number, in: &run, as: .skipped, reason: end.reason)
            case .failed, .lost, .running: core.fail(number, in: &run, end)
            }
        }
    }

    /// A lost try is made up for: it uses up none of the retries, but after a few in a row the task fails.
    mutating func attemptLost(_ attempt: AttemptID, reason: String) {
        conclude(attempt, state: .lost, reason: reason, exitCode: nil) { core, number, run in
            run.tasks[number].lostCount += 1
            let lost = run.tasks[number].lostCount
            if run.stopReason != nil {
                core.settle(number, in: &run, as: .failed, reason: run.stopReason)
            } else if lost >= core.configuration.maximumLostInARow {
                core.settle(
                    number, in: &run, as: .failed,
                    reason: "lost \(lost) times in a row, the last time because \(reason)")
            } else {
                core.repeatTry(number, in: &run, reason: reason)
            }
        }
    }

    mutating func attemptInterrupted(_ attempt: AttemptID, reason: String) {
        conclude(attempt, state: .lost, reason: reason, exitCode: nil) { core, number, run in
            if run.stopReason != nil {
                core.settle(number, in: &run, as: .failed, reason: run.stopReason)
            } else {
                core.repeatTry(number, in: &run, reason: reason)
            }
        }
    }

    private mutating func repeatTry(_ number: Int, in run: inout RunEntry, reason: String) {
        run.tasks[number].maxTries += 1
        run.tasks[number].state = .none
        decision.changes.append(.setTask(run.taskRecord(number, endDate: nil, reason: reason)))
        makeReady(number, in: &run)
    }

    /// The common part of an attempt's end.
    ///
    /// A report of an attempt that is not live (a duplicate, one from before a takeover) changes nothing.
    private mutating func conclude(
        _ attempt: AttemptID, state: AttemptState, reason: String?, exitCode: Int32?,
        _ decide: (inout SchedulerCore, Int, inout RunEntry) -> Void
    ) {
        guard let (key, number) = attempts.removeValue(forKey: attempt), var run = runs.removeValue(forKey: key) else {
            return
        }
        let spec = run.graph.dag.tasks[number]
        run.tasks[number].attempt = nil
        run.activeTasks -= 1
        usedSlots[spec.pool, default: 0] -= spec.poolSlots
        decision.changes.append(
            .endAttempt(
                AttemptCompletion(attempt: attempt, state: state, endedAt: now, reason: reason, exitCode: exitCode)))
        decide(&self, number, &run)
        if run.tasks[number].state.isFinished { spread(from: number, in: &run) }
        unpark(&run)
        unpark(pool: spec.pool)
        if run.unfinished == 0 { finish(&run) } else { runs[key] = run }
    }

    private mutating func succeed(_ number: Int, in run: inout RunEntry, _ end: AttemptEnd) {
        let spec = run.graph.dag.tasks[number]
        run.tasks[number].lostCount = 0
        settle(number, in: &run, as: .success, reason: end.reason)
        let instance = run.instance(number)
        if let output = end.output {
            decision.changes.append(.setOutput(instance, key: "return_value", value: output))
        }
        var changed = end.assetChanges
        for outlet in spec.outlets where !changed.contains(where: { $0.asset == outlet }) {
            changed.append(AssetChange(asset: outlet, interval: run.record.interval ?? run.record.events))
        }
        for change in changed { assetChanged(change, by: instance, of: run.record.dag) }
    }

    private mutating func fail(_ number: Int, in run: inout RunEntry, _ end: AttemptEnd) {
        run.tasks[number].lostCount = 0
        if let reason = run.stopReason {
            settle(number, in: &run, as: .failed, reason: reason)
            return
        }
        let spec = run.graph.dag.tasks[number]
        let tries = run.tasks[number].tryNumber
        guard end.isRetryable, tries <= run.tasks[number].maxTries else {
            settle(number, in: &run, as: .failed, reason: end.reason)
            if run.graph.dag.failFast {
                stopRest(of: &run, reason: "task \"\(spec.id)\" failed, and the DAG is fail_fast")
            }
            return
        }
        let at =
            now + RetryDelay.after(tryNumber: tries, of: spec, in: run.record.dag, runID: run.record.runID)
        run.tasks[number].state = .upForRetry
        run.tasks[number].retryAt = at
        decision.changes.append(.setTask(run.taskRecord(number, endDate: now, reason: end.reason)))
        timers.insert(TimerEntry(at: at, subject: .retry(run.record.key, number)))
    }
}
