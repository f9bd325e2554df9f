package import CivilTime
package import DAGModel
package import SchedulerCore

/// The tables with the lease that guards them, as plain values.
///
/// What the in-memory store holds, and what simulations commit to: it refuses a fenced leader and recognises a batch that it
/// has already, as the database does.
package struct MemoryHistory: Sendable {
    package internal(set) var tables = MemoryTables()
    private(set) var lease: LeaseStatus?
    private var lastBatch: Int64 = 0

    package init() {}

    /// The epoch of the present or last leader; 0 before the first.
    package var epoch: Int64 { lease?.epoch ?? 0 }

    /// Takes the lease if it is free, has ended, or its holder is proven dead; nil otherwise.
    package mutating func acquireLease(
        holder: LeaseHolder, ttl: Duration, provenDead: Int64?, now: Timestamp
    ) -> Lease? {
        if let lease, lease.expiresAt > now, lease.epoch != provenDead { return nil }
        let next = epoch + 1
        lease = LeaseStatus(
            epoch: next, holder: holder, isAlive: true, acquiredAt: now, renewedAt: now, expiresAt: now + ttl)
        lastBatch = 0
        return Lease(epoch: next)
    }

    package func currentLease(now: Timestamp) -> LeaseStatus? {
        lease.map {
            LeaseStatus(
                epoch: $0.epoch, holder: $0.holder, isAlive: $0.expiresAt > now, acquiredAt: $0.acquiredAt,
                renewedAt: $0.renewedAt, expiresAt: $0.expiresAt, remaining: $0.expiresAt - now)
        }
    }

    /// Makes the lease of an epoch end at `end`; false when another epoch has taken over.
    package mutating func setLease(epoch: Int64, end: Timestamp, now: Timestamp) -> Bool {
        guard let old = lease, old.epoch == epoch else { return false }
        lease = LeaseStatus(
            epoch: epoch, holder: old.holder, isAlive: true, acquiredAt: old.acquiredAt, renewedAt: now, expiresAt: end)
        return true
    }

    /// Applies a batch; false when it was applied before.
    ///
    /// Throws ``RunStoreError/fenced`` when the epoch no longer leads, ``RunStoreError/early(number:)`` when the batch before
    /// is missing, and ``MemoryTables/Violation`` for what breaks the tables' rules: these are half-changed then, so apply to
    /// a copy.
    package mutating func commit(
        _ batch: CommitBatch, now: Timestamp, observe: (MemoryTables, Change) throws -> Void = { _, _ in }
    ) throws -> Bool {
        guard lease?.epoch == batch.epoch else { throw RunStoreError.fenced(epoch: batch.epoch) }
        if batch.number <= lastBatch { return false }
        guard batch.number == lastBatch + 1 else { throw RunStoreError.early(number: batch.number) }
        try tables.apply(batch.changes, now: now, observe: observe)
        lastBatch = batch.number
        return true
    }

    /// Sets the flag that anyone may set; false for an unknown DAG.
    package mutating func setPaused(_ id: DAGID, _ isPaused: Bool) -> Bool { tables.setPaused(id, isPaused) }
}
