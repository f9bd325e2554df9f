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
    let settings: WorkerSettings
    let store: any WorkerStore
    private let executor: any Executor
    private let logs: TaskLogDirectory
    private let processGuard: ProcessGuard?
    let observer: any WorkerObserver
    let logger: Logger

    /// A try that is being carried out.
    struct Running {
        let claim: ClaimedAttempt
        let task: Task<Void, Never>
        var log: LogShipment
        var isStopping = false
    }

    /// A try whose end is to be reported.
    private struct Ended {
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
    private var ended: [Ended] = []
    /// Tries whose definition is being read.
    private var starting = 0
    private var wish = Worker.Wish.work
    private var isLost = false
    private var isSettled = false
    /// Tries that end from here on were stopped together with this worker.
    private var isStoppingAll = false
    private var aliveSince: ContinuousClock.Instant
    /// Queues that may hold something.
    private var promising: Set<String>
    private var definitions: [DAGVersionID: DAG] = [:]

    private var wakeClaims: AsyncStream<Void>.Continuation?
    private var wakeReports: AsyncStream<Void>.Continuation?
    private var wakeHeart: AsyncStream<Void>.Continuation?

    init(
        id: WorkerID, aliveSince: ContinuousClock.Instant, settings: WorkerSettings, store: any WorkerStore,
        executor: any Executor, logs: TaskLogDirectory, processGuard: ProcessGuard?, observer: any WorkerObserver,
        logger: Logger
    ) {
        self.id = id
        self.aliveSince = aliveSince
        self.settings = settings
        self.store = store
        self.executor = executor
        self.logs = logs
        self.processGuard = processGuard
        self.observer = observer
        self.logger = logger
        promising = Set(settings.queues)
    }

    /// Works until it has ended in order, or was cut off; then nothing of it runs any more.
    func run() async {
        processGuard?.allow(settings.ttl * WorkerSettings.killed)
        observer.changed(.serving(id))
        let wakeups = await store.queueWakeups()
        let (claims, claim) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (reports, report) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (beats, beat) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        (wakeClaims, wakeReports, wakeHeart) = (claim, report, beat)
        settle()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await queue in wakeups { await self.heard(of: queue) } }
            group.addTask { await self.lookNowAndThen() }
            group.addTask { for await _ in claims { await self.fill() } }
            group.addTask { for await _ in reports { await self.reportAll() } }
            group.addTask { await self.beat(when: beats) }
            group.addTask { await self.watchTime() }
            group.addTask { await self.shipNowAndThen() }
            group.addTask { await self.drainInTime() }
            await self.untilSettled()
            group.cancelAll()
        }
        (wakeClaims, wakeReports, wakeHeart) = (nil, nil, nil)
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
        case .drain: observer.changed(.draining(running: running.count))
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

    private func drainInTime() async {
        guard let limit = settings.drainTimeout else { return }
        while wish == .work {
            do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
        }
        do { try await Task.sleep(for: limit) } catch { return }
        take(.stop)
    }

    // MARK: - The end

    private var settledWaiter: CheckedContinuation<Void, Never>?

    /// Notes whether everything is over.
    private func settle() {
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
    private func lose() {
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

    // MARK: - Heartbeats

    private func beat(when calls: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            let (beats, beat) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            group.addTask { for await _ in calls { beat.yield() } }
            group.addTask { await self.tick(beat) }
            for await _ in beats { await self.sendHeartbeat() }
            group.cancelAll()
        }
    }

    private func tick(_ beat: AsyncStream<Void>.Continuation) async {
        while !Task.isCancelled {
            // The next one is due a quarter of the time after the last that arrived; one that failed is repeated soon.
            let due = aliveSince + settings.ttl / 4
            let pause = max(ContinuousClock.now.duration(to: due), settings.ttl / 40)
            do { try await Task.sleep(for: pause) } catch { return }
            if ContinuousClock.now >= aliveSince + settings.ttl / 4 { beat.yield() }
        }
    }

    private func sendHeartbeat() async {
        let asked = ContinuousClock.now
        do {
            let isAlive = try await store.heartbeat(
                id, running: running.count, isDraining: wish > .work, ttl: settings.ttl)
            guard isAlive else { return lose() }
            aliveSince = max(aliveSince, asked)
            let left = ContinuousClock.now.duration(to: asked + settings.ttl * WorkerSettings.killed)
            if !isLost { processGuard?.allow(max(left, .zero)) }
        } catch {
            logger.warning("no heartbeat", metadata: ["error": "\(error)"])
            observer.changed(.waitingForDatabase(problem: "\(error)"))
        }
    }

    private func watchTime() async {
        while !isLost, !Task.isCancelled {
            let end = aliveSince + settings.ttl * WorkerSettings.cutOff
            let left = ContinuousClock.now.duration(to: end)
            if left <= .zero { return lose() }
            do { try await Task.sleep(for: left) } catch { return }
        }
    }

    // MARK: - Taking tries

    private func heard(of queue: String?) async {
        if let queue {
            guard settings.queues.contains(queue) else { return }
            promising.insert(queue)
        } else {
            promising = Set(settings.queues)
            await stopWhatIsToStop()
        }
        wakeClaims?.yield()
    }

    private func lookNowAndThen() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: settings.rereadInterval) } catch { return }
            await heard(of: nil)
        }
    }

    private var free: Int { settings.concurrency - running.count - starting }

    /// Takes as many tries as there are places.
    private func fill() async {
        for queue in settings.queues where promising.contains(queue) {
            while wish == .work, !isLost, free > 0, promising.contains(queue) {
                let limit = free
                promising.remove(queue)
                // The places are taken before the answer comes: a drain waits for it.
                starting += limit
                do {
                    let claims = try await store.claim(id, queue: queue, limit: limit)
                    // Where all places were filled there may be more.
                    if claims.count == limit { promising.insert(queue) }
                    starting -= limit - claims.count
                    for claim in claims { await begin(claim) }
                    settle()
                } catch {
                    starting -= limit
                    settle()
                    promising.insert(queue)
                    logger.warning("no tries could be taken", metadata: ["error": "\(error)"])
                    do { try await Task.sleep(for: .seconds(1)) } catch { return }
                }
            }
        }
    }

    private func begin(_ claim: ClaimedAttempt) async {
        defer {
            starting -= 1
            settle()
        }
        var launch: AttemptLaunch?
        var problem = "its task is not in the version of the DAG that its run is pinned to"
        while !isLost {
            do {
                let dag = try await definition(of: claim.run)
                launch = AttemptLaunch(claim, dag: dag)
                break
            } catch let error where !store.isTransient(error) {
                problem = "\(error)"
                break
            } catch {
                do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
            }
        }
        guard !isLost else { return }
        observer.changed(.took(claim))
        let attempt = claim.start.attempt
        guard let launch else {
            ended.append(
                Ended(
                    claim: claim,
                    end: AttemptEnd(attempt: attempt, state: .failed, reason: problem, isRetryable: false),
                    log: LogShipment(path: nil, start: claim.logStart)))
            wakeReports?.yield()
            return
        }
        let log = LogShipment(path: logs.path(of: launch), start: claim.logStart, mask: logs.mask)
        let executor = executor
        // Awaited when the session is over; its end comes back here.
        let task = Task {
            let end = await executor.run(launch)
            self.finished(end)
        }
        running[attempt] = Running(claim: claim, task: task, log: log)
        if isStoppingAll { task.cancel() }
    }

    private func definition(of run: RunRecord) async throws -> DAG {
        if let known = definitions[run.version] { return known }
        let dag = try await store.definition(of: run.dag, version: run.version)
        if definitions.count >= 200 { definitions = [:] }
        definitions[run.version] = dag
        return dag
    }

    private func stopWhatIsToStop() async {
        guard !running.isEmpty, !isLost else { return }
        do {
            for attempt in try await store.stoppingAttempts(of: id) {
                running[attempt]?.isStopping = true
                running[attempt]?.task.cancel()
            }
        } catch {
            logger.warning("stops could not be read", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Reporting

    private func finished(_ end: AttemptEnd) {
        guard let entry = running.removeValue(forKey: end.attempt) else { return }
        if !isLost {
            var end = end
            if isStoppingAll, !entry.isStopping, end.state == .failed {
                end = AttemptEnd(
                    attempt: end.attempt, state: .lost, reason: "its worker \(settings.name) was stopped",
                    exitCode: end.exitCode, isInterrupted: true)
            }
            end.takenAt = entry.claim.claimedAt
            ended.append(Ended(claim: entry.claim, end: end, log: entry.log))
            wakeReports?.yield()
            wakeClaims?.yield()
        }
        settle()
    }

    private func reportAll() async {
        let limit = 200
        while !ended.isEmpty, !isLost {
            let batch = Array(ended.prefix(limit))
            // Of a copy each: a report that has to be repeated reads them again.
            let pieces = batch.flatMap { entry in
                var log = entry.log
                return log.pieces(of: entry.end.attempt, isLast: true)
            }
            do {
                let accepted = try await store.report(id, ends: batch.map(\.end), logs: pieces)
                guard !isLost else { return }
                ended.removeFirst(batch.count)
                for entry in batch {
                    let end = entry.end
                    if accepted.contains(end.attempt) {
                        observer.changed(.ended(entry.claim, state: end.state.rawValue, reason: end.reason))
                    } else {
                        // Dealt with already, or not this worker's any more: then a heartbeat will say so.
                        logger.notice("an end was not wanted", metadata: ["attempt.id": "\(end.attempt)"])
                        wakeHeart?.yield()
                    }
                }
                settle()
            } catch let error where store.isTransient(error) {
                logger.warning("ends could not be reported", metadata: ["error": "\(error)"])
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
            } catch {
                // Something in them cannot be stored: say that instead, one by one, so that the others get through.
                logger.error("ends were refused", metadata: ["error": "\(error)"])
                for index in batch.indices { ended[index] = ended[index].replaced(by: "\(error)") }
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
            }
        }
    }

    private func shipNowAndThen() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: settings.logInterval) } catch { return }
            var pieces: [LogPiece] = []
            for attempt in running.keys.sorted() {
                pieces += running[attempt]?.log.pieces(of: attempt, isLast: false) ?? []
                if pieces.count >= 200 { break }
            }
            guard !pieces.isEmpty, !isLost else { continue }
            do {
                try await store.ship(id, logs: pieces)
            } catch {
                // The same bytes are sent again.
                for piece in pieces {
                    running[piece.attempt]?.log.takeBack(piece)
                    for index in ended.indices where ended[index].end.attempt == piece.attempt {
                        ended[index].log.takeBack(piece)
                    }
                }
                logger.warning("logs could not be stored", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension AttemptLaunch {
    /// Nil when the definition has no such task.
    init?(_ claim: ClaimedAttempt, dag: DAG) {
        let start = claim.start
        guard let task = dag.tasks.first(where: { $0.id == start.instance.task }) else { return nil }
        self.init(
            attempt: start.attempt, epoch: start.attempt.rawValue >> 32, dag: dag, task: task,
            run: RunFacts(claim.run), mapIndex: start.instance.mapIndex, tryNumber: start.tryNumber,
            maxTries: start.maxTries, startedAt: start.startedAt)
    }
}
