import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Synchronization
import Timetables

/// A store as the database behaves, whose calls a test may hold: pieces of logs of a try whose end was reported are dropped.
final class HeldStore: WorkerStore {
    /// An end that is not to be had, however often it is told.
    struct Unstorable: Error {}

    /// What one message took along.
    struct Message {
        var attempts: [AttemptID] = []
        var bytes = 0
    }

    private struct State {
        var claims: [ClaimedAttempt]
        var live: Set<AttemptID>
        var logs: [AttemptID: [Int64: [UInt8]]] = [:]
        var ships: [Message] = []
        var reports: [Message] = []
        var ends: [AttemptID: AttemptEnd] = [:]
    }

    private let dag: DAG
    private let state: Mutex<State>
    /// Called before anything is stored, with the number of the call.
    let onShip: @Sendable (Int) async throws -> Void
    let onReport: @Sendable (Int) async throws -> Void
    let onHeartbeat: @Sendable () async throws -> Void
    /// Whether a message with this end is refused.
    let isUnstorable: @Sendable (AttemptEnd) -> Bool

    init(
        tries: Int, onShip: @escaping @Sendable (Int) async throws -> Void = { _ in },
        onReport: @escaping @Sendable (Int) async throws -> Void = { _ in },
        onHeartbeat: @escaping @Sendable () async throws -> Void = {},
        isUnstorable: @escaping @Sendable (AttemptEnd) -> Bool = { _ in false }
    ) {
        let place = SourcePlace(file: "d.yaml", line: 1, column: 1)
        let task = TaskSpec(id: TaskID("t"), place: place, body: .uses("empty"))
        dag = DAG(id: DAGID("d"), place: place, timetable: .null, bounds: ScheduleBounds(start: .epoch), tasks: [task])
        let claims = (0..<tries).map { number in
            let run = RunRecord(
                key: RunKey(rawValue: Int64(number)), dag: DAGID("d"), runID: "r\(number)", type: .manual,
                state: .running, logicalDate: nil, interval: nil, runAfter: .epoch, queuedAt: .epoch,
                startDate: .epoch, version: DAGVersionID(rawValue: "v"), triggeredBy: "test")
            let start = AttemptStart(
                attempt: AttemptID(rawValue: Int64(number)),
                instance: TaskInstanceKey(run: run.key, task: task.id), tryNumber: 1, maxTries: 1, queuedAt: .epoch,
                startedAt: .epoch, pool: "default_pool", poolSlots: 1, queue: "far")
            return ClaimedAttempt(start: start, run: run, claimedAt: .epoch, logStart: 0)
        }
        state = Mutex(State(claims: claims, live: Set(claims.map(\.start.attempt))))
        self.onShip = onShip
        self.onReport = onReport
        self.onHeartbeat = onHeartbeat
        self.isUnstorable = isUnstorable
    }

    // MARK: - For a test

    var ships: [Message] { state.withLock { $0.ships } }
    var reports: [Message] { state.withLock { $0.reports } }
    /// Tries whose end was not reported.
    var open: Int { state.withLock { $0.live.count } }
    var ends: [AttemptID: AttemptEnd] { state.withLock { $0.ends } }
    var attempts: [AttemptID] { state.withLock { $0.logs.keys.sorted() } }

    /// The stored log of a try; a hole in it shows as a question mark for each byte.
    func log(_ number: Int64) -> [UInt8] {
        let pieces = state.withLock { $0.logs[AttemptID(rawValue: number)] ?? [:] }
        var text: [UInt8] = []
        for (start, content) in pieces.sorted(by: { $0.key < $1.key }) {
            text.append(contentsOf: repeatElement(UInt8(ascii: "?"), count: max(0, Int(start) - text.count)))
            text.replaceSubrange(Int(start)..., with: content)
        }
        return text
    }

    private func keep(_ pieces: [LogPiece], in state: inout State) -> Message {
        var message = Message()
        for piece in pieces {
            message.bytes += piece.content.count
            guard state.live.contains(piece.attempt) else { continue }
            state.logs[piece.attempt, default: [:]][piece.start] = piece.content
        }
        return message
    }

    // MARK: - WorkerStore

    func ship(_ worker: WorkerID, logs: [LogPiece]) async throws {
        let number = state.withLock { state in
            state.ships.append(Message())
            return state.ships.count - 1
        }
        try await onShip(number)
        state.withLock { state in
            state.ships[number] = keep(logs, in: &state)
            state.ships[number].attempts = Set(logs.map(\.attempt)).sorted()
        }
    }

    func report(_ worker: WorkerID, ends: [AttemptEnd], logs: [LogPiece]) async throws -> Set<AttemptID> {
        let number = state.withLock { state in
            state.reports.append(Message())
            return state.reports.count - 1
        }
        try await onReport(number)
        if ends.contains(where: isUnstorable) { throw Unstorable() }
        return state.withLock { state in
            state.reports[number] = keep(logs, in: &state)
            state.reports[number].attempts = ends.map(\.attempt)
            for end in ends {
                state.live.remove(end.attempt)
                state.ends[end.attempt] = end
            }
            return Set(ends.map(\.attempt))
        }
    }

    func claim(_ worker: WorkerID, queue: String, limit: Int) async throws -> [ClaimedAttempt] {
        state.withLock { state in
            defer { state.claims.removeFirst(min(limit, state.claims.count)) }
            return Array(state.claims.prefix(limit))
        }
    }

    func heartbeat(_ worker: WorkerID, running: Int, isDraining: Bool, ttl: Duration) async throws -> Bool {
        try await onHeartbeat()
        return true
    }

    func register(_ worker: WorkerFacts, ttl: Duration) async throws -> WorkerID { WorkerID(rawValue: 1) }
    func stoppingAttempts(of worker: WorkerID) async throws -> [AttemptID] { [] }
    func leave(_ worker: WorkerID) async throws {}
    func definition(of dag: DAGID, version: DAGVersionID) async throws -> DAG { self.dag }
    func isTransient(_ error: any Error) -> Bool { !(error is Unstorable) }
    func instanceID() async throws -> String { "test" }

    func queueWakeups() async -> AsyncStream<String?> {
        let (wakeups, wake) = AsyncStream.makeStream(of: String?.self)
        wake.yield(nil)
        return wakeups
    }

    func output(of instance: TaskInstanceKey, key: String) async throws -> JSONValue? { nil }
    func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] { [] }
    func variable(named name: String) async throws -> String? { nil }
}
