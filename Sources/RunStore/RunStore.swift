package import CivilTime
package import DAGModel
package import Execution
package import SchedulerCore

/// The history as the leader writes it.
///
/// Only the leader writes runs, tasks and attempts; everyone else asks through ``CommandQueue`` and reads through
/// ``RunHistory``.
package protocol RunStore: OutputReader, VariableReader, Sendable {
    /// Tries to become the leader. Times are the store's own.
    ///
    /// - Parameters:
    ///   - provenDead: the epoch whose holder the caller knows to be dead (a process of this host that is gone), which is
    ///     then taken over without waiting for the lease to end; nil to wait.
    /// - Returns: the lease, with an epoch above every earlier one; nil while another holder's lease lasts.
    func acquireLease(holder: LeaseHolder, ttl: Duration, provenDead: Int64?) async throws -> Lease?

    /// Who holds or last held the lease; nil when nobody ever did.
    func currentLease() async throws -> LeaseStatus?

    /// Makes the lease last `ttl` from now. False when another epoch has taken over.
    func renewLease(epoch: Int64, ttl: Duration) async throws -> Bool

    /// Gives the lease up, so that the next leader need not wait.
    func releaseLease(epoch: Int64) async throws

    /// All that a new leader needs. Bounded by what is active, not by history.
    func snapshot() async throws -> Snapshot

    /// Live attempts that the last leader carried out itself, with what is known of their processes; those handed over to
    /// workers go on.
    func orphans() async throws -> [StoredOrphan]

    /// Writes a batch in one transaction, all or nothing.
    ///
    /// Safe to repeat with the same number after a lost connection: a batch that was applied is not applied again. The next
    /// batch may be given before this one is answered.
    /// Throws, having written nothing, ``RunStoreError/fenced`` when the epoch no longer leads, and
    /// ``RunStoreError/early(number:)`` when the batch before it was not applied.
    func commit(_ batch: CommitBatch) async throws

    /// Commands that wait, oldest first.
    func pendingCommands(limit: Int) async throws -> [StoredCommand]

    /// The paused flag of every DAG.
    func pausedFlags() async throws -> [DAGID: Bool]

    /// The slots of every pool; below 0 for no limit.
    func poolSlots() async throws -> [String: Int]

    /// The runs of a DAG at these logical dates, with their tasks.
    func findRuns(dag: DAGID, dates: [Timestamp]) async throws -> [StoredRun]

    /// The run of a DAG with this run id; nil when there is none.
    func findRun(dag: DAGID, runID: String) async throws -> StoredRun?

    /// The run of a DAG with the latest logical date before this one, with its tasks; nil when there is none.
    func previousRun(dag: DAGID, before date: Timestamp) async throws -> StoredRun?

    /// How long the last successful runs of a DAG took that had ended by an instant, the newest first, at most `limit`.
    ///
    /// The newest is the one with the latest instant from which it may run; of the newest
    /// ``AverageRuntime/horizon`` ended runs, those that never began are left out.
    func runtimes(of dag: DAGID, endedBy date: Timestamp, limit: Int) async throws -> [Duration]

    /// The run of a DAG with this run id, and on request those with earlier and later logical dates (at most
    /// ``ClearRequest/maximumRuns`` each way, the nearest), each with its definition; empty when there is none.
    func runsToChange(dag: DAGID, runID: String, past: Bool, future: Bool) async throws -> [Snapshot.ActiveRun]

    /// Runs that have ended and that the rule lets go, the first made first.
    ///
    /// The newest run of each outcome of a DAG is never among them: newest by the instant from which it may run.
    func expiredRuns(_ rule: RetentionRule, limit: Int) async throws -> [RunRecord]

    /// Forgets answered commands and asset events of before an instant that nobody waits for, at most `limit` of each.
    ///
    /// Returns how many of the kind with the most.
    func pruneRecords(before date: Timestamp, limit: Int) async throws -> Int

    /// Replaces what is known of broken documents.
    func setImportErrors(_ errors: [ImportErrorRecord]) async throws

    /// An element whenever something may wait in the store: a command, a changed flag, a connection that came back. May
    /// come without reason; may merge several. Ends when the store is closed.
    func wakeups() async -> AsyncStream<Void>

    /// Ends the database sessions of these attempts' SQL, so that none goes on after its attempt is declared lost.
    func endSessions(of attempts: [AttemptID]) async throws

    /// Whether an error may pass by itself: a lost connection, a server that restarts, a full disk.
    nonisolated func isTransient(_ error: any Error) -> Bool

    /// Names this database for ever: in the environment of children, so that two databases never take each other's.
    func instanceID() async throws -> String
}

/// The process that holds the lease.
package struct LeaseHolder: Hashable, Sendable, Codable {
    package let host: String
    package let pid: Int32
    package let bootID: String
    /// Start time of the process in clock ticks since boot, since process ids are used again.
    package let startTicks: UInt64

    package init(host: String, pid: Int32, bootID: String, startTicks: UInt64) {
        self.host = host
        self.pid = pid
        self.bootID = bootID
        self.startTicks = startTicks
    }
}

/// A lease just acquired.
package struct Lease: Hashable, Sendable {
    package let epoch: Int64

    package init(epoch: Int64) { self.epoch = epoch }
}

/// The lease as anyone may see it.
package struct LeaseStatus: Hashable, Sendable {
    package let epoch: Int64
    package let holder: LeaseHolder
    /// Whether it lasted when the store was asked.
    package let isAlive: Bool
    package let acquiredAt: Timestamp
    package let renewedAt: Timestamp
    package let expiresAt: Timestamp
    /// How long it still lasted when the store was asked.
    package let remaining: Duration

    package init(
        epoch: Int64, holder: LeaseHolder, isAlive: Bool, acquiredAt: Timestamp, renewedAt: Timestamp,
        expiresAt: Timestamp, remaining: Duration = .zero
    ) {
        self.remaining = remaining
        self.epoch = epoch
        self.holder = holder
        self.isAlive = isAlive
        self.acquiredAt = acquiredAt
        self.renewedAt = renewedAt
        self.expiresAt = expiresAt
    }
}

/// One transaction of the leader.
package struct CommitBatch: Sendable {
    package let epoch: Int64
    /// Rises by one with each batch of an epoch; the first is 1.
    package let number: Int64
    package let changes: [Change]
    /// Processes of live attempts, recorded as soon as may be after their spawn.
    ///
    /// One of an attempt that has ended meanwhile is dropped.
    package let processes: [AttemptID: ProcessRecord]

    package init(epoch: Int64, number: Int64, changes: [Change], processes: [AttemptID: ProcessRecord]) {
        self.epoch = epoch
        self.number = number
        self.changes = changes
        self.processes = processes
    }
}

/// A live attempt in the store.
package struct StoredOrphan: Hashable, Sendable {
    package let orphan: OrphanedAttempt
    /// The epoch that started it: upper bits of its id.
    package var epoch: Int64 { orphan.attempt.rawValue >> 32 }

    package init(orphan: OrphanedAttempt) { self.orphan = orphan }
}

/// A command as the store holds it; one that cannot be read is still there to be refused.
package enum StoredCommand: Hashable, Sendable {
    case readable(PendingCommand)
    case unreadable(id: Int64, problem: String)
}

/// The problems of one document file.
package struct ImportErrorRecord: Hashable, Sendable {
    /// Relative to the DAG folder.
    package let file: String
    package let diagnostics: [Diagnostic]

    package init(file: String, diagnostics: [Diagnostic]) {
        self.file = file
        self.diagnostics = diagnostics
    }

    /// The first problem that keeps a DAG of the file from being loaded; nil when there are only warnings.
    ///
    /// One of a document that does not say which DAG it is may be any DAG's.
    package func firstError(of dag: DAGID) -> Diagnostic? {
        let errors = diagnostics.filter { $0.severity == .error }
        return errors.first { $0.dag == dag } ?? errors.first { $0.dag == nil }
    }
}

/// What a store refuses.
package enum RunStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another leader has taken over: nothing was written, and nothing more may be.
    case fenced(epoch: Int64)
    /// The batch before this one is not there: it failed, or is still on its way. Nothing was written.
    case early(number: Int64)
    /// The store holds something this program cannot read.
    case corrupt(String)

    package var description: String {
        switch self {
        case .fenced(let epoch): "another scheduler has taken over (this one led in epoch \(epoch))"
        case .early(let number): "batch \(number) came before the one before it"
        case .corrupt(let problem): "the run history cannot be read: \(problem)"
        }
    }
}
