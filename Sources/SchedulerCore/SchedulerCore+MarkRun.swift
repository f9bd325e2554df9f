import DAGModel

extension SchedulerCore {
    /// Gives a whole run a state by hand.
    ///
    /// After `success` every task is one; what runs is stopped. After `failed` what runs is stopped and what has not started
    /// is skipped, as when the run is cancelled; tasks that had ended stay as they were. Teardowns of a run under way are left
    /// to do their work.
    ///
    /// Source: Airflow 3, `set_dag_run_state_to_success` and `set_dag_run_state_to_failed`.
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
        let numbers = concerned(by: state, in: run)
        guard run.record.state != state || !numbers.isEmpty else {
            return .refused("run \"\(run.record.runID)\" is \(state.rawValue) already")
        }
        let names = numbers.map { Self.name($0, in: run) }
        let outcome = CommandOutcome.changed(count: names.count, names: Array(names.prefix(1_000)))
        if isDry { return outcome }
        let reason = "marked \(state.rawValue)"
        if state == .success { for number in numbers { mark(number, as: .success, in: &run) } }
        if isOver {
            run.record.state = state
            run.record.reason = reason
            decision.changes.append(.updateRun(run.record))
            touch(run.record)
            leavePast(of: run)
        } else if state == .failed {
            stop(run.record.key, reason: reason)
        } else {
            runs[run.record.key] = nil
            run.recount()
            takePlace(&run)
            spreadToTeardowns(from: [], in: &run)
            if run.unfinished == 0 { finish(&run) } else { runs[run.record.key] = run }
        }
        return outcome
    }

    /// The tasks and instances that a mark changes, in order.
    private func concerned(by state: RunState, in run: RunEntry) -> [Int] {
        run.graph.dag.tasks.indices.flatMap(run.entries).filter { number in
            let present = run.tasks[number].state
            if run.record.state == .running, !present.isFinished, run.graph.isTeardown(run.tasks[number].spec) {
                return false
            }
            return state == .success ? present != .success : !run.record.state.isFinished && !present.isFinished
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
