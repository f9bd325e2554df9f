package import CivilTime
package import DAGModel
package import Execution
package import SchedulerCore
package import Timetables

/// A DAG in a list.
package struct DAGSummary: Hashable, Sendable {
    package let id: DAGID
    package let displayName: String?
    /// The document's `description`.
    package let summary: String?
    package let owner: String?
    package let tags: [String]
    package let isPaused: Bool
    /// Whether its document is there.
    package let isActive: Bool
    /// The document's file, relative to the DAG folder.
    package let file: String
    package let version: DAGVersionID
    /// 1 for the DAG's first version.
    package let versionNumber: Int
    package let taskCount: Int
    package let timetable: Timetable
    package let bounds: ScheduleBounds
    package let catchup: Bool
    /// When the DAG was first loaded.
    package let firstSeen: Timestamp
    /// Newest first.
    package let lastRuns: [RunRecord]
    /// The newest row of its ledger.
    package let lastDue: DueRecord?
    /// Runs in `queued` or `running`.
    package let activeRuns: Int
    /// Why the scheduler paused it by itself; nil otherwise.
    package let pauseReason: String?

    package init(
        id: DAGID, displayName: String?, summary: String?, owner: String?, tags: [String], isPaused: Bool,
        isActive: Bool, file: String, version: DAGVersionID, versionNumber: Int, taskCount: Int, timetable: Timetable,
        bounds: ScheduleBounds, catchup: Bool, firstSeen: Timestamp, lastRuns: [RunRecord], lastDue: DueRecord?,
        activeRuns: Int, pauseReason: String? = nil
    ) {
        self.id = id
        self.displayName = displayName
        self.summary = summary
        self.owner = owner
        self.tags = tags
        self.isPaused = isPaused
        self.isActive = isActive
        self.file = file
        self.version = version
        self.versionNumber = versionNumber
        self.taskCount = taskCount
        self.timetable = timetable
        self.bounds = bounds
        self.catchup = catchup
        self.firstSeen = firstSeen
        self.lastRuns = lastRuns
        self.lastDue = lastDue
        self.activeRuns = activeRuns
        self.pauseReason = pauseReason
    }

    /// The next instant of its schedule, whether or not the DAG is paused; nil when there is none or it is not by time.
    ///
    /// With catchup it may lie in the past: the scheduler still has to come to it.
    package func nextDue(now: Timestamp) -> DueInstant? {
        guard timetable.isTimeBased else { return nil }
        if let last = lastDue?.last {
            if timetable.runsOnce { return nil }
            if catchup { return timetable.next(after: last, bounds: bounds) }
            return latest(now: now) ?? timetable.next(after: max(last, now), bounds: bounds)
        }
        if !catchup, bounds.start != nil, let latest = latest(now: now) { return latest }
        return timetable.beginning(seen: firstSeen, bounds: bounds, catchup: catchup)
            ?? timetable.next(after: now, bounds: bounds)
    }

    /// The latest instant that is due and not accounted for: without catchup it waits for a place, or for the DAG to be
    /// unpaused.
    private func latest(now: Timestamp) -> DueInstant? {
        timetable.latestNow(atOrBefore: now, bounds: bounds).flatMap {
            $0.due > lastDue?.last ?? .distantPast ? $0 : nil
        }
    }
}

/// One DAG.
package struct DAGDetail: Hashable, Sendable {
    package let summary: DAGSummary
    /// What its document says now, or said last.
    package let definition: DAG
    /// The document's text.
    package let sourceText: String
    /// Newest first, at most 100.
    package let versions: [DAGVersionSummary]

    package init(summary: DAGSummary, definition: DAG, sourceText: String, versions: [DAGVersionSummary]) {
        self.summary = summary
        self.definition = definition
        self.sourceText = sourceText
        self.versions = versions
    }
}

/// One text that a DAG's document had.
package struct DAGVersionSummary: Hashable, Sendable {
    package let version: DAGVersionID
    /// 1 for the first.
    package let number: Int
    package let createdAt: Timestamp

    package init(version: DAGVersionID, number: Int, createdAt: Timestamp) {
        self.version = version
        self.number = number
        self.createdAt = createdAt
    }
}

/// One run.
package struct RunDetail: Hashable, Sendable {
    package let run: RunRecord
    /// The definition the run is pinned to.
    package let definition: DAG
    package let versionNumber: Int
    /// In the order of the document; tasks that an earlier version had come last.
    package let tasks: [TaskStatus]
    /// What callbacks told or are to tell, oldest first, at most ``maximumNotifications``.
    package let notifications: [NotificationRecord]

    package static let maximumNotifications = 1_000

    package init(
        run: RunRecord, definition: DAG, versionNumber: Int, tasks: [TaskStatus],
        notifications: [NotificationRecord] = []
    ) {
        self.notifications = notifications
        self.run = run
        self.definition = definition
        self.versionNumber = versionNumber
        self.tasks = tasks
    }
}

/// A task of a run, with every try.
package struct TaskStatus: Hashable, Sendable {
    package let instance: TaskInstanceKey
    /// `running` while a try is live, `none` when the run has not come to the task.
    package let state: TaskState
    /// Tries begun so far.
    package let tryNumber: Int
    package let maxTries: Int
    /// When the present or last try began.
    package let startDate: Timestamp?
    package let endDate: Timestamp?
    /// When the next try is due, in state `up_for_retry`, or the present one goes on.
    package let retryAt: Timestamp?
    package let reason: String?
    /// What an instance of a mapped task is called; nil for its index alone.
    package let mapName: String?
    /// Oldest first.
    package let tries: [AttemptSummary]

    package init(
        instance: TaskInstanceKey, state: TaskState, tryNumber: Int, maxTries: Int, startDate: Timestamp?,
        endDate: Timestamp?, retryAt: Timestamp?, reason: String?, mapName: String? = nil, tries: [AttemptSummary]
    ) {
        self.instance = instance
        self.state = state
        self.tryNumber = tryNumber
        self.maxTries = maxTries
        self.startDate = startDate
        self.endDate = endDate
        self.retryAt = retryAt
        self.reason = reason
        self.mapName = mapName
        self.tries = tries
    }

    /// The status that a stored row and the tries, oldest first, come to; either may be missing.
    init(instance: TaskInstanceKey, stored: TaskInstanceRecord?, tries: [AttemptSummary]) {
        let live = tries.last { $0.state == .running }
        self.init(
            instance: instance,
            state: live.map { $0.waitsForWorker ? .queued : .running } ?? stored?.state ?? .none,
            tryNumber: live?.tryNumber ?? stored?.tryNumber ?? 0, maxTries: live?.maxTries ?? stored?.maxTries ?? 0,
            startDate: live?.startedAt ?? stored?.startDate, endDate: live == nil ? stored?.endDate : nil,
            retryAt: live == nil ? stored?.retryAt : nil, reason: live == nil ? stored?.reason : nil,
            mapName: stored?.mapName, tries: tries)
    }
}

/// One try of a task.
package struct AttemptSummary: Hashable, Sendable {
    package let attempt: AttemptID
    package let tryNumber: Int
    package let maxTries: Int
    package let state: AttemptState
    package let queuedAt: Timestamp
    package let startedAt: Timestamp
    package let endedAt: Timestamp?
    package let reason: String?
    package let exitCode: Int32?
    package let pool: String
    /// Its process, when it had one that was recorded.
    package let process: ProcessRecord?
    /// The queue in which it was handed over to workers; nil for one that the scheduler carried out itself.
    package let queue: String?
    /// The name of the worker that took it; nil for none.
    package let worker: String?

    /// Whether it waits for a worker to take it.
    package var waitsForWorker: Bool { state == .running && queue != nil && worker == nil }

    package init(
        attempt: AttemptID, tryNumber: Int, maxTries: Int, state: AttemptState, queuedAt: Timestamp,
        startedAt: Timestamp, endedAt: Timestamp?, reason: String?, exitCode: Int32?, pool: String,
        process: ProcessRecord?, queue: String? = nil, worker: String? = nil
    ) {
        self.attempt = attempt
        self.tryNumber = tryNumber
        self.maxTries = maxTries
        self.state = state
        self.queuedAt = queuedAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.reason = reason
        self.exitCode = exitCode
        self.pool = pool
        self.process = process
        self.queue = queue
        self.worker = worker
    }
}

/// Runs against tasks.
package struct RunGrid: Hashable, Sendable {
    /// The tasks of the present definition in its order, then those that only shown runs have.
    package let tasks: [TaskID]
    /// Newest first.
    package let runs: [GridRun]

    package init(tasks: [TaskID], runs: [GridRun]) {
        self.tasks = tasks
        self.runs = runs
    }
}

/// One run of a grid.
///
/// A task without a cell has not been reached.
package struct GridRun: Hashable, Sendable {
    package let run: RunRecord
    package let cells: [TaskID: GridCell]

    package init(run: RunRecord, cells: [TaskID: GridCell]) {
        self.run = run
        self.cells = cells
    }
}

/// A task of a run in a grid.
package struct GridCell: Hashable, Sendable {
    package let state: TaskState
    package let tryNumber: Int
    package let startDate: Timestamp?
    package let endDate: Timestamp?

    package init(state: TaskState, tryNumber: Int, startDate: Timestamp?, endDate: Timestamp?) {
        self.state = state
        self.tryNumber = tryNumber
        self.startDate = startDate
        self.endDate = endDate
    }
}

/// What a task instance left under a key.
package struct TaskOutput: Hashable, Sendable {
    package let key: String
    package let value: JSONValue

    package init(key: String, value: JSONValue) {
        self.key = key
        self.value = value
    }
}

/// Whether somebody leads.
package struct SchedulerHealth: Hashable, Sendable {
    /// Who holds or last held the lease; nil when nobody ever did.
    package let lease: LeaseStatus?
    /// Commands that no leader has dealt with.
    package let pendingCommands: Int
    /// When the store was asked, by its own clock.
    package let askedAt: Timestamp

    package init(lease: LeaseStatus?, pendingCommands: Int, askedAt: Timestamp) {
        self.lease = lease
        self.pendingCommands = pendingCommands
        self.askedAt = askedAt
    }

    /// Whether a scheduler leads now.
    package var isAlive: Bool { lease?.isAlive ?? false }
}
