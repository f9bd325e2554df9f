import DAGModel
import HeapModule

// `max_active_tis_per_dag` and `max_active_tis_per_dagrun`: how many instances of one task run at once.

/// How many instances of a task run, over all runs of its DAG, and which wait for a place.
struct TaskUse: Sendable {
    var active = 0
    var parked = Heap<ReadyTask>()
}

/// A task with `max_active_tis_per_dag`.
struct LimitedTask: Hashable, Sendable {
    let dag: DAGID
    let task: TaskID
}

extension SchedulerCore {
    /// The number under which a task's instances are counted over all runs; nil when nothing limits them.
    mutating func limitNumber(of spec: Int, in run: RunEntry) -> Int? {
        guard run.graph.hasTaskLimits[spec], run.graph.dag.tasks[spec].maxActivePerDAG != nil else { return nil }
        let name = LimitedTask(dag: run.record.dag, task: run.graph.dag.tasks[spec].id)
        if let known = limitNumbers[name] { return known }
        limitNumbers[name] = taskUses.count
        taskUses.append(TaskUse())
        return taskUses.count - 1
    }

    /// Whether a limit of the task keeps it from starting; it is then parked until an instance of it ends.
    mutating func parkAtLimit(_ next: ReadyTask, _ spec: Int, in run: inout RunEntry) -> Bool {
        guard run.graph.hasTaskLimits[spec] else { return false }
        let task = run.graph.dag.tasks[spec]
        if let limit = task.maxActivePerRun, run.uses[spec, default: TaskUse()].active >= limit {
            run.uses[spec, default: TaskUse()].parked.insert(next)
            return true
        }
        if let limit = task.maxActivePerDAG, let number = next.limit, taskUses[number].active >= limit {
            taskUses[number].parked.insert(next)
            return true
        }
        return false
    }

    mutating func takeLimits(of spec: Int, in run: inout RunEntry) {
        guard run.graph.hasTaskLimits[spec] else { return }
        if run.graph.dag.tasks[spec].maxActivePerRun != nil { run.uses[spec, default: TaskUse()].active += 1 }
        if let number = limitNumber(of: spec, in: run) { taskUses[number].active += 1 }
    }

    /// An instance has left its place: the next may try.
    mutating func releaseLimits(of spec: Int, in run: inout RunEntry) {
        guard run.graph.hasTaskLimits[spec] else { return }
        if run.graph.dag.tasks[spec].maxActivePerRun != nil {
            run.uses[spec, default: TaskUse()].active -= 1
            unparkInRun(spec, in: &run)
        }
        if let number = limitNumber(of: spec, in: run) {
            taskUses[number].active -= 1
            unpark(limit: number)
        }
    }

    mutating func unparkInRun(_ spec: Int, in run: inout RunEntry) {
        guard let next = run.uses[spec]?.parked.popMax() else { return }
        line(next)
    }

    /// Whoever is let go and cannot start after all lets the next one go.
    mutating func unpark(limit: Int?) {
        guard let limit, let next = taskUses[limit].parked.popMax() else { return }
        line(next)
    }
}
