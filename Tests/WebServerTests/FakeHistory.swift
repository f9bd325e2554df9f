import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Timetables

/// A history that is only values, for pages to show.
struct FakeHistory: RunHistory {
    var details: [DAGDetail] = []
    var runDetails: [RunDetail] = []
    var taskOutputs: [TaskInstanceKey: [TaskOutput]] = [:]
    var backfillRecords: [BackfillRecord] = []
    var noteList: [Note] = []
    var ledger: [DueRecord] = []
    var problems: [ImportErrorRecord] = []
    var health = SchedulerHealth(lease: nil, pendingCommands: 0, askedAt: .epoch)
    /// Thrown by every question.
    var failure: (any Error)?
    /// Answers nothing, ever.
    var hangs = false

    private func ask() async throws {
        if hangs { try await Task.sleep(for: .seconds(3_600)) }  // check: allow, the database that never answers
        if let failure { throw failure }
    }

    func runs(of dag: DAGID, at dates: [Timestamp]) async throws -> [RunRecord] { [] }
    func previousRun(dag: DAGID, before date: Timestamp) async throws -> StoredRun? { nil }
    func expiredRuns(_ rule: RetentionRule, limit: Int) async throws -> [RunRecord] { [] }
    func sourceText(of dag: DAGID, version: DAGVersionID) async throws -> String? { nil }
    func poolUse(_ name: String) async throws -> PoolUse? { nil }

    func notes(of run: RunKey) async throws -> [Note] {
        try await ask()
        return noteList
    }

    func dags(lastRuns: Int) async throws -> [DAGSummary] {
        try await ask()
        return details.map(\.summary).sorted { $0.id < $1.id }
    }

    func dag(_ id: DAGID) async throws -> DAGDetail? {
        try await ask()
        return details.first { $0.summary.id == id }
    }

    private func newestFirst(_ dag: DAGID?) -> [RunDetail] {
        runDetails.filter { dag == nil || $0.run.dag == dag }.sorted { RunCursor($0.run) > RunCursor($1.run) }
    }

    func runs(_ query: RunQuery) async throws -> RunPage {
        try await ask()
        let matching = newestFirst(query.dag).map(\.run).filter { run in
            query.before.map { RunCursor(run) < $0 } ?? true
        }
        let page = Array(matching.prefix(query.limit))
        return RunPage(runs: page, next: matching.count > page.count ? page.last.map(RunCursor.init) : nil)
    }

    func run(dag: DAGID, runID: String) async throws -> RunDetail? {
        try await ask()
        return runDetails.first { $0.run.dag == dag && $0.run.runID == runID }
    }

    func grid(dag: DAGID, limit: Int) async throws -> RunGrid? {
        try await ask()
        guard let detail = details.first(where: { $0.summary.id == dag }) else { return nil }
        let runs = newestFirst(dag).prefix(limit).map { run in
            let cells = run.tasks.filter { $0.state != .none }.map { task in
                (
                    task.instance.task,
                    GridCell(
                        state: task.state, tryNumber: task.tryNumber, startDate: task.startDate, endDate: task.endDate)
                )
            }
            return GridRun(run: run.run, cells: Dictionary(cells, uniquingKeysWith: { first, _ in first }))
        }
        return RunGrid(tasks: detail.definition.tasks.map(\.id), runs: Array(runs))
    }

    func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] { [] }

    func outputs(of instance: TaskInstanceKey) async throws -> [TaskOutput] {
        try await ask()
        return taskOutputs[instance] ?? []
    }

    func backfills(dag: DAGID?, limit: Int) async throws -> [BackfillRecord] {
        try await ask()
        return Array(backfillRecords.filter { dag == nil || $0.dag == dag }.prefix(limit))
    }

    func backfill(_ id: BackfillID) async throws -> BackfillRecord? { backfillRecords.first { $0.id == id } }

    func dueInstants(dag: DAGID, limit: Int) async throws -> [DueRecord] {
        try await ask()
        return Array(ledger.filter { $0.dag == dag }.prefix(limit))
    }

    func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventRecord] { [] }

    func importErrors() async throws -> [ImportErrorRecord] {
        try await ask()
        return problems
    }

    func schedulerHealth() async throws -> SchedulerHealth {
        try await ask()
        return health
    }

    func runCounts() async throws -> [RunState: Int] {
        try await ask()
        return Dictionary(grouping: runDetails.map(\.run.state), by: { $0 }).mapValues(\.count)
    }
}

/// The rows of a history, in few words.
enum Sample {
    static let now = Timestamp(seconds: 1_800_000_000)

    static func dag(
        _ id: String, tasks: [(String, [String])] = [("fetch", [])], timetable: Timetable = .null,
        _ change: (inout DAG) -> Void = { _ in }
    ) -> DAG {
        let place = SourcePlace(file: "\(id).yaml", line: 1, column: 1)
        let specs = tasks.map { name, upstream in
            var spec = TaskSpec(id: TaskID(name), place: place, body: .uses("bash"))
            spec.upstream = upstream.map { TaskID($0) }
            return spec
        }
        var dag = DAG(id: DAGID(id), place: place, timetable: timetable, bounds: .none, tasks: specs)
        change(&dag)
        return dag
    }

    static func detail(
        _ dag: DAG, runs: [RunDetail] = [], isPaused: Bool = false, pauseReason: String? = nil, isActive: Bool = true,
        lastDue: DueRecord? = nil, source: String = "dag_id: sample\n"
    ) -> DAGDetail {
        let version = DAGVersionID(rawValue: String(repeating: "5eedc0de", count: 8))
        let sorted = runs.map(\.run).sorted { RunCursor($0) > RunCursor($1) }
        let summary = DAGSummary(
            id: dag.id, displayName: dag.displayName, summary: dag.summary, owner: dag.owner, tags: dag.tags,
            isPaused: isPaused, isActive: isActive, file: dag.place.file, version: version, versionNumber: 1,
            taskCount: dag.tasks.count, timetable: dag.timetable, bounds: dag.bounds, catchup: dag.catchup,
            firstSeen: now - .seconds(86_400), lastRuns: Array(sorted.prefix(14)), lastDue: lastDue,
            activeRuns: sorted.count { !$0.state.isFinished }, pauseReason: pauseReason)
        return DAGDetail(
            summary: summary, definition: dag, sourceText: source,
            versions: [DAGVersionSummary(version: version, number: 1, createdAt: now - .seconds(86_400))])
    }

    /// A run `hours` hours ago whose tasks have these states, one after the other.
    static func run(
        _ dag: DAG, _ number: Int64, runID: String? = nil, state: RunState, hoursAgo: Int64 = 1,
        type: RunType = .scheduled, states: [TaskState] = [], reason: String? = nil, conf: JSONValue = .object([:])
    ) -> RunDetail {
        let due = now - .seconds(hoursAgo * 3_600)
        let key = RunKey(rawValue: number)
        var tasks: [TaskStatus] = []
        var clock = due + .milliseconds(12)
        for (place, task) in dag.tasks.enumerated() {
            let state = place < states.count ? states[place] : state == .success ? .success : .none
            tasks.append(status(TaskInstanceKey(run: key, task: task.id), state, at: clock, Int64(place)))
            clock += .seconds(7 + Int64(place) * 5)
        }
        let version = DAGVersionID(rawValue: String(repeating: "5eedc0de", count: 8))
        let record = RunRecord(
            key: key, dag: dag.id, runID: runID ?? "\(type.rawValue)__\(due.iso8601)", type: type, state: state,
            logicalDate: due - .seconds(3_600), interval: DataInterval(start: due - .seconds(3_600), end: due),
            runAfter: due, queuedAt: due, startDate: state == .queued ? nil : due + .milliseconds(8),
            endDate: state.isFinished ? clock : nil, version: version, conf: conf, triggeredBy: "schedule",
            reason: reason)
        return RunDetail(run: record, definition: dag, versionNumber: 1, tasks: tasks)
    }

    private static func status(
        _ instance: TaskInstanceKey, _ state: TaskState, at start: Timestamp, _ place: Int64
    ) -> TaskStatus {
        let tried: [AttemptState]
        switch state {
        case .success: tried = place == 1 ? [.lost, .failed, .success] : [.success]
        case .failed: tried = [.failed, .failed]
        case .running: tried = [.running]
        case .skipped: tried = [.skipped]
        case .upForRetry: tried = [.failed]
        default: tried = []
        }
        let reason: String? =
            switch state {
            case .failed: "the command exited with status 1"
            case .skipped: "the command exited with status 99"
            case .upstreamFailed: "an upstream task failed"
            default: nil
            }
        let tries = tried.enumerated().map { number, state in
            let began = start + .seconds(Int64(number) * 3)
            return AttemptSummary(
                attempt: AttemptID(rawValue: instance.run.rawValue * 1_000 + place * 10 + Int64(number)),
                tryNumber: number + 1, maxTries: tried.count, state: state, queuedAt: began - .milliseconds(400),
                startedAt: began, endedAt: state == .running ? nil : began + .milliseconds(2_150 + place * 900),
                reason: state == .failed ? "the command exited with status 1" : nil,
                exitCode: state == .success ? 0 : state == .failed ? 1 : nil, pool: "default_pool", process: nil)
        }
        return TaskStatus(
            instance: instance, state: state, tryNumber: tries.count, maxTries: max(tries.count - 1, 2),
            startDate: tries.last?.startedAt, endDate: tries.last?.endedAt,
            retryAt: state == .upForRetry ? now + .seconds(95) : nil, reason: reason, tries: tries)
    }

    static func health(isAlive: Bool = true) -> SchedulerHealth {
        let holder = LeaseHolder(host: "collector-1", pid: 4_242, bootID: "b007", startTicks: 77)
        return SchedulerHealth(
            lease: LeaseStatus(
                epoch: 12, holder: holder, isAlive: isAlive, acquiredAt: now - .seconds(90_000),
                renewedAt: now - .seconds(isAlive ? 1 : 400), expiresAt: now + .seconds(isAlive ? 9 : -390)),
            pendingCommands: 0, askedAt: now)
    }
}
