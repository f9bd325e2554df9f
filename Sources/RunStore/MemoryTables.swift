package import CivilTime
package import DAGModel
package import SchedulerCore

/// The tables of the history as plain values: what the in-memory store holds, and what simulations of the core write to.
///
/// It enforces the natural keys and what only a broken leader would do (an attempt that ends twice, a second live attempt of a
/// task), so a test that uses it is told of both.
package struct MemoryTables: Sendable {
    package struct DAGRow: Sendable, Hashable {
        package var record: DAGRecord
        package var isPaused: Bool
        package var isActive: Bool
        package var firstSeen: Timestamp
        package var pauseReason: String?
    }

    package struct PastAttempt: Sendable, Hashable {
        package let start: AttemptStart
        package let completion: AttemptCompletion
    }

    package struct OutputKey: Sendable, Hashable {
        package let instance: TaskInstanceKey
        package let key: String

        package init(instance: TaskInstanceKey, key: String) {
            self.instance = instance
            self.key = key
        }
    }

    package private(set) var dags: [DAGID: DAGRow] = [:]
    package private(set) var versions: [DAGVersionID: DAG] = [:]
    package private(set) var runs: [RunKey: RunRecord] = [:]
    package private(set) var tasks: [TaskInstanceKey: TaskInstanceRecord] = [:]
    package private(set) var liveAttempts: [AttemptID: AttemptStart] = [:]
    package private(set) var pastAttempts: [AttemptID: PastAttempt] = [:]
    package private(set) var outputs: [OutputKey: JSONValue] = [:]
    package private(set) var mapLengths: [TaskInstanceKey: Int] = [:]
    private var mappedInstances: [RunKey: Set<TaskInstanceKey>] = [:]
    package private(set) var due: [DAGID: [DueRecord]] = [:]
    package private(set) var assetEvents: [Int64: AssetEventRecord] = [:]
    package private(set) var queuedEvents: [DAGID: [Int64]] = [:]
    package private(set) var eventRuns: [Int64: [RunKey]] = [:]
    package private(set) var backfills: [BackfillID: BackfillRecord] = [:]
    package private(set) var notifications: [NotificationID: NotificationRecord] = [:]
    package private(set) var outcomes: [Int64: CommandOutcome] = [:]

    private var runsByID: [DAGID: [String: RunKey]] = [:]
    private var runsByDate: [DAGID: [Timestamp: RunKey]] = [:]

    package init() {}

    /// A rule of the tables that a change breaks.
    package struct Violation: Error, CustomStringConvertible {
        package let description: String
    }

    private func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
        if !condition { throw Violation(description: problem()) }
    }

    package mutating func setPaused(_ id: DAGID, _ isPaused: Bool) -> Bool {
        guard dags[id] != nil else { return false }
        dags[id]?.isPaused = isPaused
        dags[id]?.pauseReason = nil
        return true
    }

    /// Applies changes in order.
    ///
    /// A thrown ``Violation`` leaves the tables half-changed: apply to a copy.
    ///
    /// - Parameter observe: sees the tables after each change.
    package mutating func apply(
        _ changes: [Change], now: Timestamp, observe: (MemoryTables, Change) throws -> Void = { _, _ in }
    ) throws {
        for change in changes {
            try apply(change, now: now)
            try observe(self, change)
        }
    }

    private mutating func apply(_ change: Change, now: Timestamp) throws {
        switch change {
        case .insertDAG(let record, let paused):
            try require(dags[record.dag.id] == nil, "DAG \(record.dag.id) inserted twice")
            dags[record.dag.id] = DAGRow(record: record, isPaused: paused, isActive: true, firstSeen: now)
            versions[record.version] = record.dag
        case .updateDAG(let record):
            try require(dags[record.dag.id] != nil, "DAG \(record.dag.id) updated before it was inserted")
            dags[record.dag.id]?.record = record
            dags[record.dag.id]?.isActive = true
            versions[record.version] = record.dag
        case .removeDAG(let id):
            dags[id]?.isActive = false
        case .pauseDAG(let id, let reason):
            dags[id]?.isPaused = true
            dags[id]?.pauseReason = reason
        case .insertRun(let run):
            try insert(run)
        case .updateRun(let run):
            try require(runs[run.key] != nil, "run \(run.key) updated before it was inserted")
            runs[run.key] = run
        case .deleteRun(let key):
            try delete(key)
        case .startAttempt(let start):
            try require(runs[start.instance.run]?.state == .running, "attempt \(start.attempt) of a run not running")
            try require(
                !liveAttempts.values.contains { $0.instance == start.instance },
                "two live attempts of \(start.instance)")
            try require(
                liveAttempts[start.attempt] == nil && pastAttempts[start.attempt] == nil,
                "attempt \(start.attempt) started twice")
            liveAttempts[start.attempt] = start
        case .endAttempt(let end):
            guard let start = liveAttempts.removeValue(forKey: end.attempt) else {
                throw Violation(description: "attempt \(end.attempt) ended without being live")
            }
            pastAttempts[end.attempt] = PastAttempt(start: start, completion: end)
        case .suspendAttempt(let attempt):
            guard liveAttempts.removeValue(forKey: attempt) != nil else {
                throw Violation(description: "attempt \(attempt) put off without being live")
            }
        case .setTask(let task, let isNew):
            guard !isNew || tasks[task.instance] == nil else {
                throw Violation(description: "the row of \(task.instance) is there, and is said to be new")
            }
            let name = tasks[task.instance]?.mapName
            tasks[task.instance] = task
            tasks[task.instance]?.mapName = name
            if task.instance.mapIndex >= 0 {
                mappedInstances[task.instance.run, default: []].insert(task.instance)
            }
        case .setOutput(let instance, let key, let value):
            outputs[OutputKey(instance: instance, key: key)] = value
        case .dropOutputs(let instance):
            outputs = outputs.filter { $0.key.instance != instance }
            mapLengths[instance] = nil
        case .setMapLength(let instance, let length):
            mapLengths[instance] = length
        case .nameInstance(let instance, let name):
            tasks[instance]?.mapName = name
        case .account(let record):
            try account(record)
        case .insertAssetEvent(let event):
            try require(assetEvents[event.id] == nil, "asset event \(event.id) inserted twice")
            assetEvents[event.id] = event
        case .queueAssetEvent(let dag, let event):
            queuedEvents[dag, default: []].append(event)
        case .consumeAssetEvents(let dag, let events, let run):
            let taken = Set(events)
            try require(
                taken.isSubset(of: queuedEvents[dag] ?? []), "run \(run) takes asset events that are not queued")
            queuedEvents[dag]?.removeAll(where: taken.contains)
            for event in events { eventRuns[event, default: []].append(run) }
        case .setBackfill(let backfill):
            backfills[backfill.id] = backfill
        case .finishCommand(let id, let outcome):
            try require(outcomes[id] == nil, "command \(id) finished twice")
            outcomes[id] = outcome
        case .setNotification(let notification):
            try set(notification)
        }
    }

    private mutating func set(_ notification: NotificationRecord) throws {
        try require(runs[notification.run] != nil, "notification \(notification.id) of a run that is not there")
        try require(
            notifications[notification.id].map { $0.state == .pending } ?? (notification.deliveries == 0),
            "notification \(notification.id) changed after its end, or delivered before it was written")
        notifications[notification.id] = notification
    }

    /// What was or is to be told of a run, oldest first.
    package func notifications(of run: RunKey) -> [NotificationRecord] {
        notifications.values.filter { $0.run == run }.sorted { $0.id < $1.id }
    }

    private mutating func insert(_ run: RunRecord) throws {
        try require(runs[run.key] == nil, "run \(run.key) inserted twice")
        try require(runsByID[run.dag]?[run.runID] == nil, "run id \(run.runID) of \(run.dag) used twice")
        runsByID[run.dag, default: [:]][run.runID] = run.key
        if let date = run.logicalDate {
            try require(runsByDate[run.dag]?[date] == nil, "logical date \(date.iso8601) of \(run.dag) used twice")
            runsByDate[run.dag, default: [:]][date] = run.key
        }
        runs[run.key] = run
    }

    private mutating func account(_ record: DueRecord) throws {
        if let last = due[record.dag]?.indices.last, due[record.dag]?[last].first == record.first {
            due[record.dag]?[last] = record
        } else {
            try require(
                (due[record.dag]?.last).map { $0.last < record.first } ?? true,
                "instants of \(record.dag) accounted for twice or out of order")
            due[record.dag, default: []].append(record)
        }
    }

    package func tasks(of run: RunKey) -> [TaskInstanceRecord] {
        guard let record = runs[run], let dag = versions[record.version] else { return [] }
        let plain = dag.tasks.compactMap { tasks[TaskInstanceKey(run: run, task: $0.id)] }
        guard let mapped = mappedInstances[run] else { return plain }
        return plain
            + mapped.sorted { ($0.task, $0.mapIndex) < ($1.task, $1.mapIndex) }.compactMap { tasks[$0] }
    }

    package func stored(_ run: RunRecord) -> StoredRun { StoredRun(run: run, tasks: tasks(of: run.key)) }

    package func findRuns(dag: DAGID, dates: [Timestamp]) -> [StoredRun] {
        dates.compactMap { runsByDate[dag]?[$0] }.compactMap { runs[$0] }.map(stored)
    }

    package func runsToChange(dag: DAGID, runID: String, past: Bool, future: Bool) -> [Snapshot.ActiveRun] {
        guard let own = findRun(dag: dag, runID: runID) else { return [] }
        var found = [own]
        if let date = own.run.logicalDate {
            let dates = (runsByDate[dag] ?? [:]).keys.sorted()
            if past {
                found += findRuns(dag: dag, dates: Array(dates.filter { $0 < date }.suffix(ClearRequest.maximumRuns)))
            }
            if future {
                found += findRuns(dag: dag, dates: Array(dates.filter { $0 > date }.prefix(ClearRequest.maximumRuns)))
            }
        }
        return found.compactMap { stored in
            versions[stored.run.version].map { dag in
                Snapshot.ActiveRun(
                    stored: stored, dag: dag, attempts: [],
                    mapLengths: mapLengths.filter { $0.key.run == stored.run.key })
            }
        }
    }

    private mutating func delete(_ key: RunKey) throws {
        guard let run = runs.removeValue(forKey: key) else {
            throw Violation(description: "run \(key) deleted before it was inserted")
        }
        try require(run.state.isFinished, "run \(key) deleted while it is active")
        runsByID[run.dag]?[run.runID] = nil
        if let date = run.logicalDate { runsByDate[run.dag]?[date] = nil }
        tasks = tasks.filter { $0.key.run != key }
        outputs = outputs.filter { $0.key.instance.run != key }
        mapLengths = mapLengths.filter { $0.key.run != key }
        pastAttempts = pastAttempts.filter { $0.value.start.instance.run != key }
        mappedInstances[key] = nil
        notifications = notifications.filter { $0.value.run != key }
    }

    package func previousRun(dag: DAGID, before date: Timestamp) -> StoredRun? {
        guard let last = (runsByDate[dag] ?? [:]).keys.filter({ $0 < date }).max() else { return nil }
        return findRuns(dag: dag, dates: [last]).first
    }

    package func runtimes(of dag: DAGID, endedBy date: Timestamp, limit: Int) -> [Duration] {
        let ended = (runsByID[dag] ?? [:]).values.compactMap { runs[$0] }
            .filter { run in run.state.isFinished && run.endDate.map { $0 <= date } ?? false }
            .sorted { ($0.runAfter, $0.key) > ($1.runAfter, $1.key) }
        return ended.prefix(AverageRuntime.horizon).compactMap { run in
            guard run.state == .success, let start = run.startDate, let end = run.endDate else { return nil }
            return end - start
        }.prefix(limit).map { $0 }
    }

    package func findRun(dag: DAGID, runID: String) -> StoredRun? {
        runsByID[dag]?[runID].flatMap { runs[$0] }.map(stored)
    }

    /// What a new leader would be given.
    package func snapshot() -> Snapshot {
        let known = dags.values.sorted { $0.record.dag.id < $1.record.dag.id }.map { row in
            let id = row.record.dag.id
            let last = due[id]?.last
            let dated = (runsByDate[id] ?? [:]).values.compactMap { runs[$0] }
            let newest = dated.filter { $0.type == .scheduled }.compactMap(\.logicalDate).max()
            let ahead = dated.compactMap(\.logicalDate).filter { date in newest.map { date > $0 } ?? true }
            return Snapshot.DAGEntry(
                id: id, version: row.record.version, file: row.record.dag.place.file, isPaused: row.isPaused,
                isActive: row.isActive, lastDue: last, datesAhead: ahead.sorted(), firstSeen: row.firstSeen,
                failuresInARow: failuresInARow(id))
        }
        let active = runs.values.filter { !$0.state.isFinished }.sorted { $0.key < $1.key }
        return Snapshot(
            dags: known,
            runs: active.compactMap { run in
                versions[run.version].map { dag in
                    Snapshot.ActiveRun(
                        stored: stored(run), dag: dag,
                        attempts: liveAttempts.values.filter { $0.instance.run == run.key }
                            .sorted { $0.attempt < $1.attempt },
                        mapLengths: mapLengths.filter { $0.key.run == run.key })
                }
            },
            backfills: backfills.values.filter { $0.state == .running || $0.state == .paused || $0.endedAt == nil }
                .sorted { $0.id < $1.id },
            queuedEvents: queuedEvents.mapValues { $0.compactMap { assetEvents[$0] } }.filter { !$0.value.isEmpty },
            notifications: notifications.values.filter { $0.state == .pending }.sorted { $0.id < $1.id })
    }

    private func failuresInARow(_ id: DAGID) -> Int {
        let ended = runs.values.filter { $0.dag == id && $0.state.isFinished && $0.backfill == nil }
            .sorted { ($0.endDate ?? .distantPast, $0.key) > ($1.endDate ?? .distantPast, $1.key) }
        return ended.prefix { $0.state == .failed }.count
    }
}
