package import CivilTime
package import DAGModel
import DequeModule
import HeapModule
import Timetables

/// The state machine of the scheduler: it takes what happened and says what to write and what to do.
///
/// It has no clock, no randomness and no I/O, so the same events give the same decisions. The caller commits a decision's
/// changes before it carries out the actions; the core's own state has moved on by then, so decisions are committed in
/// the order they were made. When a commit is refused for good the core is thrown away and a new one starts from the store.
///
/// One leader has one core. Files beside this one hold its parts: documents, schedules, runs, tasks, assets, backfills,
/// commands, dispatch.
package struct SchedulerCore: Sendable {
    package let configuration: CoreConfiguration
    package let epoch: Int64

    var dags: [DAGID: DAGEntry] = [:]
    var runs: [RunKey: RunEntry] = [:]
    var attempts: [AttemptID: (run: RunKey, number: Int)] = [:]
    var backfills: [BackfillID: BackfillEntry] = [:]
    var consumersOfAsset: [String: Set<DAGID>] = [:]
    var timers = Heap<TimerEntry>()
    var ready = Heap<ReadyTask>()
    /// Likewise, of queues that workers serve.
    var readyForWorkers = Heap<ReadyTask>()
    /// Attempts that workers carry out, or are to.
    var handedOver: Set<AttemptID> = []
    /// Ready tasks that wait for a slot of their pool.
    var parkedByPool: [String: Heap<ReadyTask>] = [:]
    var pools: [String: Int]
    var usedSlots: [String: Int] = [:]
    /// When this leader took over: instants before it may have been missed while no scheduler ran.
    let startedAt: Timestamp

    /// The decision being made, and when.
    var decision = Decision()
    var now: Timestamp
    /// What the restore decided, to be committed with the first event: a task that was changed by hand may not be allowed
    /// to start any more.
    private var carried = Decision()

    /// What an ended run or a changed asset may let go on, looked at once the event itself is dealt with: so one end
    /// leads to the next without recursion.
    var followUps = Deque<FollowUp>()

    /// Tasks that a branch has just cut off, not yet told to their downstream tasks.
    var cutOffTasks: [Int] = []

    /// Runs that began and whose run before is not known, in this decision.
    var unplaced: [RunKey] = []
    /// The active runs that wait for a run, by that run.
    var followers: [RunKey: Set<RunKey>] = [:]

    /// Runs that were asked for, in this decision, and whose deadlines count with the runs before them.
    var unmeasured: [RunKey] = []

    /// Tasks with `max_active_tis_per_dag`, by their numbers in ``taskUses``.
    var limitNumbers: [LimitedTask: Int] = [:]
    var taskUses: [TaskUse] = []

    /// What has not been delivered yet.
    var notifications: [NotificationID: NotificationRecord] = [:]

    var isDraining = false
    /// How many attempts this decision may still start.
    var startsLeft = 0

    private var counter: Int64 = 0

    /// A core that goes on from what the store holds.
    ///
    /// Live attempts of `snapshot` are taken as running: report each as ended or lost.
    package init(configuration: CoreConfiguration, epoch: Int64, snapshot: Snapshot, now: Timestamp) {
        self.configuration = configuration
        self.epoch = epoch
        self.now = now
        startedAt = now
        pools = Self.pools(of: snapshot.pools, configuration)
        restore(snapshot)
        restore(snapshot.notifications)
        carried = decision
    }

    /// Takes one event and returns what to commit and then to do.
    ///
    /// `now` must not go backwards by more than clocks are set back: an instant accounted for is never looked at again.
    package mutating func handle(_ event: SchedulerEvent, now: Timestamp) -> Decision {
        self.now = now
        decision = carried
        carried = Decision()
        startsLeft = configuration.startsPerDecision
        switch event {
        case .documents(let loaded, let removed): takeDocuments(loaded, removed: removed)
        case .paused(let flags): takePausedFlags(flags)
        case .pools(let slots): takePools(slots)
        case .command(let pending, let conflicts): take(pending, conflicts: conflicts)
        case .commandOnRuns(let pending, let runs): take(pending, on: runs)
        case .attemptEnded(let end): attemptEnded(end)
        case .attemptLost(let attempt, let reason): attemptLost(attempt, reason: reason)
        case .attemptInterrupted(let attempt, let reason): attemptInterrupted(attempt, reason: reason)
        case .runsFound(let backfill, let dates, let runs): takeFoundRuns(backfill, dates: dates, runs: runs)
        case .previousFound(let run, let stored): takePrevious(run, stored)
        case .runtimesFound(let run, let durations): takeRuntimes(run, durations)
        case .notified(let id, let outcome): notified(id, outcome)
        case .runsExpired(let runs, let pending): retire(runs, asked: pending)
        case .drain: isDraining = true
        case .wake: break
        }
        fireTimers()
        followUp()
        dispatch()
        askForPast()
        askForRuntimes()
        if runs.isEmpty, runs.capacity > Self.largeTable { shrink() }
        return decision
    }

    /// Tables grow with the runs under way, and keep their size: after a burst of ten thousand those were megabytes.
    private mutating func shrink() {
        runs = [:]
        if attempts.isEmpty { attempts = [:] }
        if ready.isEmpty { ready = [] }
        if readyForWorkers.isEmpty { readyForWorkers = [] }
        parkedByPool = parkedByPool.filter { !$0.value.isEmpty }
    }

    private static let largeTable = 1_024

    /// Whether more could be started than one decision may: then another ``SchedulerEvent/wake`` is due at once.
    package var isCutShort: Bool { startsLeft == 0 && !isDraining && hasReady }

    /// When to call ``handle(_:now:)`` with ``SchedulerEvent/wake`` if nothing else happens; nil for never.
    package var nextWake: Timestamp? { timers.min?.at }

    /// DAGs whose document is there.
    package var dagCount: Int { dags.values.reduce(0) { $1.isActive ? $0 + 1 : $0 } }

    /// The DAGs whose document was there at the last look, each with its file.
    package var activeDAGs: [(id: DAGID, file: String)] { dags.values.filter(\.isActive).map { ($0.id, $0.file) } }

    /// Runs that have not ended.
    package var activeRunCount: Int { runs.count }

    /// Attempts under way.
    package var liveAttempts: [AttemptID] { Array(attempts.keys) }

    /// The facts of an active run, for whoever carries out its attempts.
    package func run(_ key: RunKey) -> (record: RunRecord, graph: DAGGraph)? {
        runs[key].map { ($0.record, $0.graph) }
    }

    /// The next number of this epoch: see ``RunKey``.
    mutating func nextNumber() -> Int64 {
        counter += 1
        return epoch << 32 | counter
    }

    mutating func followUp() {
        while !followUps.isEmpty {
            switch followUps.removeFirst() {
            case .dag(let id):
                startQueuedRuns(id)
                startRunForAssets(id)
                evaluateSchedule(id)
            case .backfill(let id):
                step(id)
            case .past(let run):
                pastChanged(run)
            }
        }
    }

    private mutating func fireTimers() {
        while let timer = timers.min, timer.at <= now {
            timers.removeMin()
            switch timer.subject {
            case .schedule(let id):
                if dags[id]?.wakeAt == timer.at {
                    dags[id]?.wakeAt = nil
                    evaluateSchedule(id)
                }
            case .retry(let run, let number):
                retryDue(run, number)
            case .runTimeout(let run):
                runTimedOut(run)
            case .notification(let id):
                notificationDue(id)
            case .deadline(let run):
                deadlineDue(run)
            case .queued(let id):
                startQueuedRuns(id)
            }
        }
    }
}
