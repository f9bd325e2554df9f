package import CivilTime
package import DAGModel
package import Execution
package import SchedulerCore

/// The history as a worker needs it: tries to take, and their ends to report.
///
/// Whatever a worker writes counts only while its own row is alive: see ``heartbeat(_:running:isDraining:ttl:)``.
package protocol WorkerStore: OutputReader, VariableReader, Sendable {
    /// Enters a worker; it is alive for `ttl` by the store's clock.
    func register(_ worker: WorkerFacts, ttl: Duration) async throws -> WorkerID

    /// Says that a worker and all of its tries are alive for `ttl` from now. False when its time had run out, or the leader has
    /// declared it lost: then nothing it holds is its own any more.
    func heartbeat(_ worker: WorkerID, running: Int, isDraining: Bool, ttl: Duration) async throws -> Bool

    /// Takes at most `limit` tries out of a queue, the oldest first; none for a worker that is not alive or draining.
    func claim(_ worker: WorkerID, queue: String, limit: Int) async throws -> [ClaimedAttempt]

    /// Those of the worker's tries that the leader wants stopped.
    func stoppingAttempts(of worker: WorkerID) async throws -> [AttemptID]

    /// Reports ends, the last of their logs with them. May be repeated.
    ///
    /// - Returns: those that were accepted; the others are not this worker's any more.
    func report(_ worker: WorkerID, ends: [AttemptEnd], logs: [LogPiece]) async throws -> Set<AttemptID>

    /// Stores pieces of logs of the worker's tries; those of others are dropped.
    func ship(_ worker: WorkerID, logs: [LogPiece]) async throws

    /// Takes the worker out in order: it holds no try any more.
    func leave(_ worker: WorkerID) async throws

    /// The definition that a run is pinned to.
    func definition(of dag: DAGID, version: DAGVersionID) async throws -> DAG

    /// The name of a queue when something was put into it; nil when anything may have happened (a stop, a connection that
    /// came back). Ends when the store is closed.
    func queueWakeups() async -> AsyncStream<String?>

    nonisolated func isTransient(_ error: any Error) -> Bool

    func instanceID() async throws -> String
}

/// The history as the leader needs it for tries that workers carry out.
package protocol HandOverStore: Sendable {
    /// Ends that workers have reported and that no commit has written yet, oldest first.
    func reportedEnds(limit: Int) async throws -> [AttemptEnd]

    /// Takes tries out of their queues, and tells the workers of those that were taken to stop them.
    ///
    /// - Returns: those that no worker had taken and none will.
    func stopHandedOver(_ attempts: [HandedOverAttempt]) async throws -> [AttemptID]

    /// Declares workers lost whose time has run out, and those in `dead`, whose processes are certainly gone. Then tells of
    /// every try that a dead worker holds without having reported its end.
    func judgeWorkers(dead: [WorkerID]) async throws -> WorkerJudgement

    /// An element whenever ends may have been reported. Ends when the store is closed.
    func resultWakeups() async -> AsyncStream<Void>

    func endSessions(of attempts: [AttemptID]) async throws

    nonisolated func isTransient(_ error: any Error) -> Bool
}

/// Numbers the starts of workers: the token of a worker's claims.
package struct WorkerID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package var description: String { String(rawValue) }
}

/// What a worker says of itself.
package struct WorkerFacts: Hashable, Sendable {
    package let name: String
    package let process: ProcessRecord
    package let version: String
    package let queues: [String]
    /// Tries at once, at most.
    package let concurrency: Int

    package init(name: String, process: ProcessRecord, version: String, queues: [String], concurrency: Int) {
        self.name = name
        self.process = process
        self.version = version
        self.queues = queues
        self.concurrency = concurrency
    }
}

package enum WorkerState: String, Hashable, Sendable {
    case running
    /// It finishes what it has, and takes nothing more.
    case draining
    /// It has left in order.
    case stopped
    /// Its time ran out.
    case lost

    package var isAlive: Bool { self == .running || self == .draining }
}

/// A worker as anyone may see it.
package struct WorkerSummary: Hashable, Sendable {
    package let id: WorkerID
    package let facts: WorkerFacts
    package let state: WorkerState
    /// Tries that it carried out at its last heartbeat.
    package let running: Int
    package let startedAt: Timestamp
    package let heartbeatAt: Timestamp
    package let endedAt: Timestamp?

    package init(
        id: WorkerID, facts: WorkerFacts, state: WorkerState, running: Int, startedAt: Timestamp,
        heartbeatAt: Timestamp, endedAt: Timestamp?
    ) {
        self.id = id
        self.facts = facts
        self.state = state
        self.running = running
        self.startedAt = startedAt
        self.heartbeatAt = heartbeatAt
        self.endedAt = endedAt
    }
}

/// A try that a worker has taken.
package struct ClaimedAttempt: Hashable, Sendable {
    package let start: AttemptStart
    package let run: RunRecord
    /// By the store's clock.
    package let claimedAt: Timestamp
    /// Where its log goes on: bytes that earlier parts of the same try have stored.
    package let logStart: Int64

    package init(start: AttemptStart, run: RunRecord, claimedAt: Timestamp, logStart: Int64) {
        self.start = start
        self.run = run
        self.claimedAt = claimedAt
        self.logStart = logStart
    }
}

/// A piece of a try's log for the store.
package struct LogPiece: Hashable, Sendable {
    package let attempt: AttemptID
    /// The place of its first byte in the whole log of the try.
    package let start: Int64
    package let content: [UInt8]
    /// Pieces wholly between these places are given up for it; nil for none.
    package let givenUp: Range<Int64>?

    package init(attempt: AttemptID, start: Int64, content: [UInt8], givenUp: Range<Int64>? = nil) {
        self.attempt = attempt
        self.start = start
        self.content = content
        self.givenUp = givenUp
    }
}

/// A try on its way to a worker, or with one.
package struct HandedOverAttempt: Hashable, Sendable {
    package let attempt: AttemptID
    package let queue: String

    package init(attempt: AttemptID, queue: String) {
        self.attempt = attempt
        self.queue = queue
    }
}

/// What a look at the workers found.
package struct WorkerJudgement: Hashable, Sendable {
    /// A try whose worker is dead.
    package struct LostClaim: Hashable, Sendable {
        package let attempt: AttemptID
        package let worker: WorkerFacts

        package init(attempt: AttemptID, worker: WorkerFacts) {
            self.attempt = attempt
            self.worker = worker
        }
    }

    package let lost: [LostClaim]
    package let alive: [WorkerSummary]

    package init(lost: [LostClaim], alive: [WorkerSummary]) {
        self.lost = lost
        self.alive = alive
    }
}
