import CivilTime
import DAGModel
package import Execution
package import Logging
package import RunStore
import SchedulerCore
import ServiceLifecycle

/// A scheduler: stands by until it gets the lease, leads while it has it, and stands by again when it loses it.
package struct SchedulerService: Service {
    private let store: any RunStore
    private let executor: any Executor
    private let spawns: SpawnRecords
    private let documents: any DocumentSource
    private let holder: LeaseHolder
    private let isHolderDead: @Sendable (LeaseHolder) -> Bool
    private let settings: SchedulerSettings
    private let observer: any SchedulerObserver
    private let retention: Retention
    private let logger: Logger
    private let notifications: (any NotificationSender)?

    /// - Parameters:
    ///   - spawns: what `executor` records its processes in.
    ///   - holder: this process.
    ///   - logs: where the logs of tries are, to remove those of forgotten runs; nil to leave logs alone.
    ///   - notifications: what delivers what callbacks tell; without it each of them fails and says so.
    ///   - isHolderDead: whether the process of a lease is certainly gone: only ever true for one of this host.
    package init(
        store: any RunStore, executor: any Executor, spawns: SpawnRecords, documents: any DocumentSource,
        logs: TaskLogDirectory? = nil, holder: LeaseHolder, isHolderDead: @escaping @Sendable (LeaseHolder) -> Bool,
        settings: SchedulerSettings, observer: any SchedulerObserver, logger: Logger,
        notifications: (any NotificationSender)? = nil
    ) {
        self.notifications = notifications
        self.store = store
        self.executor = executor
        self.spawns = spawns
        self.documents = documents
        self.holder = holder
        self.isHolderDead = isHolderDead
        self.settings = settings
        self.observer = observer
        retention = Retention(settings: settings.retention, logs: logs, logger: logger)
        self.logger = logger
    }

    /// Leads or stands by until the service group shuts down gracefully or the task is cancelled.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff()
            while !Task.isCancelled {
                do {
                    try await standByAndLead()
                    backoff = Backoff()
                } catch is CancellationError {
                    break
                } catch {
                    logger.info("leading ended, standing by again", metadata: ["error": "\(error)"])
                    observer.changed(.waitingForDatabase(problem: "\(error)"))
                    await backoff.wait()
                }
            }
        }
        observer.changed(.stopped)
    }

    private func standByAndLead() async throws {
        let (lease, previous, leaseEnd) = try await acquire()
        logger.info("leading", metadata: ["scheduler.epoch": "\(lease.epoch)"])
        observer.changed(.recovering(epoch: lease.epoch))
        let leader: Leader
        let foreign: [StoredOrphan]
        do {
            (leader, foreign) = try await recover(lease, previous: previous, leaseEnd: leaseEnd)
        } catch {
            try? await store.releaseLease(epoch: lease.epoch)
            throw error
        }
        do {
            try await lead(leader, foreign: foreign)
            // Shielded: this last write must happen although the task is cancelled.
            await Task { await leader.stop() }.value
        } catch {
            await Task { await leader.abandon() }.value
            throw error
        }
        try? await Task { try await store.releaseLease(epoch: lease.epoch) }.value
        throw CancellationError()
    }

    private func acquire() async throws -> (Lease, previous: LeaseStatus?, end: ContinuousClock.Instant) {
        var announced: LeaseStatus?
        while true {
            try Task.checkCancellation()
            let previous = try await store.currentLease()
            let provenDead = previous.flatMap { $0.isAlive && isHolderDead($0.holder) ? $0.epoch : nil }
            let asked = ContinuousClock.now
            if previous?.isAlive != true || provenDead != nil,
                let lease = try await store.acquireLease(
                    holder: holder, ttl: settings.leaseTTL, provenDead: provenDead)
            {
                return (lease, previous, asked + settings.leaseTTL * 0.8)
            }
            if announced?.epoch != previous?.epoch {
                announced = previous
                observer.changed(.standingBy(behind: previous))
                logger.info(
                    "standing by",
                    metadata: ["scheduler.leader": "\(previous.map { "\($0.holder.host) pid \($0.holder.pid)" } ?? "")"]
                )
            }
            if let previous { try await standBy(behind: previous) }
        }
    }

    /// Returns when the lease should be looked at again: after a while, when it ends, or when its holder is seen to be dead.
    private func standBy(behind lease: LeaseStatus) async throws {
        let clock = ContinuousClock()
        let end = clock.now + min(max(lease.remaining, .milliseconds(20)), settings.standbyInterval)
        while clock.now < end {
            // A look at this machine's processes costs no statement.
            try await Task.sleep(for: min(clock.now.duration(to: end), .milliseconds(100)))
            if lease.isAlive, isHolderDead(lease.holder) { return }
        }
    }

    /// Makes what the last leader left certainly dead, then takes it up.
    ///
    /// - Returns: the leader, and attempts of another machine that may not be dead yet.
    private func recover(
        _ lease: Lease, previous: LeaseStatus?, leaseEnd: ContinuousClock.Instant
    ) async throws -> (Leader, foreign: [StoredOrphan]) {
        let orphans = try await store.orphans()
        let isForeign = previous.map { $0.holder.host != holder.host } ?? false
        if !isForeign { try await makeDead(orphans) }
        let snapshot = try await store.snapshot()
        let leader = Leader(
            epoch: lease.epoch, store: store, executor: executor, spawns: spawns, retention: retention,
            settings: settings, observer: observer, logger: logger, notifications: notifications, snapshot: snapshot,
            leaseEnd: leaseEnd)
        await leader.begin()
        // What workers carry out goes on.
        for attempt in snapshot.runs.flatMap(\.attempts) where attempt.queue != nil { await leader.start(attempt) }
        if !isForeign { await declareLost(orphans, to: leader) }
        await leader.take(.paused(try await store.pausedFlags()))
        return (leader, isForeign ? orphans : [])
    }

    private func makeDead(_ orphans: [StoredOrphan]) async throws {
        if orphans.isEmpty { return }
        try await executor.makeDead(orphans.map(\.orphan))
        try await store.endSessions(of: orphans.map(\.orphan.attempt))
    }

    private func declareLost(_ orphans: [StoredOrphan], to leader: Leader) async {
        for orphan in orphans {
            await leader.take(
                .attemptLost(orphan.orphan.attempt, reason: "the scheduler that ran it (epoch \(orphan.epoch)) is gone")
            )
        }
        if !orphans.isEmpty {
            logger.notice("took over lost attempts", metadata: ["attempts": "\(orphans.count)"])
        }
    }

    /// Waits until another machine has certainly stopped what its scheduler ran.
    private func recoverForeign(_ orphans: [StoredOrphan], for leader: Leader) async throws {
        try await Task.sleep(for: settings.foreignGrace)
        while true {
            do {
                try await makeDead(orphans)
                break
            } catch let error where store.isTransient(error) {
                try await Task.sleep(for: .seconds(1))
            }
        }
        await declareLost(orphans, to: leader)
    }

    /// Returns when the task is cancelled; throws when this epoch has ended otherwise.
    private func lead(_ leader: Leader, foreign: [StoredOrphan]) async throws {
        // Before any command: one that comes during a restart must not find that there are no DAGs.
        try await readDocuments(leader, isFirst: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await leader.waitForEnd() }
            group.addTask { try await watchDocuments(leader) }
            group.addTask { try await watchCommands(leader) }
            group.addTask { try await renew(leader) }
            group.addTask { try await retention.run(leader, store) }
            group.addTask { await executor.attend() }
            group.addTask {
                if !foreign.isEmpty { try await recoverForeign(foreign, for: leader) }
                try await Task.sleep(for: .seconds(1 << 40))
            }
            if settings.stopsWithoutLease { group.addTask { try await watchLease(leader) } }
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch  where Task.isCancelled {
                return
            }
        }
    }

    private func renew(_ leader: Leader) async throws {
        var pause = settings.leaseTTL / 2
        while !Task.isCancelled {
            try await Task.sleep(for: pause)
            let asked = ContinuousClock.now
            do {
                guard try await store.renewLease(epoch: leader.epoch, ttl: settings.leaseTTL) else {
                    throw RunStoreError.fenced(epoch: leader.epoch)
                }
                await leader.renewed(until: asked + settings.leaseTTL * 0.8)
                pause = settings.leaseTTL / 2
            } catch let error where store.isTransient(error) {
                // Work stops being started when the lease ends; the next renewal may still come through.
                logger.warning("the lease could not be renewed", metadata: ["error": "\(error)"])
                pause = min(settings.leaseTTL / 16, .seconds(1))
            }
        }
    }

    private func watchLease(_ leader: Leader) async throws {
        while !Task.isCancelled {
            // A short outage is waited out: a successor elsewhere leaves what runs here alone for the whole of the grace.
            let grace = settings.foreignGrace * 0.4
            let end = await leader.gate.end + grace
            // Checked a few times after its end, for what starts just before it.
            try await Task.sleep(until: max(end, .now + settings.leaseTTL / 20), clock: .continuous)
            await leader.stopWithoutLease(after: grace)
        }
    }

    private func watchDocuments(_ leader: Leader) async throws {
        while !Task.isCancelled {
            try await Task.sleep(for: settings.rescanInterval)
            try await readDocuments(leader, isFirst: false)
            await leader.lookAtHeap()
        }
    }

    private func readDocuments(_ leader: Leader, isFirst: Bool) async throws {
        let changes = try await documents.scan(afresh: isFirst)
        await leader.take(changes)
        if isFirst { await leader.tellWhenCommitted() }
        guard let problems = changes.problems else { return }
        observer.found(problems)
        do {
            try await store.setImportErrors(problems)
        } catch let error where store.isTransient(error) {
            logger.warning("documents could not be recorded", metadata: ["error": "\(error)"])
        }
    }

    private func watchCommands(_ leader: Leader) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let wakeups = await store.wakeups()
            let (reads, read) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            group.addTask { for await _ in wakeups { read.yield() } }
            group.addTask {
                while true {
                    read.yield()
                    try await Task.sleep(for: settings.rereadInterval)
                }
            }
            group.addTask {
                for await _ in reads {
                    do {
                        try await readCommands(leader)
                    } catch let error where store.isTransient(error) {
                        logger.warning("commands could not be read", metadata: ["error": "\(error)"])
                        try await Task.sleep(for: .milliseconds(500))
                        read.yield()
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func readCommands(_ leader: Leader) async throws {
        await leader.take(.paused(try await store.pausedFlags()))
        await leader.takePools(try await store.poolSlots())
        let limit = 100
        while true {
            let commands = try await store.pendingCommands(limit: limit)
            await leader.take(commands)
            if commands.count < limit { return }
            await leader.settled()
        }
    }
}

extension Leader {
    /// Takes the pools as they stand, and warns once of each that holds tasks back for want of any slot.
    func takePools(_ slots: [String: Int]) {
        take(.pools(slots))
        let closed = Set(queue.closedPools)
        let new = closed.subtracting(warnedPools).sorted()
        if !new.isEmpty { observer.closed(new) }
        for pool in new {
            logger.warning(
                "tasks wait for a pool that is missing or has no slots",
                metadata: ["pool": "\(pool)", "advice": "cryptoflow pool set \(pool) SLOTS"])
        }
        warnedPools = closed
    }

    func lookAtHeap() {
        if heap.isDueAtLook() { HeapCare.trim() }
    }

    /// Takes what a look at the documents found.
    ///
    /// A DAG is removed when its file is readable and does not hold it, or is gone.
    func take(_ changes: DocumentChanges) {
        let removed = queue.activeDAGs.filter { dag in
            !changes.present.contains(dag.id) && !changes.brokenFiles.contains(dag.file)
        }.map(\.id)
        if !removed.isEmpty { take(.documents(loaded: [], removed: removed.sorted())) }
        heap.loaded(documents: changes.loaded.count)
        // In pieces that fit a commit well: a connection's buffer stays as large as its largest message was.
        let piece = max(1, settings.batchLimit / 4)
        var rest = changes.loaded[...]
        while !rest.isEmpty {
            take(.documents(loaded: Array(rest.prefix(piece)), removed: []))
            rest = rest.dropFirst(piece)
        }
    }
}
