package import CivilTime
import DAGModel
package import RunStore
package import SchedulerCore

extension Explanation {
    /// Why a run has not started, or not ended.
    ///
    /// - Parameters:
    ///   - active: the DAG's runs in `queued` and `running`.
    ///   - previous: the run before it, for tasks that wait for it.
    package static func run(
        _ detail: RunDetail, of summary: DAGSummary, health: SchedulerHealth, active: [RunRecord],
        previous: StoredRun? = nil, workers: [WorkerSummary] = [], pools: [String: PoolUse]? = nil, now: Timestamp
    ) -> Explanation {
        let run = detail.run
        let subject = "run \(run.runID) of DAG \(run.dag)"
        if run.state.isFinished {
            return Explanation(
                subject: subject, conditions: ended(detail) + deadlines(detail),
                settled: "the run ended in \(run.state.rawValue)" + (run.reason.map { ": \($0)" } ?? "")
                    + (run.state == .failed ? firstFailure(detail) : ""))
        }
        if run.state == .queued {
            return Explanation(
                subject: subject,
                conditions: queued(run, detail, summary, health, active, now) + deadlines(detail),
                settled: "nothing blocks: the run is about to start")
        }
        // A run that is under way waits for its tasks.
        var conditions = [leads(health)]
        // Those that work come before those that wait for them.
        let open =
            detail.tasks.filter { $0.state == .running }
            + detail.tasks.filter { !$0.state.isFinished && $0.state != .running }
        let index = RunIndex(detail)
        for task in open {
            let inner = self.task(
                task, in: detail, index, of: summary, health: health, active: active, previous: previous,
                workers: workers, pools: pools, now: now)
            let answer = inner.blocking
            conditions.append(
                Condition(
                    "task \(task.instance.name)", holds: false,
                    "task \(task.instance.name) is \(task.state.rawValue): \(inner.answer)",
                    since: answer?.since ?? task.startDate, until: answer?.until,
                    advice: answer?.advice ?? why(run.dag, run.runID, task.instance.name)))
        }
        return Explanation(
            subject: subject, conditions: conditions + deadlines(detail),
            settled: "all tasks have ended: the scheduler is about to end the run")
    }

    /// Why a task of a run has not started, or not ended.
    package static func task(
        _ status: TaskStatus, in detail: RunDetail, of summary: DAGSummary, health: SchedulerHealth,
        active: [RunRecord], previous: StoredRun? = nil, workers: [WorkerSummary] = [],
        pools: [String: PoolUse]? = nil, now: Timestamp
    ) -> Explanation {
        task(
            status, in: detail, RunIndex(detail), of: summary, health: health, active: active, previous: previous,
            workers: workers, pools: pools, now: now)
    }

    private static func task(
        _ status: TaskStatus, in detail: RunDetail, _ index: RunIndex, of summary: DAGSummary, health: SchedulerHealth,
        active: [RunRecord], previous: StoredRun?, workers: [WorkerSummary], pools: [String: PoolUse]?, now: Timestamp
    ) -> Explanation {
        let run = detail.run
        let subject = "task \(status.instance.name) of run \(run.runID) of DAG \(run.dag)"
        if status.state.isFinished {
            let reason = status.reason ?? status.tries.last?.reason
            return Explanation(
                subject: subject, conditions: [],
                settled: "the task ended in \(status.state.rawValue)" + (reason.map { ": \($0)" } ?? ""))
        }
        if let attempt = status.tries.last, attempt.waitsForWorker, let queue = attempt.queue {
            return Explanation(
                subject: subject,
                conditions: [
                    leads(health), Condition("handed_over", holds: true, "it was handed over to queue \"\(queue)\""),
                    worker(for: queue, since: attempt.startedAt, workers),
                ], settled: "a worker of queue \"\(queue)\" is about to take it")
        }
        if status.state == .running {
            let limit = index.graph.task(status.instance.task)?.executionTimeout
            var conditions = [leads(health)]
            conditions.append(
                Condition(
                    "ended", holds: false, "try \(status.tryNumber) is running", since: status.startDate,
                    until: limit.flatMap { limit in status.startDate.map { $0 + limit } },
                    advice:
                        "cryptoflow task logs \(run.dag) \(run.runID.shellQuoted) \(status.instance.name.shellWord) --follow"
                ))
            return Explanation(subject: subject, conditions: conditions, settled: "the task is running")
        }
        var conditions = [leads(health)]
        if run.state == .queued {
            let outer = self.run(detail, of: summary, health: health, active: active, now: now)
            conditions.append(
                Condition(
                    "run", holds: false, "its run is queued: \(outer.answer)", since: run.queuedAt,
                    until: outer.blocking?.until, advice: outer.blocking?.advice))
        } else {
            conditions.append(Condition("run", holds: true, "its run is \(run.state.rawValue)"))
        }
        if let task = index.graph.task(status.instance.task) {
            if !task.upstream.isEmpty { conditions.append(upstream(task, detail, index)) }
            if let setups = setups(task, detail, index) { conditions.append(setups) }
            if let past = past(task, detail.run, previous) { conditions.append(past) }
            if let retryAt = status.retryAt {
                conditions.append(pause(of: status, until: retryAt, now))
            }
            conditions.append(tasksAtOnce(detail, index))
            conditions.append(pool(of: task, pools))
        }
        return Explanation(
            subject: subject, conditions: conditions,
            settled: "nothing that the history shows blocks: it waits for a slot of its pool or of the scheduler")
    }

    /// What a task waits for between two tries, or within one that gave its slot back.
    private static func pause(of status: TaskStatus, until end: Timestamp, _ now: Timestamp) -> Condition {
        let isDue = end <= now
        switch status.state {
        case .upForReschedule, .deferred:
            let reason = status.reason.map { " (\($0))" } ?? ""
            return Condition(
                "looks_again", holds: isDue,
                isDue
                    ? "it is time to look again"
                    : "it looked, and what it waits for is not there yet\(reason); it looks again at \(end.iso8601)",
                since: status.startDate, until: end)
        default:
            return Condition(
                "retry", holds: isDue,
                isDue
                    ? "the next try is due"
                    : "try \(status.tryNumber) failed (\(status.reason ?? "no reason kept")); the next one waits",
                since: status.endDate, until: end)
        }
    }

    private static func queued(
        _ run: RunRecord, _ detail: RunDetail, _ summary: DAGSummary, _ health: SchedulerHealth,
        _ active: [RunRecord], _ now: Timestamp
    ) -> [Condition] {
        var conditions = [leads(health), unpaused(summary)]
        conditions.append(
            Condition(
                "run_after", holds: run.runAfter <= now,
                run.runAfter <= now ? "its time has come" : "its time has not come", since: run.queuedAt,
                until: run.runAfter))
        let others = active.filter { $0.state == .running && ($0.backfill == nil) == (run.backfill == nil) }
        let limit = detail.definition.maxActiveRuns
        let isFree = others.count < limit
        let oldest = others.min { $0.runAfter < $1.runAfter }
        conditions.append(
            Condition(
                "max_active_runs", holds: isFree, "\(others.count) of at most \(limit) runs are under way",
                since: run.queuedAt, advice: oldest.map { "cryptoflow why \(run.dag) \($0.runID.shellQuoted)" }))
        return conditions
    }

    /// Deadlines hold nothing up; a missed one is worth knowing.
    private static func deadlines(_ detail: RunDetail) -> [Condition] {
        let set = detail.deadlines.map { deadline in
            var text: String
            if let missed = deadline.missedAt {
                text = "the run missed its deadline \(deadline.at.iso8601), noticed at \(missed.iso8601)"
            } else {
                text = "its deadline is \(deadline.at.iso8601) (\(deadline.reference))"
            }
            if let average = deadline.average?.text { text += "; \(average)" }
            return Condition("deadline", holds: true, text)
        }
        return set
            + detail.missingAverages.map { missing in
                Condition("deadline", holds: true, "it has no deadline by average_runtime: \(missing.text)")
            }
    }

    private static func ended(_ detail: RunDetail) -> [Condition] {
        detail.tasks.filter { $0.state == .failed || $0.state == .upstreamFailed }.map { task in
            Condition(
                "task \(task.instance.name)", holds: true,
                "task \(task.instance.name) ended in \(task.state.rawValue)"
                    + ((task.reason ?? task.tries.last?.reason).map { ": \($0)" } ?? ""))
        }
    }

    /// The task that failed first, which the rest of a failed run mostly follows from.
    private static func firstFailure(_ detail: RunDetail) -> String {
        let failed = detail.tasks.filter { $0.state == .failed }
        let first = failed.min { $0.endDate ?? .distantFuture < $1.endDate ?? .distantFuture }
        guard let first else { return "" }
        let others = failed.count > 1 ? ", the first of \(failed.count)," : ""
        let reason = (first.reason ?? first.tries.last?.reason).map { ": \($0)" } ?? ""
        return "; task \(first.instance.name)\(others) failed\(reason)"
    }

    private static func upstream(_ task: TaskSpec, _ detail: RunDetail, _ index: RunIndex) -> Condition {
        let found = index.rows(of: task.upstream)
        let open = found.filter { !$0.state.isFinished }
        let unreached = task.upstream.filter { index.rows[$0] == nil }
        let names = open.map(\.instance.name) + unreached.map(\.rawValue)
        let isEarly: Set<TriggerRule> = [.oneFailed, .oneSuccess, .oneDone, .always]
        guard !names.isEmpty, !isEarly.contains(task.triggerRule) || found.isEmpty else {
            return Condition(
                "upstream", holds: names.isEmpty || task.triggerRule == .always,
                names.isEmpty
                    ? "all upstream tasks have ended (trigger rule \(task.triggerRule.rawValue))"
                    : "trigger rule \(task.triggerRule.rawValue) waits for \(names.joined(separator: ", "))",
                since: nil, advice: why(detail.run.dag, detail.run.runID, names.first ?? ""))
        }
        let first = names[0]
        let state = open.first.map { " (\($0.state.rawValue))" } ?? ""
        return Condition(
            "upstream", holds: task.triggerRule == .always,
            "it waits for \(names.joined(separator: ", "))\(state); its trigger rule is \(task.triggerRule.rawValue)",
            since: open.first?.startDate,
            advice: why(detail.run.dag, detail.run.runID, first))
    }

    /// Whether the setups have ended in whose scope the task lies without naming them; nil without any.
    private static func setups(_ task: TaskSpec, _ detail: RunDetail, _ index: RunIndex) -> Condition? {
        let needed = index.graph.indirectSetups(of: task.id)
        guard !needed.isEmpty else { return nil }
        let open = needed.filter { setup in index.rows[setup]?.contains { !$0.state.isFinished } ?? true }
        guard let setup = open.first else {
            return Condition("setups", holds: true, "the setups in whose scope it lies have ended")
        }
        let first = index.rows[setup]?.first { !$0.state.isFinished }
        return Condition(
            "setups", holds: false,
            "it waits for \(open.map(\.rawValue).joined(separator: ", ")), in whose scope it lies",
            since: first?.startDate,
            advice: why(detail.run.dag, detail.run.runID, first?.instance.name ?? setup.rawValue))
    }

    /// Whether the run before lets the task start; nil for a task that does not ask for it.
    private static func past(_ task: TaskSpec, _ run: RunRecord, _ previous: StoredRun?) -> Condition? {
        guard task.dependsOnPast || task.waitForDownstream, run.logicalDate != nil else { return nil }
        let name = task.waitForDownstream ? "wait_for_downstream" : "depends_on_past"
        guard let previous else { return Condition(name, holds: true, "there is no run before it") }
        let rows = Dictionary(grouping: previous.tasks.filter { $0.state != .removed }, by: \.instance.task)
        // A run that has ended without the task had none.
        let own = rows[task.id] ?? []
        let unfinished = own.first { $0.state != .success && $0.state != .skipped }
        let isMissing = rows[task.id] == nil && !previous.run.state.isFinished
        guard let state = unfinished?.state ?? (isMissing ? TaskState.none : nil) else {
            return Condition(
                name, holds: true, "\(task.id) of the run before it, \(previous.run.runID), lets it start")
        }
        return Condition(
            name, holds: false,
            "it waits for \(task.id) of the run before it, \(previous.run.runID), to succeed or be skipped: "
                + (state == .none ? "it has not ended" : "it is \(state.rawValue)"),
            since: previous.run.startDate,
            advice: why(run.dag, previous.run.runID, unfinished?.instance.name ?? task.id.rawValue))
    }

    /// Whether the task's pool has room, and who has it otherwise.
    private static func pool(of task: TaskSpec, _ pools: [String: PoolUse]?) -> Condition {
        guard let use = pools?[task.pool] else {
            // The scheduler has a default pool even where the table has none.
            if pools == nil || task.pool == PoolUse.defaultName {
                return Condition("pool", holds: true, "it takes \(task.poolSlots) of the slots of \(task.pool)")
            }
            return Condition(
                "pool", holds: false, "there is no pool \"\(task.pool)\": it waits until there is one",
                advice: "cryptoflow pool set \(task.pool.shellWord) SLOTS")
        }
        if use.slots == 0 {
            return Condition(
                "pool", holds: false, "the pool \(use.name) has no slots: it waits until there are some",
                advice: "cryptoflow pool set \(use.name.shellWord) SLOTS")
        }
        if use.isUnlimited { return Condition("pool", holds: true, "the pool \(use.name) has no limit") }
        let need = task.poolSlots == 1 ? "1 slot" : "\(task.poolSlots) slots"
        guard use.free < task.poolSlots else {
            return Condition(
                "pool", holds: true, "it needs \(need) of \(use.name): \(use.free) of \(use.slots) are free")
        }
        let shown = use.holders.prefix(5).map { holder in
            let slots = holder.slots == 1 ? "" : " (\(holder.slots) slots)"
            return "\(holder.dag) \(holder.runID) \(holder.name)\(slots)"
        }
        let rest = use.holders.count > shown.count ? " and \(use.holders.count - shown.count) more" : ""
        let who = shown.isEmpty ? "" : ", held by " + shown.joined(separator: ", ") + rest
        let first = use.holders.first
        return Condition(
            "pool", holds: false,
            use.slots < task.poolSlots
                ? "it needs \(need) and the pool \(use.name) has only \(use.slots)"
                : "the pool \(use.name) is full: it needs \(need), \(max(use.free, 0)) of \(use.slots) are free\(who)",
            since: first?.since, advice: first.map { why($0.dag, $0.runID, $0.name) })
    }

    private static func tasksAtOnce(_ detail: RunDetail, _ index: RunIndex) -> Condition {
        let limit = detail.definition.maxActiveTasks
        return Condition(
            "max_active_tasks", holds: index.running < limit,
            "\(index.running) of at most \(limit) tasks of the run are running", since: index.runningSince)
    }
}

/// What every open task of a run is asked for, found once: a run may have thousands.
private struct RunIndex {
    let graph: DAGGraph
    /// The instances of each task, in the run's order.
    let rows: [TaskID: [TaskStatus]]
    let running: Int
    let runningSince: Timestamp?

    init(_ detail: RunDetail) {
        graph = DAGGraph(detail.definition, version: detail.run.version)
        rows = Dictionary(grouping: detail.tasks, by: \.instance.task)
        let running = detail.tasks.filter { $0.state == .running }
        self.running = running.count
        runningSince = running.compactMap(\.startDate).min()
    }

    /// The instances of several tasks, each task once.
    func rows(of tasks: [TaskID]) -> [TaskStatus] {
        var seen: Set<TaskID> = []
        return tasks.flatMap { seen.insert($0).inserted ? rows[$0] ?? [] : [] }
    }
}

extension TaskInstanceKey {
    /// The task's id, with the index of a mapped one.
    fileprivate var name: String { mapIndex < 0 ? task.rawValue : "\(task.rawValue)[\(mapIndex)]" }
}

extension PoolHolder {
    fileprivate var name: String { mapIndex < 0 ? "\(task)" : "\(task)[\(mapIndex)]" }
}
