import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// What must hold at every commit.
extension Simulation {
    /// No limit is exceeded, nothing starts before its rules allow.
    mutating func checkCommit(_ changes: [Change]) throws {
        try checkLimits()
        for change in changes {
            switch change {
            case .startAttempt(let start): try checkStart(start)
            case .pauseDAG: counts[.autoPauses] += 1
            default: break
            }
        }
    }

    private func checkLimits() throws {
        let live = tables.liveAttempts.values
        guard live.count <= configuration.parallelism else { throw violation("parallelism exceeded") }
        let small = live.filter { $0.pool == "small" }
        guard small.reduce(0, { $0 + $1.poolSlots }) <= 2 || small.count == 1 else { throw violation("pool exceeded") }
        for (run, attempts) in Dictionary(grouping: live, by: \.instance.run) {
            let dag = tables.runs[run].flatMap { tables.versions[$0.version] }
            guard attempts.count <= dag?.maxActiveTasks ?? 0 else {
                throw violation("max_active_tasks exceeded in run \(run)")
            }
            for task in dag?.tasks ?? [] {
                guard let limit = task.maxActivePerRun else { continue }
                guard attempts.count(where: { $0.instance.task == task.id }) <= limit else {
                    throw violation("max_active_tis_per_dagrun of \(task.id) exceeded in run \(run)")
                }
            }
        }
        for document in documents {
            for task in document.dag.tasks {
                guard let limit = task.maxActivePerDAG else { continue }
                let count = live.count { attempt in
                    attempt.instance.task == task.id && tables.runs[attempt.instance.run]?.dag == document.dag.id
                }
                guard count <= limit else { throw violation("max_active_tis_per_dag of \(task.id) exceeded") }
            }
        }
    }

    private mutating func checkStart(_ start: AttemptStart) throws {
        guard let run = tables.runs[start.instance.run], let dag = tables.versions[run.version],
            let task = dag.tasks.first(where: { $0.id == start.instance.task })
        else { throw violation("attempt \(start.attempt) of something unknown") }
        guard mayStartAfterPast(task, run, dag) else {
            throw violation("\(task.id) of \(run.runID) started before the run before it let it")
        }
        // A task that was made to run again has tries already, and one that goes on was let start before.
        let isGoingOn = tables.tasks[start.instance]?.tryNumber == start.tryNumber
        if changedByHand.contains(run.key), start.tryNumber > 1 || start.instance.mapIndex >= 0 || isGoingOn { return }
        if task.isTeardown { counts[.tornDown] += 1 }
        let upstream = task.upstream.flatMap { states(of: $0, run.key, dag) }
        guard IdealOutcome.mayStart(task.triggerRule, upstream),
            SetupRules.mayStart(task, in: dag, states: { states(of: $0, run.key, dag) })
        else {
            throw violation("\(task.id) of \(run.runID) started though \(task.triggerRule.rawValue) saw \(upstream)")
        }
    }

    /// `max_active_runs` by what the documents said before the batch or say in it.
    func checkActiveRuns(_ changes: [Change], limitsBefore: [DAGID: Int]) throws {
        for case .insertRun(let run) in changes where run.state == .running && run.backfill == nil {
            let active = tables.runs.values.count {
                $0.dag == run.dag && $0.state == .running && $0.backfill == nil
            }
            var limit = max(limitsBefore[run.dag] ?? 0, tables.dags[run.dag]?.record.dag.maxActiveRuns ?? 0)
            for change in changes {
                switch change {
                case .insertDAG(let record, _), .updateDAG(let record):
                    if record.dag.id == run.dag { limit = max(limit, record.dag.maxActiveRuns) }
                default: break
                }
            }
            guard active <= limit else { throw violation("max_active_runs of \(run.dag) exceeded by \(run.runID)") }
        }
    }

    /// The states of a task in a run as trigger rules count them: one, or each instance's.
    func states(of task: TaskID, _ run: RunKey, _ dag: DAG) -> [TaskState] {
        let rows = tables.tasks(of: run).filter {
            $0.instance.task == task && $0.instance.mapIndex >= 0 && $0.state != .removed
        }
        if !rows.isEmpty { return rows.map(\.state) }
        return [tables.tasks[TaskInstanceKey(run: run, task: task)]?.state ?? .none]
    }

    /// An independent reading of `depends_on_past` and `wait_for_downstream`.
    func mayStartAfterPast(_ task: TaskSpec, _ run: RunRecord, _ dag: DAG) -> Bool {
        guard task.dependsOnPast, let date = run.logicalDate,
            let previous = tables.previousRun(dag: run.dag, before: date),
            let old = tables.versions[previous.run.version]
        else { return true }
        var wanted = [task.id]
        if task.waitForDownstream { wanted += dag.tasks.filter { $0.upstream.contains(task.id) }.map(\.id) }
        return wanted.filter { id in old.tasks.contains { $0.id == id } }.allSatisfy { id in
            states(of: id, previous.run.key, old).allSatisfy { $0 == .success || $0 == .skipped }
        }
    }
}
