import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Simulation
import Timetables

/// The core on tables in memory, step by step: every decision is committed at once.
struct Stage {
    private(set) var tables = MemoryTables()
    private(set) var core: SchedulerCore
    private(set) var now = RandomDAGs.start
    private var epoch: Int64 = 1
    private let configuration: CoreConfiguration
    private var documents: [DAGRecord]
    private var started: [AttemptStart] = []
    private(set) var stopped: [AttemptID] = []
    private(set) var outcome: CommandOutcome?
    /// What was to be delivered, in that order, repetitions included.
    private(set) var notices: [NotificationRecord] = []
    private(set) var forgotten: [ForgottenRun] = []
    /// Set for a leader that dies before it has the answer on runtimes.
    var losesAnswers = false
    private var lastCommand: Int64 = 0

    init(_ dags: DAG..., configuration: CoreConfiguration = CoreConfiguration()) throws {
        self.configuration = configuration
        documents = dags.map { dag in
            var dag = dag
            dag.isPausedUponCreation = false
            return RandomDAGs.record(dag, text: 1)
        }
        core = SchedulerCore(configuration: configuration, epoch: 1, snapshot: Snapshot(), now: now)
        try take(.documents(loaded: documents, removed: []))
    }

    static func task(_ id: String, needs: [String] = [], _ rule: TriggerRule = .allSuccess) -> TaskSpec {
        var task = TaskSpec(
            id: TaskID(id), place: SourcePlace(file: "d.yaml", line: 1, column: 1), body: .uses("empty"))
        task.upstream = needs.map { TaskID($0) }
        task.triggerRule = rule
        task.retryDelay = .seconds(60)
        return task
    }

    static func dag(_ tasks: TaskSpec...) -> DAG {
        DAG(
            id: DAGID("d"), place: SourcePlace(file: "d.yaml", line: 1, column: 1), timetable: .null, bounds: .none,
            tasks: tasks)
    }

    mutating func take(_ event: SchedulerEvent) throws {
        var events = [event]
        while !events.isEmpty {
            let decision = core.handle(events.removeFirst(), now: now)
            try tables.apply(decision.changes, now: now)
            for change in decision.changes {
                if case .finishCommand(_, let outcome) = change { self.outcome = outcome }
            }
            for action in decision.actions {
                switch action {
                case .start(let start): started.append(start)
                case .stop(let attempt, _): stopped.append(attempt)
                case .notify(let notification): notices.append(notification)
                case .removeLogs(let runs): forgotten += runs
                case .findRuns(let id, let dag, let dates):
                    events.append(.runsFound(id, dates: dates, runs: tables.findRuns(dag: dag, dates: dates)))
                case .findPrevious(let run, let dag, let date):
                    events.append(.previousFound(run, tables.previousRun(dag: dag, before: date)))
                case .findRuntimes(let run, let dag, let date, let limit):
                    if losesAnswers { continue }
                    events.append(.runtimesFound(run, tables.runtimes(of: dag, endedBy: date, limit: limit)))
                }
            }
        }
    }

    mutating func command(_ command: Command) throws {
        lastCommand += 1
        let pending = PendingCommand(id: lastCommand, command: command, actor: "test")
        if let subject = command.subject {
            let runs = tables.runsToChange(
                dag: subject.dag, runID: subject.runID, past: subject.past, future: subject.future)
            try take(.commandOnRuns(pending, runs))
        } else if case .prune(let rule, let limit) = command {
            try take(.runsExpired(tables.expiredRuns(rule, limit: limit), asked: pending))
        } else {
            try take(.command(pending, conflicts: []))
        }
    }

    /// Gives the DAG another document.
    mutating func change(_ dag: DAG) throws {
        var dag = dag
        dag.isPausedUponCreation = false
        documents = [RandomDAGs.record(dag, text: 2)]
        try take(.documents(loaded: documents, removed: []))
    }

    /// The version of the present document.
    var version: DAGVersionID? { documents.first?.version }

    mutating func trigger(_ runID: String = "r", date: Timestamp? = nil, conf: JSONValue = .object([:])) throws {
        try command(.trigger(dag: DAGID("d"), runID: runID, logicalDate: date, conf: conf))
    }

    /// The tries under way, as `task` or `task[index]`, in the order of their start; of one run or of all.
    func running(_ runID: String? = nil) -> [String] {
        live.filter { runID == nil || tables.runs[$0.instance.run]?.runID == runID }.map {
            IdealOutcome.name($0.instance)
        }
    }

    private var live: [AttemptStart] { started.filter { tables.liveAttempts[$0.attempt] != nil } }

    /// Ends the try of a task that is under way.
    mutating func end(
        _ name: String, of runID: String = "r", _ state: AttemptState = .success, output: JSONValue? = nil,
        skips: DownstreamSkip? = nil, exitCode: Int32? = nil, deferral: Deferral? = nil, reason: String? = nil,
        mapName: String? = nil
    ) throws {
        guard let start = live.first(where: { isNamed($0, name, runID) }) else {
            throw MissingTry(name: name, running: running())
        }
        try take(
            .attemptEnded(
                AttemptEnd(
                    attempt: start.attempt, state: deferral == nil ? state : .running, reason: reason,
                    exitCode: exitCode,
                    output: output, skips: skips, deferral: deferral, mapName: mapName)))
    }

    struct MissingTry: Error {
        let name: String
        let running: [String]
    }

    private func isNamed(_ start: AttemptStart, _ name: String, _ runID: String) -> Bool {
        IdealOutcome.name(start.instance) == name && tables.runs[start.instance.run]?.runID == runID
    }

    /// The stored state of a task, `none` without a row.
    func state(_ task: String, _ index: Int = -1, of runID: String = "r") -> TaskState {
        row(task, index, of: runID)?.state ?? .none
    }

    func row(_ task: String, _ index: Int = -1, of runID: String = "r") -> TaskInstanceRecord? {
        tables.findRun(dag: DAGID("d"), runID: runID).flatMap { stored in
            tables.tasks[TaskInstanceKey(run: stored.run.key, task: TaskID(task), mapIndex: index)]
        }
    }

    func run(_ runID: String = "r") -> RunState? { tables.findRun(dag: DAGID("d"), runID: runID)?.run.state }

    /// Lets time pass and wakes the core.
    mutating func pass(_ duration: Duration) throws {
        now += duration
        try take(.wake)
    }

    /// Another leader takes over, while workers go on with all tries.
    mutating func takeOver() throws {
        epoch += 1
        core = SchedulerCore(configuration: configuration, epoch: epoch, snapshot: tables.snapshot(), now: now)
        try take(.documents(loaded: documents, removed: []))
    }

    /// Kills the leader; the next one declares its tries lost.
    mutating func crash(after pause: Duration = .zero) throws {
        epoch += 1
        now += pause
        core = SchedulerCore(configuration: configuration, epoch: epoch, snapshot: tables.snapshot(), now: now)
        for attempt in tables.liveAttempts.keys.sorted() { try take(.attemptLost(attempt, reason: "killed")) }
        try take(.documents(loaded: documents, removed: []))
    }
}
