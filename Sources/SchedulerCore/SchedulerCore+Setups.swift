import DAGModel

// Setup and teardown tasks.
//
// Whoever lies in the scope of a setup waits for it and shares its fate, whatever its own trigger rule. A teardown goes by
// `all_done_setup_success`, is left alone by branches, and runs also when its run is being stopped.

extension SchedulerCore {
    /// What the setups that a task needs without naming them say of it; `ready` when there are none.
    func setupVerdict(_ number: Int, in run: RunEntry) -> TriggerDecision {
        guard let scopes = run.graph.scopes else { return .ready }
        let setups = scopes.indirectSetups[run.tasks[number].spec]
        guard !setups.isEmpty else { return .ready }
        let states = setups.flatMap { run.states(of: $0) }
        if states.contains(where: { $0 == .failed || $0 == .upstreamFailed }) { return .upstreamFailed }
        if states.contains(.skipped) { return .skip }
        return states.allSatisfy { $0 == .success } ? .ready : .wait
    }

    /// Which setup keeps a task from running; nil for none.
    func setupReason(_ number: Int, in run: RunEntry) -> String? {
        guard let scopes = run.graph.scopes else { return nil }
        for setup in scopes.indirectSetups[run.tasks[number].spec] {
            let states = run.states(of: setup)
            guard let state = [TaskState.failed, .upstreamFailed, .skipped].first(where: states.contains) else {
                continue
            }
            return "its setup \"\(run.spec(setup).id)\" ended \(state.rawValue)"
        }
        return nil
    }

    /// The task's trigger rule and its setups together.
    func verdict(_ number: Int, in run: RunEntry) -> TriggerDecision {
        let setups = setupVerdict(number, in: run)
        guard setups == .ready else { return setups }
        return TriggerDecision(run.spec(number).triggerRule, run.tasks[number].upstream)
    }

    /// Lets teardowns of a run that is stopped or marked by hand be decided, once the rest has been settled.
    mutating func spreadToTeardowns(from settled: [Int], in run: inout RunEntry) {
        guard run.graph.scopes != nil else { return }
        for number in settled { spread(from: number, in: &run) }
        for number in run.graph.dag.tasks.indices where run.tasks[number].state == .none {
            evaluate(number, in: &run)
        }
    }

    /// Ends the teardowns of a run that is being stopped already: somebody has cancelled it once more.
    mutating func stopTeardowns(of key: RunKey, reason: String) {
        guard var run = runs.removeValue(forKey: key) else { return }
        for number in run.tasks.indices where run.graph.isTeardown(run.tasks[number].spec) {
            if let attempt = run.tasks[number].attempt {
                stop(attempt, of: number, in: &run, toBe: .failed, reason: reason)
            } else if !run.tasks[number].state.isFinished, !run.isHead(number) {
                settle(number, in: &run, as: .skipped, reason: reason, isByHand: true)
            }
        }
        if run.unfinished == 0 { finish(&run) } else { runs[key] = run }
    }
}

extension RunEntry {
    /// The states of a task as others count them: one, or each instance's.
    func states(of head: Int) -> [TaskState] { entries(of: head).map { tasks[$0].state } }

    /// Why a task is to stop with its run; nil for a teardown, which is to run all the same.
    func stopReason(for number: Int) -> String? {
        stopReason == nil || graph.isTeardown(tasks[number].spec) ? nil : stopReason
    }
}
