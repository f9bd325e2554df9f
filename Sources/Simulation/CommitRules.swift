import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// What must hold after every change: no limit is exceeded, nothing starts before its rules allow.
struct CommitRules {
    let seed: UInt64
    let parallelism: Int
    let pools: [String: Int]
    /// Runs whose tasks were changed by hand.
    let changedByHand: Set<RunKey>

    func check(_ tables: MemoryTables, after change: Change) throws {
        switch change {
        case .startAttempt(let start):
            try checkLimits(of: start, tables)
            try checkStart(start, tables)
        case .insertRun(let run) where run.state == .running && run.backfill == nil:
            let active = tables.runs.values.count { $0.dag == run.dag && $0.state == .running && $0.backfill == nil }
            guard active <= tables.dags[run.dag]?.record.dag.maxActiveRuns ?? 0 else {
                throw violation("max_active_runs of \(run.dag) exceeded by \(run.runID)")
            }
        case .updateRun(let run) where run.state == .running && run.type == .manual && run.backfill == nil:
            // One that is marked by hand is ended before its time.
            if changedByHand.contains(run.key) { break }
            guard let start = run.startDate, start >= run.runAfter else {
                throw violation("\(run.runID) runs before its time")
            }
        default: break
        }
    }

    private func violation(_ rule: String) -> SimulationViolation { SimulationViolation(seed: seed, rule: rule) }

    private func checkLimits(of start: AttemptStart, _ tables: MemoryTables) throws {
        let live = tables.liveAttempts.values
        guard live.count(where: { $0.queue == nil }) <= parallelism else { throw violation("parallelism exceeded") }
        let small = live.filter { $0.pool == "small" }
        if start.pool == "small" {
            let slots = pools["small", default: 0]
            guard slots > 0, small.reduce(0, { $0 + $1.poolSlots }) <= slots || small.count == 1 else {
                throw violation("pool exceeded")
            }
        }
        let run = start.instance.run
        guard let record = tables.runs[run], let dag = tables.versions[record.version],
            let task = dag.tasks.first(where: { $0.id == start.instance.task })
        else { throw violation("attempt \(start.attempt) of something unknown") }
        let own = live.filter { $0.instance.run == run }
        guard own.count <= dag.maxActiveTasks else { throw violation("max_active_tasks exceeded in \(record.runID)") }
        if let limit = task.maxActivePerRun {
            guard own.count(where: { $0.instance.task == task.id }) <= limit else {
                throw violation("max_active_tis_per_dagrun of \(task.id) exceeded in \(record.runID)")
            }
        }
        if let limit = task.maxActivePerDAG {
            let count = live.count {
                $0.instance.task == task.id && tables.runs[$0.instance.run]?.dag == record.dag
            }
            guard count <= limit else { throw violation("max_active_tis_per_dag of \(task.id) exceeded") }
        }
    }

    private func checkStart(_ start: AttemptStart, _ tables: MemoryTables) throws {
        guard let run = tables.runs[start.instance.run], let dag = tables.versions[run.version],
            let task = dag.tasks.first(where: { $0.id == start.instance.task })
        else { return }
        guard tables.mayStartAfterPast(task, run, dag) else {
            throw violation("\(task.id) of \(run.runID) started before the run before it let it")
        }
        // A task that was made to run again has tries already, and one that goes on was let start before.
        let goesOn = start.tryNumber > 1 || start.startedAt < start.queuedAt
        if changedByHand.contains(run.key), goesOn || start.instance.mapIndex >= 0 { return }
        let upstream = task.upstream.flatMap { tables.states(of: $0, run.key) }
        guard IdealOutcome.mayStart(task.triggerRule, upstream),
            SetupRules.mayStart(task, in: dag, states: { tables.states(of: $0, run.key) })
        else {
            throw violation("\(task.id) of \(run.runID) started though \(task.triggerRule.rawValue) saw \(upstream)")
        }
    }
}

extension MemoryTables {
    /// The states of a task in a run as trigger rules count them: one, or each instance's.
    func states(of task: TaskID, _ run: RunKey) -> [TaskState] {
        let rows = tasks(of: run).filter {
            $0.instance.task == task && $0.instance.mapIndex >= 0 && $0.state != .removed
        }
        if !rows.isEmpty { return rows.map(\.state) }
        return [tasks[TaskInstanceKey(run: run, task: task)]?.state ?? .none]
    }

    /// An independent reading of `depends_on_past` and `wait_for_downstream`.
    func mayStartAfterPast(_ task: TaskSpec, _ run: RunRecord, _ dag: DAG) -> Bool {
        guard task.dependsOnPast, let date = run.logicalDate,
            let previous = previousRun(dag: run.dag, before: date), let old = versions[previous.run.version]
        else { return true }
        var wanted = [task.id]
        if task.waitForDownstream { wanted += dag.tasks.filter { $0.upstream.contains(task.id) }.map(\.id) }
        return wanted.filter { id in old.tasks.contains { $0.id == id } }.allSatisfy { id in
            states(of: id, previous.run.key).allSatisfy { $0 == .success || $0 == .skipped }
        }
    }
}
