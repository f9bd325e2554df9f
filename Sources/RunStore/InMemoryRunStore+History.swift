import CivilTime
package import DAGModel
package import Execution
package import SchedulerCore

extension InMemoryRunStore: RunHistory {
    package func dags(lastRuns: Int) async throws -> [DAGSummary] {
        tables.dags.keys.sorted().compactMap { summary(of: $0, lastRuns: lastRuns) }
    }

    package func dag(_ id: DAGID) async throws -> DAGDetail? {
        guard let row = tables.dags[id], let summary = summary(of: id, lastRuns: 14) else { return nil }
        return DAGDetail(
            summary: summary, definition: row.record.dag, sourceText: sources[id] ?? row.record.sourceText,
            versions: Array((versions[id] ?? []).reversed().prefix(100)))
    }

    private func summary(of id: DAGID, lastRuns: Int) -> DAGSummary? {
        guard let row = tables.dags[id] else { return nil }
        let dag = row.record.dag
        return DAGSummary(
            id: id, displayName: dag.displayName, summary: dag.summary, owner: dag.owner, tags: dag.tags,
            isPaused: row.isPaused, isActive: row.isActive, file: dag.place.file, version: row.record.version,
            versionNumber: versionNumber(row.record.version, of: id), taskCount: dag.tasks.count,
            timetable: dag.timetable, bounds: dag.bounds, catchup: dag.catchup, firstSeen: row.firstSeen,
            lastRuns: Array(runs(of: id).prefix(lastRuns)), lastDue: tables.due[id]?.last,
            activeRuns: tables.runs.values.count { $0.dag == id && !$0.state.isFinished },
            pauseReason: row.isPaused ? row.pauseReason : nil)
    }

    private func versionNumber(_ version: DAGVersionID, of id: DAGID) -> Int {
        versions[id]?.first { $0.version == version }?.number ?? 0
    }

    /// Newest first.
    private func runs(of id: DAGID?) -> [RunRecord] {
        tables.runs.values.filter { id == nil || $0.dag == id }.sorted { RunCursor($0) > RunCursor($1) }
    }

    package func runs(_ query: RunQuery) async throws -> RunPage {
        let matching = runs(of: query.dag).filter { run in
            (query.before.map { RunCursor(run) < $0 } ?? true) && query.matches(run)
        }
        let page = Array(matching.prefix(query.limit))
        return RunPage(runs: page, next: matching.count > page.count ? page.last.map(RunCursor.init) : nil)
    }

    package func runStates(of backfills: [BackfillID]) async throws -> [BackfillID: [RunState: Int]] {
        var states: [BackfillID: [RunState: Int]] = [:]
        for run in runs(of: nil) {
            guard let backfill = run.backfill, backfills.contains(backfill) else { continue }
            states[backfill, default: [:]][run.state, default: 0] += 1
        }
        return states
    }

    package func run(dag: DAGID, runID: String) async throws -> RunDetail? {
        guard let stored = tables.findRun(dag: dag, runID: runID), let definition = tables.versions[stored.run.version]
        else { return nil }
        let key = stored.run.key
        return RunDetail(
            run: stored.run, definition: definition, versionNumber: versionNumber(stored.run.version, of: dag),
            tasks: TaskStatus.all(
                of: key, in: definition, stored: tables.tasks.values.filter { $0.instance.run == key },
                tries: attempts(of: key)),
            notifications: tables.notifications(of: key))
    }

    private func attempts(of run: RunKey) -> [TaskInstanceKey: [AttemptSummary]] {
        var tries: [TaskInstanceKey: [AttemptSummary]] = [:]
        for past in tables.pastAttempts.values where past.start.instance.run == run {
            tries[past.start.instance, default: []].append(summary(of: past.start, past.completion))
        }
        for live in tables.liveAttempts.values where live.instance.run == run {
            tries[live.instance, default: []].append(summary(of: live, nil))
        }
        return tries
    }

    private func summary(of start: AttemptStart, _ end: AttemptCompletion?) -> AttemptSummary {
        AttemptSummary(
            attempt: start.attempt, tryNumber: start.tryNumber, maxTries: start.maxTries, state: end?.state ?? .running,
            queuedAt: start.queuedAt, startedAt: start.startedAt, endedAt: end?.endedAt, reason: end?.reason,
            exitCode: end?.exitCode, pool: start.pool, process: processes[start.attempt],
            queue: start.queue)
    }

    package func grid(dag: DAGID, limit: Int) async throws -> RunGrid? {
        guard let row = tables.dags[dag] else { return nil }
        let runs = runs(of: dag).prefix(min(max(limit, 1), RunQuery.maximumLimit))
        return RunGrid(
            definition: row.record.dag, runs: Array(runs),
            tasks: tables.tasks.values.map { $0 }, live: tables.liveAttempts.values.map { $0 })
    }

    package func outputs(of instance: TaskInstanceKey) async throws -> [TaskOutput] {
        tables.outputs.filter { $0.key.instance == instance }.map { TaskOutput(key: $0.key.key, value: $0.value) }
            .sorted { $0.key < $1.key }
    }

    package func backfills(dag: DAGID?, limit: Int) async throws -> [BackfillRecord] {
        Array(
            tables.backfills.values.filter { dag == nil || $0.dag == dag }.sorted { $0.id > $1.id }.prefix(
                max(limit, 1)))
    }

    package func backfill(_ id: BackfillID) async throws -> BackfillRecord? { tables.backfills[id] }

    package func dueInstants(dag: DAGID, limit: Int) async throws -> [DueRecord] {
        (tables.due[dag] ?? []).reversed().prefix(max(limit, 1)).map { $0 }
    }

    package func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventRecord] {
        let found = tables.assetEvents.values.filter { event in
            event.asset == query.asset && query.after.map { event.at >= $0 } ?? true
                && query.before.map { event.at <= $0 } ?? true
        }.sorted { query.isAscending ? $0.id < $1.id : $0.id > $1.id }
        return Array(found.prefix(min(max(query.limit, 1), 1_000)))
    }

    package func importErrors() async throws -> [ImportErrorRecord] { problems }

    package func schedulerHealth() async throws -> SchedulerHealth {
        SchedulerHealth(
            lease: try await currentLease(), pendingCommands: commands.count { $0.outcome == nil }, askedAt: now)
    }

    package func runCounts() async throws -> [RunState: Int] {
        let day = now - .seconds(86_400)
        var counts: [RunState: Int] = [:]
        for run in tables.runs.values where !run.state.isFinished || (run.endDate ?? .distantPast) > day {
            counts[run.state, default: 0] += 1
        }
        return counts
    }
}

extension TaskStatus {
    /// Every task of a run: those of its definition in their order, then those that only rows have.
    static func all(
        of run: RunKey, in definition: DAG, stored: [TaskInstanceRecord], tries: [TaskInstanceKey: [AttemptSummary]]
    ) -> [TaskStatus] {
        let rows = Dictionary(stored.map { ($0.instance, $0) }, uniquingKeysWith: { first, _ in first })
        let order = Dictionary(
            definition.tasks.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var instances = Set(rows.keys).union(tries.keys)
        let begun = Set(instances.map(\.task))
        for task in definition.tasks where !begun.contains(task.id) {
            instances.insert(TaskInstanceKey(run: run, task: task.id))
        }
        let sorted = instances.sorted { left, right in
            let places = (order[left.task] ?? .max, order[right.task] ?? .max)
            if places.0 != places.1 { return places.0 < places.1 }
            return left.task == right.task ? left.mapIndex < right.mapIndex : left.task < right.task
        }
        return sorted.map { instance in
            let own = (tries[instance] ?? []).sorted { ($0.tryNumber, $0.attempt) < ($1.tryNumber, $1.attempt) }
            return TaskStatus(instance: instance, stored: rows[instance], tries: own)
        }
    }
}

extension RunGrid {
    /// The grid of `runs`, newest first, from the rows of their tasks.
    ///
    /// Other runs' rows are left out. Of a mapped task's instances the most urgent state is shown.
    init(definition: DAG?, runs: [RunRecord], tasks: [TaskInstanceRecord], live: [AttemptStart]) {
        var cells: [RunKey: [TaskID: GridCell]] = [:]
        for run in runs { cells[run.key] = [:] }
        for task in tasks.sorted(by: { $0.instance.mapIndex < $1.instance.mapIndex }) {
            let cell = GridCell(
                state: task.state, tryNumber: task.tryNumber, startDate: task.startDate, endDate: task.endDate)
            let other = cells[task.instance.run]?[task.instance.task]
            if task.state != .removed || other == nil {
                cells[task.instance.run]?[task.instance.task] = other.map { $0.merged(with: cell) } ?? cell
            }
        }
        for attempt in live {
            cells[attempt.instance.run]?[attempt.instance.task] = GridCell(
                state: .running, tryNumber: attempt.tryNumber, startDate: attempt.startedAt, endDate: nil)
        }
        var order = definition?.tasks.map(\.id) ?? []
        let known = Set(order)
        order += Set(cells.values.flatMap(\.keys)).subtracting(known).sorted()
        self.init(tasks: order, runs: runs.map { GridRun(run: $0, cells: cells[$0.key] ?? [:]) })
    }
}

extension GridCell {
    /// One cell for two instances of a mapped task: the state that most needs attention, from the first start to the last
    /// end.
    fileprivate func merged(with other: GridCell) -> GridCell {
        let urgency: [TaskState] = [
            .running, .failed, .upstreamFailed, .upForRetry, .upForReschedule, .deferred, .none, .success, .skipped,
        ]
        let rank = { (state: TaskState) in urgency.firstIndex(of: state) ?? urgency.count }
        let isOpen = !state.isFinished || !other.state.isFinished
        return GridCell(
            state: rank(other.state) < rank(state) ? other.state : state, tryNumber: max(tryNumber, other.tryNumber),
            startDate: [startDate, other.startDate].compactMap { $0 }.min(),
            endDate: isOpen ? nil : [endDate, other.endDate].compactMap { $0 }.max())
    }
}
