package import CivilTime
package import DAGModel
import Execution
package import SchedulerCore

/// The history in memory: for tests, demonstrations and simulations. It behaves like the database's, and is gone with
/// its process.
package actor InMemoryRunStore: RunStore, CommandQueue {
    struct CommandRow: Sendable {
        let stored: StoredCommand
        let key: String?
        var outcome: CommandOutcome?
    }

    private let clock: @Sendable () -> Timestamp
    private let instance: String
    private var history = MemoryHistory()
    private(set) var processes: [AttemptID: ProcessRecord] = [:]
    private(set) var versions: [DAGID: [DAGVersionSummary]] = [:]
    private(set) var sources: [DAGID: String] = [:]
    private(set) var texts: [DAGID: [DAGVersionID: String]] = [:]
    private(set) var notes: [RunKey: [Note]] = [:]
    private(set) var commands: [CommandRow] = []
    private(set) var problems: [ImportErrorRecord] = []
    private var variables: [String: String] = [:]
    private var isCutOff = false
    private(set) var pools = [PoolUse.defaultName: 128]
    private(set) var poolDescriptions: [String: String] = [:]
    private var wakers: [Int: AsyncStream<Void>.Continuation] = [:]
    private var lastWaker = 0

    /// A store without any rows.
    ///
    /// `clock` is what it takes for the present.
    package init(instanceID: String = "memory", clock: @escaping @Sendable () -> Timestamp = { .now() }) {
        instance = instanceID
        self.clock = clock
    }

    var tables: MemoryTables { history.tables }

    /// The present by the store's clock.
    var now: Timestamp { clock() }

    // MARK: - Lease

    package func acquireLease(holder: LeaseHolder, ttl: Duration, provenDead: Int64?) async throws -> Lease? {
        history.acquireLease(holder: holder, ttl: ttl, provenDead: provenDead, now: now)
    }

    package func currentLease() async throws -> LeaseStatus? { history.currentLease(now: now) }

    package func renewLease(epoch: Int64, ttl: Duration) async throws -> Bool {
        if isCutOff { throw CutOff() }
        let now = now
        return history.setLease(epoch: epoch, end: now + ttl, now: now)
    }

    package func releaseLease(epoch: Int64) async throws {
        let now = now
        _ = history.setLease(epoch: epoch, end: now, now: now)
    }

    // MARK: - The leader's reading and writing

    package func snapshot() async throws -> Snapshot {
        var snapshot = tables.snapshot()
        snapshot.pools = pools
        return snapshot
    }

    package func orphans() async throws -> [StoredOrphan] {
        tables.liveAttempts.values.filter { $0.queue == nil }.map(\.attempt).sorted().map {
            StoredOrphan(orphan: OrphanedAttempt(attempt: $0, process: processes[$0]))
        }
    }

    package func commit(_ batch: CommitBatch) async throws {
        if isCutOff { throw CutOff() }
        // A process of an attempt that this batch ends is still worth knowing.
        let live = tables.liveAttempts
        var next = history
        guard try next.commit(batch, now: now) else { return }
        history = next
        let known = Set(live.keys).union(tables.liveAttempts.keys).union(batch.startedAttempts)
        for (attempt, process) in batch.processes where known.contains(attempt) { processes[attempt] = process }
        for change in batch.changes { note(change) }
    }

    private func note(_ change: Change) {
        switch change {
        case .insertDAG(let record, _), .updateDAG(let record):
            let id = record.dag.id
            sources[id] = record.sourceText
            texts[id, default: [:]][record.version] = record.sourceText
            let known = versions[id] ?? []
            if !known.contains(where: { $0.version == record.version }) {
                let version = DAGVersionSummary(version: record.version, number: known.count + 1, createdAt: now)
                versions[id] = known + [version]
            }
        case .deleteRun(let key): notes[key] = nil
        case .finishCommand(let id, let outcome):
            if let index = commandIndex(id) { commands[index].outcome = outcome }
        default: break
        }
    }

    package func pausedFlags() async throws -> [DAGID: Bool] { tables.dags.mapValues(\.isPaused) }

    package func poolSlots() async throws -> [String: Int] { pools }

    package func findRuns(dag: DAGID, dates: [Timestamp]) async throws -> [StoredRun] {
        tables.findRuns(dag: dag, dates: dates)
    }

    package func findRun(dag: DAGID, runID: String) async throws -> StoredRun? {
        tables.findRun(dag: dag, runID: runID)
    }

    package func previousRun(dag: DAGID, before date: Timestamp) async throws -> StoredRun? {
        tables.previousRun(dag: dag, before: date)
    }

    package func runtimes(of dag: DAGID, endedBy date: Timestamp, limit: Int) async throws -> [Duration] {
        tables.runtimes(of: dag, endedBy: date, limit: limit)
    }

    package func runsToChange(
        dag: DAGID, runID: String, past: Bool, future: Bool
    ) async throws -> [Snapshot.ActiveRun] {
        tables.runsToChange(dag: dag, runID: runID, past: past, future: future)
    }

    package func setImportErrors(_ errors: [ImportErrorRecord]) async throws {
        problems = errors.sorted { $0.file < $1.file }
    }

    package func endSessions(of attempts: [AttemptID]) async throws {}

    /// Nothing but being cut off passes by itself.
    package nonisolated func isTransient(_ error: any Error) -> Bool { error is CutOff }

    private struct CutOff: Error {}

    /// Makes the store out of reach for whoever leads, or within it again, as a lost connection would.
    package func setCutOff(_ isCutOff: Bool) { self.isCutOff = isCutOff }

    package func instanceID() async throws -> String { instance }

    package func output(of instance: TaskInstanceKey, key: String) async throws -> JSONValue? {
        tables.outputs[MemoryTables.OutputKey(instance: instance, key: key)]
    }

    package func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] {
        tables.outputs.filter { $0.key.instance.run == run && $0.key.instance.task == task && $0.key.key == key }
            .sorted { $0.key.instance.mapIndex < $1.key.instance.mapIndex }.map(\.value)
    }

    package func variable(named name: String) async throws -> String? { variables[name] }

    /// Sets a variable; nil removes it.
    package func setVariable(_ name: String, to value: String?) { variables[name] = value }

    /// Sets the slots of a pool.
    package func setPool(_ name: String, slots: Int) {
        pools[name] = slots
        wake()
    }

    package func setPool(_ name: String, slots: Int, description: String?, actor: String) async throws {
        if let description { poolDescriptions[name] = description }
        setPool(name, slots: slots)
    }

    package func deletePool(_ name: String, actor: String) async throws -> Bool {
        guard name != PoolUse.defaultName, pools.removeValue(forKey: name) != nil else { return false }
        poolDescriptions[name] = nil
        wake()
        return true
    }

    // MARK: - Commands

    package func submit(_ command: Command, actor: String, idempotencyKey: String?) async throws -> Int64 {
        if let idempotencyKey, let index = commands.firstIndex(where: { $0.key == idempotencyKey }) {
            return Int64(index + 1)
        }
        let id = Int64(commands.count + 1)
        let pending = PendingCommand(id: id, command: command, actor: actor)
        commands.append(CommandRow(stored: .readable(pending), key: idempotencyKey, outcome: nil))
        wake()
        return id
    }

    /// Adds a command that no program can read, as a newer or broken client might.
    package func submitUnreadable(problem: String) -> Int64 {
        let id = Int64(commands.count + 1)
        commands.append(CommandRow(stored: .unreadable(id: id, problem: problem), key: nil, outcome: nil))
        wake()
        return id
    }

    package func pendingCommands(limit: Int) async throws -> [StoredCommand] {
        commands.lazy.filter { $0.outcome == nil }.prefix(limit).map(\.stored)
    }

    package func outcome(of command: Int64) async throws -> CommandOutcome? {
        commandIndex(command).flatMap { commands[$0].outcome }
    }

    package func setPaused(_ dag: DAGID, _ isPaused: Bool, actor: String) async throws -> Bool {
        let isKnown = history.setPaused(dag, isPaused)
        if isKnown { wake() }
        return isKnown
    }

    package func setNote(
        _ text: String?, on run: RunKey, task: TaskID?, mapIndex: Int, actor: String
    ) async throws -> Bool {
        guard tables.runs[run] != nil else { return false }
        var own = (notes[run] ?? []).filter { $0.task != task || $0.mapIndex != mapIndex }
        if let text { own.append(Note(task: task, mapIndex: mapIndex, text: text, author: actor, writtenAt: now)) }
        notes[run] = own
        return true
    }

    package func pruneRecords(before date: Timestamp, limit: Int) async throws -> Int { 0 }

    private func commandIndex(_ id: Int64) -> Int? {
        id >= 1 && id <= commands.count ? Int(id) - 1 : nil
    }

    // MARK: - Wake-ups

    package func wakeups() async -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        lastWaker += 1
        let number = lastWaker
        wakers[number] = continuation
        continuation.onTermination = { @Sendable [weak self] _ in
            // Nobody waits for it; it only forgets the stream.
            Task { await self?.forget(number) }
        }
        continuation.yield()
        return stream
    }

    private func forget(_ number: Int) { wakers[number] = nil }

    /// Ends the wake-ups.
    ///
    /// The rows stay.
    package func close() {
        for waker in wakers.values { waker.finish() }
        wakers = [:]
    }

    private func wake() {
        for waker in wakers.values { waker.yield() }
    }
}

extension CommitBatch {
    /// The attempts that this batch starts.
    var startedAttempts: [AttemptID] {
        changes.compactMap { if case .startAttempt(let start) = $0 { start.attempt } else { nil } }
    }
}

extension CommandQueue {
    /// Reads the outcome again and again, at first quickly: 20 ms, then up to 250 ms apart.
    ///
    /// One look-up by key each.
    package func waitForOutcome(of command: Int64, timeout: Duration) async throws -> CommandOutcome? {
        let end = ContinuousClock.now + timeout
        var pause = Duration.milliseconds(20)
        while true {
            if let outcome = try await outcome(of: command) { return outcome }
            let left = ContinuousClock.now.duration(to: end)
            if left <= .zero { return nil }
            try await Task.sleep(for: min(pause, left))
            pause = min(pause * 2, .milliseconds(250))
        }
    }
}
