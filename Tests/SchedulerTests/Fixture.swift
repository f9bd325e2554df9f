import CivilTime
import DAGModel
import Execution
import Logging
import RunStore
import Scheduler
import SchedulerCore
import ServiceLifecycle
import Synchronization
import Timetables

/// Documents that do not come from files.
struct FixedDocuments: DocumentSource {
    let records: [DAGRecord]

    func scan(afresh: Bool) async throws -> DocumentChanges {
        DocumentChanges(
            loaded: afresh ? records : [], present: Set(records.map(\.dag.id)), problems: afresh ? [] : nil,
            brokenFiles: [])
    }
}

/// Sees every commit, so that a test can wait for what it needs.
final class CommitLog: SchedulerObserver {
    private struct State {
        var changes: [Change] = []
        var batches: [[Change]] = []
        var status: SchedulerStatus?
        var waiters: [(condition: @Sendable ([Change]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    /// What was told of pools that hold tasks back.
    let closedPools = AsyncStream.makeStream(of: [String].self)

    func closed(_ pools: [String]) { closedPools.continuation.yield(pools) }

    func committed(_ changes: [Change]) {
        let woken = state.withLock { state in
            state.changes += changes
            state.batches.append(changes)
            let all = state.changes
            let woken = state.waiters.filter { $0.condition(all) }
            state.waiters.removeAll { $0.condition(all) }
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    func changed(_ status: SchedulerStatus) { state.withLock { $0.status = status } }

    var changes: [Change] { state.withLock { $0.changes } }
    var batches: [[Change]] { state.withLock { $0.batches } }

    /// Returns once the changes committed so far fulfil the condition.
    func wait(until condition: @escaping @Sendable ([Change]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isFulfilled = state.withLock { state in
                if condition(state.changes) { return true }
                state.waiters.append((condition, continuation))
                return false
            }
            if isFulfilled { continuation.resume() }
        }
    }

    /// Waits for the end of a number of runs.
    func waitForEnds(of count: Int) async {
        await wait { changes in
            let ended = changes.compactMap { change in
                if case .updateRun(let run) = change, run.state.isFinished { return run.key }
                return nil
            }
            return ended.count >= count
        }
    }
}

/// Carries out attempts as a test says.
final class ScriptedExecutor: Executor {
    private let body: @Sendable (AttemptLaunch) async -> AttemptEnd
    private let dead = Mutex<[AttemptID]>([])

    init(
        _ body: @escaping @Sendable (AttemptLaunch) async -> AttemptEnd = {
            .init(attempt: $0.attempt, state: .success)
        }
    ) {
        self.body = body
    }

    func run(_ launch: AttemptLaunch) async -> AttemptEnd { await body(launch) }

    func makeDead(_ attempts: [OrphanedAttempt]) async throws { dead.withLock { $0 += attempts.map(\.attempt) } }

    var madeDead: [AttemptID] { dead.withLock { $0 } }
}

/// A task that runs until it is cancelled.
func untilCancelled(_ launch: AttemptLaunch) async -> AttemptEnd {
    let (stream, _) = AsyncStream.makeStream(of: Void.self)
    for await _ in stream {}
    return AttemptEnd(attempt: launch.attempt, state: .failed, reason: "cancelled")
}

enum Fixture {
    static let holder = LeaseHolder(host: "test", pid: 1, bootID: "boot", startTicks: 1)

    static func task(_ id: String, needs: [String] = [], retries: Int = 0) -> TaskSpec {
        var task = TaskSpec(
            id: TaskID(id), place: SourcePlace(file: "t.yaml", line: 1, column: 1), body: .uses("empty"))
        task.upstream = needs.map { TaskID($0) }
        task.retries = retries
        task.retryDelay = .zero
        return task
    }

    static func dag(_ id: String, _ timetable: Timetable = .null, tasks: [TaskSpec]) -> DAGRecord {
        var dag = DAG(
            id: DAGID(id), place: SourcePlace(file: "\(id).yaml", line: 1, column: 1), timetable: timetable,
            bounds: ScheduleBounds(start: Timestamp(iso8601: "2026-01-01")), tasks: tasks)
        dag.isPausedUponCreation = false
        return DAGRecord(dag: dag, version: DAGVersionID(rawValue: "\(id)-1"), sourceText: "")
    }

    static func service(
        _ store: any RunStore, _ records: [DAGRecord], _ log: CommitLog,
        executor: ScriptedExecutor = ScriptedExecutor(),
        holder: LeaseHolder = holder, stopsWithoutLease: Bool = false,
        isHolderDead: @escaping @Sendable (LeaseHolder) -> Bool = { _ in false },
        notifications: (any NotificationSender)? = nil, settings: SchedulerSettings = SchedulerSettings()
    ) -> SchedulerService {
        var settings = settings
        settings.leaseTTL = .seconds(4)
        settings.stopsWithoutLease = stopsWithoutLease
        return SchedulerService(
            store: store, executor: executor, spawns: SpawnRecords(), documents: FixedDocuments(records: records),
            holder: holder, isHolderDead: isHolderDead, settings: settings, observer: log,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, notifications: notifications)
    }

    /// Runs the scheduler while `body` runs, then stops it gracefully.
    static func leading(_ service: SchedulerService, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let group = ServiceGroup(
            services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    static func trigger(_ dag: String, on store: some CommandQueue, date: String? = nil) async throws {
        _ = try await store.submit(
            .trigger(
                dag: DAGID(dag), runID: nil, logicalDate: date.flatMap { Timestamp(iso8601: $0) }, conf: .object([:])),
            actor: "test", idempotencyKey: nil)
    }
}
