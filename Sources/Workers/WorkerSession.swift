import ActorQueues
import CivilTime
import DAGModel
import Execution
import Glibc
import Logging
import RunStore
import SchedulerCore

/// One start of a worker, under one number: everything it takes, until it ends in order or is cut off for too long.
///
/// The time to live runs from the moment a heartbeat was sent, by this machine's own clock, so it ends here before it ends
/// in the database. Then every try is stopped, and nothing is reported any more: others carry them out. The actor has a queue
/// of its own: busy handlers on the cooperative pool do not delay a heartbeat.
actor WorkerSession {
    private let executorQueue = QueueExecutor(label: "cryptoflow.worker")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executorQueue.asUnownedSerialExecutor() }

    let id: WorkerID
    let parts: WorkerParts
    var settings: WorkerSettings { parts.settings }
    var store: any WorkerStore { parts.store }
    var observer: any WorkerObserver { parts.observer }
    var logger: Logger { parts.logger }

    /// A try that is being carried out.
    struct Running {
        let claim: ClaimedAttempt
        let task: Task<Void, Never>
        var log: LogShipment
        var isStopping = false
    }

    /// A try whose end is to be reported.
    struct Ended {
        let claim: ClaimedAttempt
        let end: AttemptEnd
        var log: LogShipment

        func replaced(by problem: String) -> Ended {
            let failure = AttemptEnd(
                attempt: end.attempt, state: .failed, reason: "its end could not be stored: \(problem)",
                exitCode: end.exitCode)
            return Ended(claim: claim, end: failure, log: LogShipment(path: nil, start: 0))
        }
    }

    var running: [AttemptID: Running] = [:]
    var ended: [Ended] = []
    /// Tries whose logs have their turn.
    var dueLogs: ArraySlice<AttemptID> = []
    /// Tries whose definition is being read.
    var starting = 0
    var wish = Worker.Wish.work
    var isLost = false
    private var isSettled = false
    /// Tries that end from here on were stopped together with this worker.
    var isStoppingAll = false
    var aliveSince: ContinuousClock.Instant
    /// Queues that may hold something.
    var promising: Set<String>
    var definitions: [DAGVersionID: DAG] = [:]

    var wakeClaims: AsyncStream<Void>.Continuation?
    var wakeReports: AsyncStream<Void>.Continuation?
    var wakeHeart: AsyncStream<Void>.Continuation?
    private var wakeDrain: AsyncStream<Void>.Continuation?

    init(id: WorkerID, aliveSince: ContinuousClock.Instant, parts: WorkerParts) {
        self.id = id
        self.aliveSince = aliveSince
        self.parts = parts
        promising = Set(parts.settings.queues)
    }

    /// Works until it has ended in order, or was cut off; then nothing of it runs any more.
    func run() async {
        parts.processGuard.allow(settings.ttl * WorkerSettings.killed)
        observer.changed(.serving(id))
        let wakeups = await store.queueWakeups()
        let (claims, claim) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (reports, report) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (beats, beat) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (drains, drain) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        (wakeClaims, wakeReports, wakeHeart, wakeDrain) = (claim, report, beat, drain)
        if wish == .drain { drain.yield() }
        settle()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await queue in wakeups { await self.heard(of: queue) } }
            group.addTask { await self.lookNowAndThen() }
            group.addTask { for await _ in claims { await self.fill() } }
            group.addTask { for await _ in reports { await self.reportAndShip() } }
            group.addTask { await self.beat(when: beats) }
            group.addTask { await self.watchTime() }
            group.addTask { await self.remindOfLogs() }
            group.addTask { for await _ in drains { await self.stopInTime() } }
            await self.untilSettled()
            group.cancelAll()
        }
        (wakeClaims, wakeReports, wakeHeart, wakeDrain) = (nil, nil, nil, nil)
        if isLost {
            let tasks = running.values.map(\.task)
            for task in tasks { task.cancel() }
            // Ended below, or with the program.
            let watchdog = Task { await self.endUnheeded() }
            for task in tasks { await task.value }
            watchdog.cancel()
            running = [:]
            return
        }
        do {
            try await store.leave(id)
        } catch {
            logger.warning("could not leave in order", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Wishes

    func take(_ wish: Worker.Wish) {
        guard wish > self.wish else { return }
        self.wish = wish
        switch wish {
        case .work: break
        case .drain:
            observer.changed(.draining(running: running.count))
            wakeDrain?.yield()
        case .stop: stopAll()
        }
        // Others see it at once.
        wakeHeart?.yield()
        settle()
    }

    private func stopAll() {
        guard !isStoppingAll else { return }
        isStoppingAll = true
        if !running.isEmpty { observer.changed(.stopping(running: running.count)) }
        for entry in running.values { entry.task.cancel() }
    }

    /// Lets a drain go on no longer than it may.
    private func stopInTime() async {
        guard let limit = settings.drainTimeout else { return }
        do { try await Task.sleep(for: limit) } catch { return }
        take(.stop)
    }

    // MARK: - The end

    private var settledWaiter: CheckedContinuation<Void, Never>?

    /// Notes whether everything is over.
    func settle() {
        if isLost || wish > .work && running.isEmpty && ended.isEmpty && starting == 0 { isSettled = true }
        guard isSettled else { return }
        settledWaiter?.resume()
        settledWaiter = nil
    }

    private func untilSettled() async {
        if isSettled { return }
        await withCheckedContinuation { settledWaiter = $0 }
    }

    /// Its time has run out, or the leader says so.
    func lose() {
        guard !isLost else { return }
        isLost = true
        isStoppingAll = true
        for entry in running.values { entry.task.cancel() }
        observer.changed(.lost(tries: running.count + ended.count))
        ended = []
        settle()
    }

    /// Others carry out what runs here when its time is over: a task in this program that goes on regardless ends with it.
    private func endUnheeded() async {
        let left = ContinuousClock.now.duration(to: aliveSince + settings.ttl * WorkerSettings.overdue)
        do { try await Task.sleep(for: max(left, .seconds(1))) } catch { return }
        guard !running.isEmpty else { return }
        observer.changed(.unheeded(tries: running.count))
        exit(75)
    }
}
