import CivilTime
import DAGModel
import HeapModule

extension SchedulerCore {
    /// Decides on a task that has not started, by its trigger rule.
    mutating func evaluate(_ number: Int, in run: inout RunEntry) {
        if decide(number, in: &run, after: nil) { spread(from: number, in: &run) }
    }

    /// True when the task is settled without a try: whoever is downstream must be told.
    mutating func decide(_ number: Int, in run: inout RunEntry, after parent: Int?) -> Bool {
        guard run.tasks[number].state == .none else { return false }
        let spec = run.spec(number)
        switch verdict(number, in: run) {
        case .wait:
            return false
        case .ready:
            return allow(number, in: &run)
        case .skip:
            settle(
                number, in: &run, as: .skipped,
                reason: setupReason(number, in: run) ?? skipReason(spec, run.tasks[number].upstream))
        case .upstreamFailed:
            var reason = "an upstream task failed (\(spec.triggerRule.rawValue))"
            if let setup = setupReason(number, in: run) {
                reason = setup
            } else if let parent {
                let state = run.tasks[parent].state
                reason =
                    "upstream task \"\(run.spec(parent).id)\" ended \(state.rawValue) (\(spec.triggerRule.rawValue))"
            }
            settle(number, in: &run, as: .upstreamFailed, reason: reason)
        }
        return true
    }

    /// The trigger rule holds: the task runs, unless the run before this one or the lists it is mapped over say otherwise.
    ///
    /// True when it is settled without a try.
    mutating func allow(_ number: Int, in run: inout RunEntry) -> Bool {
        let spec = run.spec(number)
        if spec.dependsOnPast || spec.waitForDownstream {
            guard pastAllows(number, in: run) else {
                run.waitingOnPast.insert(number)
                return false
            }
            run.waitingOnPast.remove(number)
        }
        if spec.isMapped, run.tasks[number].mapIndex < 0 { return map(number, in: &run) }
        makeReady(number, in: &run)
        return false
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
            let spec = run.tasks[number].spec
            let isSetup = run.graph.isSetup(spec)
            for child in run.graph.downstream[spec] {
                run.tasks[child].upstream.count(state, isSetup: isSetup)
                if decide(child, in: &run, after: number) { pending.append(child) }
            }
            guard isSetup, let scopes = run.graph.scopes else { continue }
            for child in scopes.needers[spec] where decide(child, in: &run, after: number) { pending.append(child) }
        }
    }

    /// Finishes a task for good, with or without a try.
    ///
    /// - Parameter isByHand: whether somebody marked it, which calls no notifier.
    mutating func settle(
        _ number: Int, in run: inout RunEntry, as state: TaskState, reason: String?, isByHand: Bool = false
    ) {
        run.tasks[number].state = state
        run.tasks[number].retryAt = nil
        run.tasks[number].waitingSince = nil
        run.unfinished -= 1
        decision.changes.append(run.row(number, endDate: now, reason: reason))
        if !isByHand {
            if state == .success { announce(.success, number, in: run, reason: reason) }
            if state == .failed, run.stopReason(for: number) == nil {
                announce(.failure, number, in: run, reason: reason)
            }
        }
        if run.tasks[number].mapIndex >= 0 { instanceFinished(run.tasks[number].spec, in: &run) }
        if run.graph.asksForPast { followUps.append(.past(run.record.key)) }
    }

    mutating func makeReady(_ number: Int, in run: inout RunEntry) {
        let spec = run.tasks[number].spec
        run.tasks[number].state = .queued
        run.tasks[number].queuedAt = now
        run.tasks[number].retryAt = nil
        line(
            ReadyTask(
                isBackfill: run.isBackfill, priority: run.graph.priority[spec], runAfter: run.record.runAfter,
                run: run.record.key, number: number, pool: run.graph.dag.tasks[spec].pool,
                limit: limitNumber(of: spec, in: run),
                isForWorkers: handOverQueue(of: run.graph.dag.tasks[spec]) != nil))
    }

    /// The instant has come to which a retry or a waiting task looked forward.
    mutating func retryDue(_ key: RunKey, _ number: Int) {
        guard var run = runs.removeValue(forKey: key) else { return }
        // The timer may be from before a clear: the task's own state and date decide.
        if number < run.tasks.count, let at = run.tasks[number].retryAt, at <= now,
            [.upForRetry, .upForReschedule, .deferred].contains(run.tasks[number].state)
        {
            makeReady(number, in: &run)
        }
        runs[key] = run
    }

    mutating func attemptEnded(_ end: AttemptEnd) {
        if let deferral = end.deferral { return suspend(end, deferral) }
        conclude(
            end.attempt, state: end.state, reason: end.reason, exitCode: end.exitCode, takenAt: end.takenAt
        ) { core, number, run in
            if core.concludeMarked(number, in: &run) { return }
            switch end.state {
            case .success: core.succeed(number, in: &run, end)
            case .skipped:
                core.settle(number, in: &run, as: .skipped, reason: end.reason)
                core.name(number, in: run, end)
                core.announce(.skipped, number, in: run, reason: end.reason)
            case .failed, .lost, .running:
                core.fail(number, in: &run, end)
                core.name(number, in: run, end)
            }
        }
    }

    /// A try hands its slot back and goes on later: it uses up no retry and leaves no row among the ended ones.
    private mutating func suspend(_ end: AttemptEnd, _ deferral: Deferral) {
        guard let (key, number) = attempts[end.attempt], let run = runs[key] else { return }
        if let reason = run.stopReason(for: number) ?? (run.tasks[number].markedState == nil ? nil : "changed by hand")
        {
            return attemptEnded(AttemptEnd(attempt: end.attempt, state: .failed, reason: reason, isRetryable: false))
        }
        conclude(end.attempt, state: nil, reason: end.reason, exitCode: nil, takenAt: end.takenAt) {
            core, number, run in
            let since = run.tasks[number].waitingSince ?? run.tasks[number].startDate ?? core.now
            run.tasks[number].waitingSince = since
            run.tasks[number].startDate = since
            run.tasks[number].state = deferral.state
            run.tasks[number].retryAt = max(deferral.until, core.now)
            core.decision.changes.append(run.row(number, endDate: nil, reason: end.reason))
            core.timers.insert(
                TimerEntry(at: max(deferral.until, core.now), subject: .retry(run.record.key, number)))
        }
    }

    /// A lost try is made up for: it uses up none of the retries, but after a few in a row the task fails.
    mutating func attemptLost(_ attempt: AttemptID, reason: String) {
        conclude(attempt, state: .lost, reason: reason, exitCode: nil) { core, number, run in
            if core.concludeMarked(number, in: &run) { return }
            run.tasks[number].lostCount += 1
            let lost = run.tasks[number].lostCount
            if let reason = run.stopReason(for: number) {
                core.settle(number, in: &run, as: .failed, reason: reason)
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
            if core.concludeMarked(number, in: &run) { return }
            if let reason = run.stopReason(for: number) {
                core.settle(number, in: &run, as: .failed, reason: reason)
            } else {
                core.repeatTry(number, in: &run, reason: reason)
            }
        }
    }

    private mutating func repeatTry(_ number: Int, in run: inout RunEntry, reason: String) {
        run.tasks[number].maxTries += 1
        if let since = run.tasks[number].waitingSince {
            // A task that waits goes on waiting from when it began, under the next number.
            run.tasks[number].tryNumber += 1
            run.tasks[number].startDate = since
            run.tasks[number].state = .upForReschedule
            run.tasks[number].retryAt = now
        } else {
            run.tasks[number].state = .none
        }
        decision.changes.append(run.row(number, endDate: nil, reason: reason))
        startAgain(number, in: &run)
    }

    /// Lets a task whose try is over start again.
    ///
    /// Its trigger rule held once; after a change by hand above it, it may not any more.
    mutating func startAgain(_ number: Int, in run: inout RunEntry) {
        if run.tasks[number].state == .none, run.tasks[number].mapIndex < 0 {
            // When this settles the task, the end of the try that is being dealt with tells those below.
            _ = decide(number, in: &run, after: nil)
        } else {
            makeReady(number, in: &run)
        }
    }

    /// The common part of an attempt's end; nil for one that goes on later.
    ///
    /// A report of an attempt that is not live (a duplicate, one from before a takeover) changes nothing.
    private mutating func conclude(
        _ attempt: AttemptID, state: AttemptState?, reason: String?, exitCode: Int32?, takenAt: Timestamp? = nil,
        _ decide: (inout SchedulerCore, Int, inout RunEntry) -> Void
    ) {
        guard let (key, number) = attempts.removeValue(forKey: attempt), var run = runs.removeValue(forKey: key) else {
            return
        }
        let spec = run.spec(number)
        let wasHandedOver = handedOver.remove(attempt) != nil
        let takenAt = beginning(takenAt, of: run.tasks[number])
        if let takenAt { run.tasks[number].startDate = takenAt }
        run.tasks[number].attempt = nil
        run.activeTasks -= 1
        usedSlots[spec.pool, default: 0] -= spec.poolSlots
        if let state {
            decision.changes.append(
                .endAttempt(
                    AttemptCompletion(
                        attempt: attempt, state: state, endedAt: now, reason: reason, exitCode: exitCode,
                        wasHandedOver: wasHandedOver, takenAt: takenAt)))
        } else {
            decision.changes.append(.suspendAttempt(attempt))
        }
        decide(&self, number, &run)
        if run.tasks[number].state.isFinished { spread(from: number, in: &run) }
        spreadCutOff(in: &run)
        releaseLimits(of: run.tasks[number].spec, in: &run)
        unpark(&run)
        // As many as slots are free now may try.
        for _ in 0..<spec.poolSlots { unpark(pool: spec.pool) }
        if run.unfinished == 0 { finish(&run) } else { runs[key] = run }
    }

    private mutating func succeed(_ number: Int, in run: inout RunEntry, _ end: AttemptEnd) {
        let spec = run.spec(number)
        run.tasks[number].lostCount = 0
        settle(number, in: &run, as: .success, reason: end.reason)
        let instance = run.instance(number)
        if let output = end.output {
            decision.changes.append(.setOutput(instance, key: "return_value", value: output))
            noteLength(of: output, number, in: &run)
        }
        name(number, in: run, end)
        if let skips = end.skips { cutOff(skips, below: run.tasks[number].spec, in: &run) }
        var changed = end.assetChanges
        for outlet in spec.outlets where !changed.contains(where: { $0.asset == outlet }) {
            changed.append(AssetChange(asset: outlet, interval: run.record.interval ?? run.record.events))
        }
        for change in changed { assetChanged(change, by: instance, of: run.record.dag) }
    }

    /// What a try says its instance of a mapped task is called, however it ended.
    private mutating func name(_ number: Int, in run: RunEntry, _ end: AttemptEnd) {
        guard let name = end.mapName else { return }
        decision.changes.append(.nameInstance(run.instance(number), name))
    }

    private mutating func fail(_ number: Int, in run: inout RunEntry, _ end: AttemptEnd) {
        run.tasks[number].lostCount = 0
        if let reason = run.stopReason(for: number) {
            settle(number, in: &run, as: .failed, reason: reason)
            return
        }
        let spec = run.spec(number)
        let tries = run.tasks[number].tryNumber
        guard end.isRetryable, tries <= run.tasks[number].maxTries, spec.retries(after: end) else {
            settle(number, in: &run, as: .failed, reason: end.reason)
            if run.graph.dag.failFast, run.stopReason == nil, !spec.isTeardown {
                stopRest(of: &run, reason: "task \"\(spec.id)\" failed, and the DAG is fail_fast")
            }
            return
        }
        let at =
            now + RetryDelay.after(tryNumber: tries, of: spec, in: run.record.dag, runID: run.record.runID)
        run.tasks[number].state = .upForRetry
        run.tasks[number].retryAt = at
        run.tasks[number].waitingSince = nil
        decision.changes.append(run.row(number, endDate: now, reason: end.reason))
        timers.insert(TimerEntry(at: at, subject: .retry(run.record.key, number)))
        announce(.retry, number, in: run, reason: end.reason)
    }
}

extension TaskSpec {
    /// Whether a failure of this kind is tried again, tries left or not.
    func retries(after end: AttemptEnd) -> Bool {
        if let retryNotOn, retryNotOn.matches(exitCode: end.exitCode, kind: end.failureKind) { return false }
        return retryOn.map { $0.matches(exitCode: end.exitCode, kind: end.failureKind) } ?? true
    }
}
