import CivilTime
import DAGModel

// Tasks that are made to run again, or are given a state, by hand.

extension SchedulerCore {
    mutating func take(_ pending: PendingCommand, on runs: [Snapshot.ActiveRun]) {
        let outcome: CommandOutcome
        if let subject = pending.command.subject, !runs.contains(where: { $0.stored.run.runID == subject.runID }) {
            outcome = .refused("DAG \"\(subject.dag)\" has no run \"\(subject.runID)\"")
        } else {
            switch pending.command {
            case .clear(let request): outcome = clear(request, runs)
            case .markTask(_, _, let task, let index, let state, let dryRun):
                outcome = mark(task, index, as: state, isDry: dryRun, runs)
            case .markRun(_, _, let state, let dryRun): outcome = markRun(as: state, isDry: dryRun, runs)
            case .deleteRun: outcome = delete(runs)
            case .trigger, .backfill, .cancelRun, .setBackfillState, .prune: return take(pending, conflicts: [])
            }
        }
        decision.changes.append(.finishCommand(pending.id, outcome))
    }

    // MARK: - Clear

    private mutating func clear(_ request: ClearRequest, _ stored: [Snapshot.ActiveRun]) -> CommandOutcome {
        var names: [String] = []
        for active in stored {
            guard var run = entry(of: active) else { continue }
            let own = run.graph
            if request.latest {
                switch pinnedAnew(run, active) {
                case .failure(let refusal):
                    if active.stored.run.runID != request.runID { continue }
                    return .refused(refusal.text)
                case .success(let pinned): run = pinned
                }
            }
            let chosen: Set<Int>
            switch choose(request, in: run) {
            case .failure(let refusal):
                // Another version of a run before or after need not have the task.
                if active.stored.run.runID != request.runID { continue }
                return .refused(refusal.text)
            case .success(let specs): chosen = specs
            }
            var numbers = instances(of: chosen, onlyFailed: request.onlyFailed, in: run).filter {
                request.includes(run.tasks[$0].mapIndex, of: run.spec($0).id)
            }
            numbers += companions(of: numbers, in: run)
            // Tasks of the present version that the run has not had: they run for the first time.
            let added = run.graph.dag.tasks.indices.filter { own.index[run.graph.dag.tasks[$0].id] == nil }
            let isForAdded = !request.onlyFailed && !chosen.isDisjoint(with: added)
            if run.stopReason != nil, !run.record.state.isFinished {
                return .refused("run \"\(run.record.runID)\" is being stopped: clear it when it has ended")
            }
            guard !numbers.isEmpty || isForAdded else { continue }
            names += (numbers + added).map { Self.name($0, in: run) }
            if request.dryRun { continue }
            clear(numbers, of: chosen, wholly: !request.onlyFailed, in: &run)
            goOn(&run)
        }
        guard !names.isEmpty else {
            return .refused(
                "nothing to clear: no task of the choice has " + (request.onlyFailed ? "failed" : "been reached"))
        }
        return .changed(count: names.count, names: Array(names.prefix(1_000)))
    }

    struct Refusal: Error { let text: String }

    /// The run as the DAG's present version has it.
    ///
    /// Tasks that it does not have any more keep their rows.
    private func pinnedAnew(_ run: RunEntry, _ active: Snapshot.ActiveRun) -> Result<RunEntry, Refusal> {
        let record = run.record
        guard record.state.isFinished else {
            let text = "run \"\(record.runID)\" has not ended: it goes on with its own version; cancel it first"
            return .failure(Refusal(text: text))
        }
        guard let graph = dags[record.dag]?.graph else { return .failure(Refusal(text: unknown(record.dag))) }
        if let problem = DeclaredParameter.problem(of: record.conf, for: graph.dag) {
            return .failure(Refusal(text: problem))
        }
        var pinned = RunEntry(active, graph: graph)
        pinned.record.version = graph.version
        return .success(pinned)
    }

    /// The numbers of the tasks that a request names, with those above and below.
    private func choose(_ request: ClearRequest, in run: RunEntry) -> Result<Set<Int>, Refusal> {
        let graph = run.graph
        if request.tasks.isEmpty, request.instances.isEmpty { return .success(Set(graph.dag.tasks.indices)) }
        var chosen: Set<Int> = []
        for task in request.tasks + request.instances.map(\.task) {
            guard let number = graph.index[task] else {
                let names = graph.dag.tasks.map(\.id.rawValue)
                let hint = NearestName.of(task.rawValue, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
                return .failure(
                    Refusal(
                        text: "run \"\(run.record.runID)\" of DAG \"\(graph.dag.id)\" has no task \"\(task)\"\(hint)"))
            }
            chosen.insert(number)
        }
        for instance in request.instances {
            guard let number = graph.index[instance.task] else { continue }
            let isThere = run.entries(of: number).contains { run.tasks[$0].mapIndex == instance.mapIndex }
            guard isThere else {
                return .failure(
                    Refusal(
                        text:
                            "task \"\(instance.task)\" of run \"\(run.record.runID)\" of DAG \"\(graph.dag.id)\" has no "
                            + "map index \(instance.mapIndex)"))
            }
        }
        let starts = Array(chosen)
        if request.upstream { chosen.formUnion(DAGGraph.reachable(from: starts, along: graph.upstream)) }
        if request.downstream { chosen.formUnion(DAGGraph.reachable(from: starts, along: graph.downstream)) }
        return .success(chosen)
    }

    /// The instances of tasks that were reached, in order.
    func instances(of specs: Set<Int>, onlyFailed: Bool, in run: RunEntry) -> [Int] {
        specs.sorted().flatMap(run.entries).filter { number in
            let state = run.tasks[number].state
            if onlyFailed { return state == .failed || state == .upstreamFailed }
            return state != .none && state != .queued
        }
    }

    /// The setups that tasks need, and their teardowns, which run again with them.
    private func companions(of numbers: [Int], in run: RunEntry) -> [Int] {
        guard let scopes = run.graph.scopes else { return [] }
        let specs = Set(numbers.map { run.tasks[$0].spec })
        var wanted: Set<Int> = []
        for spec in specs { wanted.formUnion(scopes.companions[spec]) }
        return instances(of: wanted.subtracting(specs), onlyFailed: false, in: run)
    }

    /// Puts tasks back to where they had not started; what runs is stopped first and then runs again.
    private mutating func clear(_ numbers: [Int], of specs: Set<Int>, wholly: Bool, in run: inout RunEntry) {
        var unmapped: Set<Int> = []
        for number in numbers {
            let spec = run.tasks[number].spec
            if let attempt = run.tasks[number].attempt {
                stop(attempt, of: number, in: &run, toBe: .none, reason: "cleared")
                continue
            }
            // A list that is made anew may have another length.
            let source = run.spec(number).expand.values.contains { argument in
                guard case .output(let task, _) = argument, let parent = run.graph.index[task] else { return false }
                return specs.contains(parent)
            }
            let isLoose = run.tasks[number].mapIndex >= 0 && wholly && source
            if isLoose { unmapped.insert(spec) }
            reset(number, to: isLoose ? .removed : .none, in: &run)
        }
        for spec in unmapped {
            let instances = run.tasks[spec].instances ?? []
            // One that still runs keeps the others: the task stays mapped as it is.
            if instances.contains(where: { run.tasks[$0].attempt != nil }) {
                for number in instances where run.tasks[number].state == .removed && numbers.contains(number) {
                    reset(number, to: .none, in: &run)
                }
            } else {
                for number in instances where run.tasks[number].state != .removed {
                    reset(number, to: .removed, in: &run)
                }
                run.tasks[spec].state = .none
                run.tasks[spec].openInstances = 0
            }
        }
        run.recount()
        // What was ready because of a task that is to run again waits for it once more.
        for number in run.graph.dag.tasks.indices where run.tasks[number].state == .queued {
            guard run.tasks[number].waitingSince == nil, run.tasks[number].tryNumber == 0 else { continue }
            if verdict(number, in: run) != .ready {
                run.tasks[number].state = .none
            }
        }
    }

    private mutating func reset(_ number: Int, to state: TaskState, in run: inout RunEntry) {
        run.tasks[number].state = state
        run.tasks[number].maxTries = run.tasks[number].tryNumber + run.spec(number).retries
        run.tasks[number].lostCount = 0
        run.tasks[number].startDate = nil
        run.tasks[number].retryAt = nil
        run.tasks[number].waitingSince = nil
        run.tasks[number].listLength = nil
        decision.changes.append(run.row(number, endDate: nil, reason: "cleared"))
        decision.changes.append(.dropOutputs(run.instance(number)))
    }

    /// Puts a run back among the active ones: one that had ended waits for a place like a new one.
    private mutating func goOn(_ run: inout RunEntry) {
        let key = run.record.key
        let dag = run.record.dag
        if run.record.state == .running || run.record.state == .queued {
            runs[key] = run
            if run.record.state == .running { start(key) }
            return
        }
        run.record.state = .queued
        run.record.queuedAt = now
        run.record.forgetAverages()
        run.record.startDate = nil
        run.record.endDate = nil
        run.record.reason = nil
        run.stopReason = nil
        if let backfill = run.record.backfill {
            run.record.state = .running
            run.record.startDate = now
            backfills[backfill]?.activeRuns += 1
        } else {
            dags[dag]?.queuedRuns.append(key)
            wakeForQueued(run.record)
        }
        decision.changes.append(.updateRun(run.record))
        touch(run.record)
        placeInTime(run)
        armDeadlines(of: run)
        runs[key] = run
        followUps.append(.past(key))
        if run.record.state == .running { start(key) } else { startQueuedRuns(dag) }
    }

    /// The entry of a run, taken out of the active ones or made from what the store holds; nil when its DAG is not known.
    mutating func entry(of active: Snapshot.ActiveRun) -> RunEntry? {
        let key = active.stored.run.key
        if let run = runs[key] { return run }
        guard dags[active.stored.run.dag] != nil else { return nil }
        return RunEntry(active, graph: DAGGraph(active.dag, version: active.stored.run.version))
    }

    static func name(_ number: Int, in run: RunEntry) -> String {
        let index = run.tasks[number].mapIndex
        return "\(run.record.runID) \(run.spec(number).id)" + (index < 0 ? "" : "[\(index)]")
    }

    // MARK: - Mark and delete

    private mutating func mark(
        _ task: TaskID, _ index: Int?, as state: TaskState, isDry: Bool, _ stored: [Snapshot.ActiveRun]
    ) -> CommandOutcome {
        guard state == .success || state == .failed else {
            return .refused("a task can be marked success or failed, not \(state.rawValue)")
        }
        guard let active = stored.first, var run = entry(of: active) else {
            return .refused("the run's DAG is not known")
        }
        guard let head = run.graph.index[task] else {
            return .refused("run \"\(run.record.runID)\" has no task \"\(task)\"")
        }
        guard run.stopReason == nil || run.record.state.isFinished else {
            return .refused("run \"\(run.record.runID)\" is being stopped: mark it when it has ended")
        }
        var numbers = run.entries(of: head)
        if let index { numbers = numbers.filter { run.tasks[$0].mapIndex == index } }
        guard !numbers.isEmpty else { return .refused("task \"\(task)\" has no map index \(index ?? -1)") }
        numbers.removeAll { run.tasks[$0].state == state }
        let names = numbers.map { Self.name($0, in: run) }
        if isDry || numbers.isEmpty { return .changed(count: names.count, names: names) }
        for number in numbers { mark(number, as: state, in: &run) }
        // What failed below it for its sake gets another chance.
        let below = Set(DAGGraph.reachable(from: [head], along: run.graph.downstream))
        let again = instances(of: below, onlyFailed: true, in: run)
        clear(state == .success ? again : [], of: below, wholly: false, in: &run)
        run.record.reason = run.record.state.isFinished ? nil : run.record.reason
        goOn(&run)
        return .changed(count: names.count, names: names)
    }

    /// Gives a task that state by hand, at once or when its try has been stopped.
    mutating func mark(_ number: Int, as state: TaskState, in run: inout RunEntry) {
        let reason = "marked \(state.rawValue)"
        if let attempt = run.tasks[number].attempt {
            return stop(attempt, of: number, in: &run, toBe: state, reason: reason)
        }
        run.tasks[number].state = state
        run.tasks[number].retryAt = nil
        run.tasks[number].waitingSince = nil
        decision.changes.append(run.row(number, endDate: now, reason: reason))
    }

    /// Stops a try by hand; once it has ended, ``concludeMarked(_:in:)`` makes the task what it is to be.
    mutating func stop(
        _ attempt: AttemptID, of number: Int, in run: inout RunEntry, toBe state: TaskState, reason: String
    ) {
        run.tasks[number].markedState = state
        // Durable at once: a new leader goes on from it.
        decision.changes.append(run.row(number, as: state, endDate: nil, reason: reason))
        decision.actions.append(.stop(attempt, reason: reason))
    }

    private mutating func delete(_ stored: [Snapshot.ActiveRun]) -> CommandOutcome {
        guard let run = stored.first?.stored.run else { return .refused("there is no such run") }
        guard runs[run.key] == nil else {
            return .refused("run \"\(run.runID)\" has not ended: cancel it first")
        }
        forget([run])
        return .done
    }

    /// The end of a try that was stopped by hand: the task is what it was marked as, or runs again.
    ///
    /// False for any other try.
    mutating func concludeMarked(_ number: Int, in run: inout RunEntry) -> Bool {
        guard let state = run.tasks[number].markedState, run.stopReason(for: number) == nil else { return false }
        run.tasks[number].markedState = nil
        guard state == .none else {
            settle(number, in: &run, as: state, reason: "marked \(state.rawValue)", isByHand: true)
            return true
        }
        reset(number, to: .none, in: &run)
        startAgain(number, in: &run)
        return true
    }
}

extension ClearRequest {
    /// Whether the request is about an instance of a task that it has chosen.
    ///
    /// The task itself, and what is chosen for lying above or below another, is meant with all instances.
    fileprivate func includes(_ mapIndex: Int, of task: TaskID) -> Bool {
        let named = instances.filter { $0.task == task }
        return named.isEmpty || tasks.contains(task) || named.contains { $0.mapIndex == mapIndex }
    }
}
