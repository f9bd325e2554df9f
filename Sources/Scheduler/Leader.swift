import ActorQueues
import CivilTime
import DAGModel
import DequeModule
import Dispatch
import Execution
import Logging
import RunStore
import SchedulerCore

/// The leading scheduler of one epoch: drives the core.
///
/// Events come in, the core decides, decisions are committed in order and in groups (one commit is always under way; what
/// gathers meanwhile is the next), and only then are their actions carried out. The actor has a queue of its own, so busy
/// tasks elsewhere do not delay it.
actor Leader {
    private let executor = QueueExecutor(label: "cryptoflow.leader")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// For the steps of a commit outside this actor, which are short.
    private(set) lazy var ownQueue = QueueTaskExecutor(executor.queue)

    let epoch: Int64
    let store: any RunStore
    let taskExecutor: any Executor
    let settings: SchedulerSettings
    let observer: any SchedulerObserver
    let logger: Logger
    let spawns: SpawnRecords
    let notifications: (any NotificationSender)?
    let retention: Retention

    /// The core, and what it decided that is not carried out yet.
    var queue: DecisionQueue
    var isCommitting = false
    var batchNumber: Int64 = 0
    /// Whether the commit loop waits for a batch's first answer: another may be sent meanwhile.
    var isBatchUnderWay = false
    /// The batch that was sent after that one.
    var ahead: BatchAhead?
    /// The last batch that was answered, by its number.
    var durableBatch: Int64 = 0
    /// How many decisions must be committed before it is told that this scheduler leads; nil afterwards.
    var readyAfter: Int?
    /// Pools without a slot for which tasks waited at the last look.
    var warnedPools: Set<String> = []
    /// Commands taken in this epoch: the store may still show one whose outcome is being committed.
    var takenCommands: Set<Int64> = []
    /// The Swift task of each attempt under way; each reports its end here, and ``stop()`` waits for all.
    var attempts: [AttemptID: Task<Void, Never>] = [:]
    var stopReasons: [AttemptID: String] = [:]
    /// Committed notifications that wait for their turn, oldest first.
    var waitingNotifications = Deque<NotificationRecord>()
    /// The Swift task of each delivery under way; ``stop()`` waits for all.
    var deliveries: [NotificationID: Task<Void, Never>] = [:]
    /// Those of them that workers carry out.
    var handedOver: Set<AttemptID> = []
    /// Attempts that are stopped because the lease may have run out.
    var stoppedWithoutLease: Set<AttemptID> = []
    var gate: StartGate
    var isStopping = false
    /// What the last question for expired runs found.
    var expiredCount = 0
    /// Set when this epoch is over: fenced, or a commit that can never succeed.
    var failure: (any Error)?
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// Those that wait for the end of this epoch: no commit is worth waking them.
    private var endWaiters: [CheckedContinuation<Void, Never>] = []
    var timer: WakeTimer?
    var heap = HeapCare()

    init(
        epoch: Int64, store: any RunStore, executor: any Executor, spawns: SpawnRecords, retention: Retention,
        settings: SchedulerSettings, observer: any SchedulerObserver, logger: Logger,
        notifications: (any NotificationSender)?, snapshot: Snapshot, leaseEnd: ContinuousClock.Instant
    ) {
        self.notifications = notifications
        self.epoch = epoch
        self.store = store
        taskExecutor = executor
        self.spawns = spawns
        self.retention = retention
        self.settings = settings
        self.observer = observer
        self.logger = logger
        gate = StartGate(end: leaseEnd)
        queue = DecisionQueue(
            core: SchedulerCore(configuration: settings.core, epoch: epoch, snapshot: snapshot, now: .now()))
    }

    /// Sets the timer and takes notice of spawned processes; call once before the first event.
    func begin() {
        timer = WakeTimer(queue: executor.queue) { @Sendable [weak self] in
            self?.assumeIsolated { $0.timerWentOff() }
        }
        spawns.onRecord { [weak self] in
            guard let self else { return }
            // Ends by itself: it only starts the commit loop.
            Task { await self.kick() }
        }
    }

    private func timerWentOff() {
        timer?.wentOff()
        take(.wake)
    }

    /// Handles an event now, or after the lookups that are pending.
    func take(_ event: SchedulerEvent) {
        guard failure == nil else { return }
        let now = Timestamp.now()
        queue.take(event, now: now)
        goOn(at: now)
    }

    /// After the core has decided: there may be something to commit or to ask, and the next wake-up may be another.
    func goOn(at now: Timestamp) {
        if !queue.isSettled { kick() }
        sendAhead(at: now)
        timer?.arm(for: queue.nextWake, now: now)
    }

    /// Starts the commit loop if it is not running.
    func kick() {
        guard !isCommitting, failure == nil else { return }
        isCommitting = true
        // Ends when nothing is left to write; `settled()` waits for it.
        Task { await self.commitLoop() }
    }

    /// Returns once the events that have come to this actor by now are taken.
    ///
    /// `Task.yield()` would go through another thread, twice.
    func letOthersGo() async {
        await withUnsafeContinuation { continuation in
            executor.queue.async { continuation.resume() }
        }
    }

    /// Ends this epoch.
    func fail(_ error: any Error) {
        if failure == nil { failure = error }
        wakeAll()
    }

    /// Returns when this epoch has ended (fenced, or an error that a new epoch must mend) and throws why.
    func waitForEnd() async throws {
        while failure == nil, !Task.isCancelled { await pause(untilEnd: true) }
        if let failure { throw failure }
    }

    /// Returns when every decision so far is committed and every lookup answered, or the epoch has failed.
    func settled() async {
        while failure == nil, isCommitting || !queue.isSettled { await pause() }
    }

    func pause(untilEnd: Bool = false) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                if untilEnd { endWaiters.append(waiter) } else { waiters.append(waiter) }
            }
        } onCancel: {
            // Ends by itself.
            Task { await self.wakeAll() }
        }
    }

    private func wakeAll() {
        wakeWaiters()
        let woken = endWaiters
        endWaiters = []
        for waiter in woken { waiter.resume() }
    }

    func wakeWaiters() {
        let woken = waiters
        waiters = []
        for waiter in woken { waiter.resume() }
    }

    var activeRunCount: Int { queue.activeRunCount }
}
