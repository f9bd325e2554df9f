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

    let epoch: Int64
    let store: any RunStore
    let taskExecutor: any Executor
    let settings: SchedulerSettings
    let observer: any SchedulerObserver
    let logger: Logger
    let spawns: SpawnRecords
    let notifications: (any NotificationSender)?

    var core: SchedulerCore
    /// Decisions not yet committed, oldest first.
    var uncommitted = Deque<Decision>()
    var isCommitting = false
    var batchNumber: Int64 = 0
    /// Questions to the store that must see every decision so far and precede every later event.
    var lookups = Deque<Lookup>()
    var isLookingUp = false
    /// Events that came while a lookup was pending.
    var heldEvents = Deque<SchedulerEvent>()
    /// Commands taken in this epoch: the store may still show one whose outcome is being committed.
    var takenCommands: Set<Int64> = []
    /// The Swift task of each attempt under way; each reports its end here, and ``stop()`` waits for all.
    var attempts: [AttemptID: Task<Void, Never>] = [:]
    var stopReasons: [AttemptID: String] = [:]
    /// Committed notifications that wait for their turn, oldest first.
    var waitingNotifications = Deque<NotificationRecord>()
    /// The Swift task of each delivery under way; ``stop()`` waits for all.
    var deliveries: [NotificationID: Task<Void, Never>] = [:]
    /// Start actions that wait because the lease may have run out.
    var heldStarts: [AttemptStart] = []
    /// Until when, by the monotonic clock, this leader may start work.
    var leaseEnd: ContinuousClock.Instant
    var isStopping = false
    /// Set when this epoch is over: fenced, or a commit that can never succeed.
    var failure: (any Error)?
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var timer: WakeTimer?

    init(
        epoch: Int64, store: any RunStore, executor: any Executor, spawns: SpawnRecords, settings: SchedulerSettings,
        observer: any SchedulerObserver, logger: Logger, notifications: (any NotificationSender)?, snapshot: Snapshot,
        leaseEnd: ContinuousClock.Instant
    ) {
        self.notifications = notifications
        self.epoch = epoch
        self.store = store
        taskExecutor = executor
        self.spawns = spawns
        self.settings = settings
        self.observer = observer
        self.logger = logger
        self.leaseEnd = leaseEnd
        core = SchedulerCore(configuration: settings.core, epoch: epoch, snapshot: snapshot, now: .now())
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
        if lookups.isEmpty { decide(event) } else { heldEvents.append(event) }
    }

    func decide(_ event: SchedulerEvent) {
        let now = Timestamp.now()
        let decision = core.handle(event, now: now)
        if !decision.isEmpty {
            for action in decision.actions {
                switch action {
                case .findRuns(let backfill, let dag, let dates):
                    lookups.append(.runs(backfill, dag: dag, dates: dates))
                case .findPrevious(let run, let dag, let date):
                    lookups.append(.previous(run, dag: dag, before: date))
                case .start, .stop, .notify: break
                }
            }
            uncommitted.append(decision)
            kick()
        } else if !lookups.isEmpty {
            kick()
        }
        timer?.arm(for: core.nextWake, now: now)
    }

    /// Starts the commit loop if it is not running.
    func kick() {
        guard !isCommitting, failure == nil else { return }
        isCommitting = true
        // Ends when nothing is left to write; `settled()` waits for it.
        Task { await self.commitLoop() }
    }

    /// Ends this epoch.
    func fail(_ error: any Error) {
        if failure == nil { failure = error }
        wakeWaiters()
    }

    /// Returns when this epoch has ended (fenced, or an error that a new epoch must mend) and throws why.
    func waitForEnd() async throws {
        while failure == nil, !Task.isCancelled { await pause() }
        if let failure { throw failure }
    }

    /// Returns when every decision so far is committed and every lookup answered, or the epoch has failed.
    func settled() async {
        while failure == nil, isCommitting || !uncommitted.isEmpty || !lookups.isEmpty { await pause() }
    }

    private func pause() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiters.append($0) }
        } onCancel: {
            // Ends by itself.
            Task { await self.wakeWaiters() }
        }
    }

    func wakeWaiters() {
        let woken = waiters
        waiters = []
        for waiter in woken { waiter.resume() }
    }

    var activeRunCount: Int { core.activeRunCount }
}
