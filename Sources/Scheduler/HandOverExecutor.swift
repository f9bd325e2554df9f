import CivilTime
package import DAGModel
package import Execution
package import Logging
package import RunStore

/// Carries out attempts on this machine, or waits for the workers that do.
///
/// An attempt with a queue is in the database since its start was committed; here it is only waited for. Its worker's
/// report ends it, or its worker's death, which is judged here by the store's clock, or at once for a process of this
/// machine that is gone.
package actor HandOverExecutor: Executor {
    private let local: any Executor
    private let store: any HandOverStore
    private let settings: SchedulerSettings
    private let isProcessDead: @Sendable (ProcessRecord) -> Bool
    private let logger: Logger

    private var waiters: [AttemptID: CheckedContinuation<AttemptEnd, Never>] = [:]
    private var queues: [AttemptID: String] = [:]
    /// Attempts that are to be stopped, and that the store does not know of yet.
    private var stops: Set<AttemptID> = []
    /// Living workers of this machine, as of the last look.
    private var neighbours: [WorkerSummary] = []
    private var hasWorkers = false
    /// Asks for a look at the database; nil while nobody leads.
    private var look: AsyncStream<Void>.Continuation?

    /// - Parameters:
    ///   - local: carries out what is not handed over.
    ///   - isProcessDead: whether a process is certainly gone: only ever true for one of this machine.
    package init(
        local: any Executor, store: any HandOverStore, settings: SchedulerSettings,
        isProcessDead: @escaping @Sendable (ProcessRecord) -> Bool, logger: Logger
    ) {
        self.local = local
        self.store = store
        self.settings = settings
        self.isProcessDead = isProcessDead
        self.logger = logger
    }

    package nonisolated func run(_ launch: AttemptLaunch) async -> AttemptEnd {
        guard let queue = launch.queue else { return await local.run(launch) }
        return await withTaskCancellationHandler {
            await wait(for: launch.attempt, in: queue)
        } onCancel: {
            // Ends by itself: it only notes the wish.
            Task { await self.stop(launch.attempt) }
        }
    }

    package nonisolated func threads(for launch: AttemptLaunch) -> (any TaskExecutor)? {
        launch.queue == nil ? local.threads(for: launch) : nil
    }

    package nonisolated func makeDead(_ attempts: [OrphanedAttempt]) async throws {
        try await local.makeDead(attempts)
    }

    package func letGo() async {
        let released = waiters
        waiters = [:]
        queues = [:]
        stops = []
        for (attempt, waiter) in released { waiter.resume(returning: AttemptEnd(attempt: attempt, state: .running)) }
    }

    private func wait(for attempt: AttemptID, in queue: String) async -> AttemptEnd {
        await withCheckedContinuation { continuation in
            waiters[attempt] = continuation
            queues[attempt] = queue
            // The wish to stop may have come first.
            if Task.isCancelled { stop(attempt) }
        }
    }

    private func stop(_ attempt: AttemptID) {
        guard waiters[attempt] != nil else { return }
        stops.insert(attempt)
        look?.yield()
    }

    private func end(_ end: AttemptEnd) {
        queues[end.attempt] = nil
        stops.remove(end.attempt)
        waiters.removeValue(forKey: end.attempt)?.resume(returning: end)
    }

    // MARK: - Looking

    /// Looks at the database when something was reported, and by the clock: seldom while there is nothing to judge.
    package func attend() async {
        let results = await store.resultWakeups()
        let (looks, look) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.look = look
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in results { look.yield() } }
            group.addTask { await self.judgeByClock() }
            group.addTask { await self.read(when: looks) }
            await group.waitForAll()
        }
        self.look = nil
    }

    private func read(when looks: AsyncStream<Void>) async {
        for await _ in looks {
            await attempt("results of workers could not be read") {
                try await self.writeStops()
                while try await self.readResults() {}
            }
        }
    }

    /// True when there may be more.
    private func readResults() async throws -> Bool {
        if waiters.isEmpty { return false }
        let limit = 1_000
        let ends = try await store.reportedEnds(limit: limit)
        // Those that nobody waits for have been dealt with, and go with the next commit.
        var isNew = false
        for end in ends where waiters[end.attempt] != nil {
            isNew = true
            self.end(end)
        }
        return ends.count == limit && isNew
    }

    private func writeStops() async throws {
        let wanted = stops.compactMap { attempt in
            queues[attempt].map { HandedOverAttempt(attempt: attempt, queue: $0) }
        }
        guard !wanted.isEmpty else { return }
        let untaken = try await store.stopHandedOver(wanted)
        stops.subtract(wanted.map(\.attempt))
        for attempt in untaken {
            end(
                AttemptEnd(
                    attempt: attempt, state: .failed, reason: "stopped before a worker took it", isRetryable: false))
        }
    }

    private func judgeByClock() async {
        var last: ContinuousClock.Instant?
        while !Task.isCancelled {
            let dead = neighbours.filter { isProcessDead($0.facts.process) }
            let isIdle = waiters.isEmpty && !hasWorkers
            let interval = isIdle ? settings.rereadInterval : settings.workerCheckInterval
            if !dead.isEmpty || last.map({ ContinuousClock.now >= $0 + interval }) ?? true {
                await attempt("workers could not be looked at") { try await self.judge(dead: dead.map(\.id)) }
                last = .now
                // What was not heard is found all the same.
                look?.yield()
            }
            let pause = neighbours.isEmpty ? min(settings.workerCheckInterval, settings.rereadInterval) : .seconds(1)
            try? await Task.sleep(for: pause)
        }
    }

    private func judge(dead: [WorkerID]) async throws {
        let judgement = try await store.judgeWorkers(dead: dead)
        hasWorkers = !judgement.alive.isEmpty
        let here = settings.hostName
        neighbours = judgement.alive.filter { $0.facts.process.host == here }
        let lost = judgement.lost.filter { waiters[$0.attempt] != nil }
        guard !lost.isEmpty else { return }
        let attempts = lost.map(\.attempt)
        // A worker of this machine may have left processes behind; elsewhere its guard has ended them.
        try await local.makeDead(attempts.map { OrphanedAttempt(attempt: $0, process: nil) })
        try await store.endSessions(of: attempts)
        for claim in lost {
            let name = claim.worker.name
            logger.warning(
                "a worker is lost", metadata: ["worker.name": "\(name)", "attempt.id": "\(claim.attempt)"])
            end(
                AttemptEnd(
                    attempt: claim.attempt, state: .lost,
                    reason: "its worker \(name) on \(claim.worker.process.host) is gone or was cut off"))
        }
    }

    private func attempt(_ problem: Logger.Message, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
        } catch {
            logger.warning(problem, metadata: ["error": "\(error)"])
        }
    }
}
