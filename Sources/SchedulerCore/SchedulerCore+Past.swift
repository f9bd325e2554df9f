import CivilTime
import DAGModel

// `depends_on_past` and `wait_for_downstream`: tasks that wait for the same task of the run before.
//
// The run before is the one with the latest logical date before this one's, whatever made it. The store is asked for it when
// a run begins; what is made, ends or is cleared afterwards is followed here.

extension SchedulerCore {
    /// Whether the run before lets a task start.
    ///
    /// Without one it does, as does one that had no such task. Source: Airflow 3, `PrevDagrunDep`.
    func pastAllows(_ number: Int, in run: RunEntry) -> Bool {
        guard run.record.logicalDate != nil else { return true }
        switch run.past {
        case .none: return true
        case .unknown: return false
        case .run(let past):
            let spec = run.tasks[number].spec
            guard isFine(run.graph.dag.tasks[spec].id, in: past) else { return false }
            guard run.graph.dag.tasks[spec].waitForDownstream else { return true }
            return run.graph.downstream[spec].allSatisfy { isFine(run.graph.dag.tasks[$0].id, in: past) }
        }
    }

    private func isFine(_ task: TaskID, in past: PastRun) -> Bool {
        let state: TaskState?
        if let active = runs[past.key] {
            state = active.graph.index[task].map { active.tasks[$0].state }
        } else {
            state = past.states[task]
        }
        return state.map { $0 == .success || $0 == .skipped } ?? true
    }

    /// A run has begun, for the first time or again: ask for the one before it, and stand before later ones.
    mutating func placeInTime(_ run: RunEntry) {
        guard run.graph.asksForPast, let date = run.record.logicalDate else { return }
        unplaced.append(run.record.key)
        for (key, other) in runs where key != run.record.key && other.record.dag == run.record.dag {
            guard other.graph.asksForPast, let later = other.record.logicalDate, date < later else { continue }
            switch other.past {
            case .unknown: break
            case .run(let past) where past.date > date: break
            case .run, .none: follow(PastRun(key: run.record.key, date: date, states: [:]), by: key)
            }
        }
    }

    private mutating func follow(_ past: PastRun, by key: RunKey) {
        if case .run(let old)? = runs[key]?.past { followers[old.key]?.remove(key) }
        runs[key]?.past = .run(past)
        followers[past.key, default: []].insert(key)
    }

    /// Asks the store for the runs before those that began in this decision.
    mutating func askForPast() {
        for key in unplaced {
            guard let run = runs[key], let date = run.record.logicalDate, case .unknown = run.past else { continue }
            decision.actions.append(.findPrevious(key, dag: run.record.dag, before: date))
        }
        unplaced = []
    }

    mutating func takePrevious(_ key: RunKey, _ stored: StoredRun?) {
        guard runs[key] != nil else { return }
        if let stored, let date = stored.run.logicalDate {
            follow(PastRun(key: stored.run.key, date: date, states: Self.states(of: stored)), by: key)
        } else {
            runs[key]?.past = .none
        }
        tryAgain(key)
    }

    private static func states(of stored: StoredRun) -> [TaskID: TaskState] {
        Dictionary(grouping: stored.tasks.filter { $0.state != .removed }, by: \.instance.task).mapValues { rows in
            RunEntry.summary(rows.map(\.state))
        }
    }

    /// A task of this run has finished: the runs after it may go on.
    mutating func pastChanged(_ key: RunKey) {
        for follower in (followers[key] ?? []).sorted() { tryAgain(follower) }
    }

    private mutating func tryAgain(_ key: RunKey) {
        guard runs[key]?.record.state == .running, var run = runs.removeValue(forKey: key) else { return }
        for number in run.waitingOnPast.sorted() where run.tasks[number].state == .none {
            // A task may have been cleared above it since.
            if run.tasks[number].mapIndex < 0 {
                evaluate(number, in: &run)
            } else if allow(number, in: &run) {
                spread(from: number, in: &run)
            }
        }
        if run.unfinished == 0 { finish(&run) } else { runs[key] = run }
    }

    /// A run is deleted: those after it have another before them.
    mutating func forgetPast(_ key: RunKey) {
        for follower in (followers.removeValue(forKey: key) ?? []).sorted() {
            runs[follower]?.past = .unknown
            unplaced.append(follower)
        }
    }

    /// A run has ended, or was changed afterwards: those after it keep how.
    mutating func leavePast(of run: RunEntry) {
        let key = run.record.key
        if let following = followers[key] {
            var states: [TaskID: TaskState] = [:]
            for (number, task) in run.graph.dag.tasks.enumerated() { states[task.id] = run.tasks[number].state }
            for follower in following {
                guard case .run(var past)? = runs[follower]?.past, past.key == key else { continue }
                past.states = states
                runs[follower]?.past = .run(past)
            }
            followUps.append(.past(key))
        }
        if case .run(let past) = run.past {
            followers[past.key]?.remove(key)
            if followers[past.key]?.isEmpty == true { followers[past.key] = nil }
        }
    }
}
