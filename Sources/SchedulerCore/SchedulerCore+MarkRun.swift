import DAGModel

extension SchedulerCore {
    /// Gives a whole run a state by hand.
    ///
    /// After `success` every task is one; what runs is stopped. After `failed` what runs is stopped and what has not started
    /// is skipped, as when the run is cancelled; tasks that had ended stay as they were.
    mutating func markRun(as state: RunState, isDry: Bool, _ stored: [Snapshot.ActiveRun]) -> CommandOutcome {
        guard state.isFinished else {
            return .refused("a run can be marked success or failed, not \(state.rawValue)")
        }
        guard let active = stored.first, var run = entry(of: active) else {
            return .refused("the run's DAG is not known")
        }
        let isOver = run.record.state.isFinished
        guard run.stopReason == nil || isOver else {
            return .refused("run \"\(run.record.runID)\" is being stopped: mark it when it has ended")
        }
        let numbers = state == .success ? unsuccessful(in: run) : isOver ? [] : unended(in: run)
        guard run.record.state != state || !numbers.isEmpty else {
            return .refused("run \"\(run.record.runID)\" is \(state.rawValue) already")
        }
        let names = numbers.map { Self.name($0, in: run) }
        let outcome = CommandOutcome.changed(count: names.count, names: Array(names.prefix(1_000)))
        if isDry { return outcome }
        let reason = "marked \(state.rawValue)"
        if state == .success { succeed(numbers, in: &run) }
        if isOver {
            run.record.state = state
            run.record.reason = reason
            decision.changes.append(.updateRun(run.record))
            touch(run.record)
            followUps.append(.past(run.record.key))
        } else if state == .failed {
            stop(run.record.key, reason: reason)
        } else {
            runs[run.record.key] = nil
            run.recount()
            takePlace(&run)
            if run.unfinished == 0 { finish(&run) } else { runs[run.record.key] = run }
        }
        return outcome
    }

    /// The tasks and instances that are no success, in order.
    private func unsuccessful(in run: RunEntry) -> [Int] {
        Self.rows(in: run).filter { run.tasks[$0].state != .success }
    }

    /// The tasks and instances that have not ended, in order.
    private func unended(in run: RunEntry) -> [Int] {
        Self.rows(in: run).filter { !run.tasks[$0].state.isFinished }
    }

    /// The entries that have a row: a mapped task's instances stand for it.
    private static func rows(in run: RunEntry) -> [Int] {
        run.graph.dag.tasks.indices.flatMap { head -> [Int] in
            let live = (run.tasks[head].instances ?? []).filter { run.tasks[$0].state != .removed }
            return live.isEmpty ? [head] : live
        }
    }

    private mutating func succeed(_ numbers: [Int], in run: inout RunEntry) {
        for number in numbers {
            if let attempt = run.tasks[number].attempt {
                run.tasks[number].markedState = .success
                // Durable at once: a new leader goes on from it.
                var row = run.taskRecord(number, endDate: nil, reason: "marked success")
                row.state = .success
                decision.changes.append(.setTask(row))
                decision.actions.append(.stop(attempt, reason: "marked success"))
            } else {
                run.tasks[number].state = .success
                run.tasks[number].retryAt = nil
                run.tasks[number].waitingSince = nil
                decision.changes.append(.setTask(run.taskRecord(number, endDate: now, reason: "marked success")))
            }
        }
    }

    /// A run that still waits for its place has nothing left to do there: it ends at once.
    private mutating func takePlace(_ run: inout RunEntry) {
        guard run.record.state == .queued else { return }
        dags[run.record.dag]?.queuedRuns.removeAll { $0 == run.record.key }
        if run.record.backfill == nil { dags[run.record.dag]?.activeRuns += 1 }
        run.record.state = .running
        run.record.startDate = now
        decision.changes.append(.updateRun(run.record))
    }
}
