import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Timetables

/// Drives the real core against simulated tables and executors: random DAGs and outcomes, crashes between any two
/// commits, duplicated and reordered reports, pauses, triggers, backfills, changed documents.
///
/// Every rule that breaks is a violation with the seed to replay it.
struct Simulation {
    /// What a seed went through, so that a run of many can show that it exercised something.
    struct Counts {
        var commits = 0
        var crashes = 0
        var lost = 0
        var duplicates = 0
        var retries = 0
        var backfills = 0
        var runs = 0
        var attempts = 0
        var assetRuns = 0
        var mapped = 0
        var cutOff = 0
        var deferrals = 0
        var blockedByPast = 0
        var notRetried = 0
        var cleared = 0
        var marked = 0
    }

    struct Violation: Error, CustomStringConvertible {
        let seed: UInt64
        let rule: String
        var description: String { "seed \(seed): \(rule)" }
    }

    private struct InFlight {
        let start: AttemptStart
        let endsAt: Timestamp
        let end: AttemptEnd
    }

    let seed: UInt64
    private(set) var counts = Counts()
    private(set) var callbacks = CallbackRules()
    private(set) var tables = MemoryTables()
    private var generator: SeededGenerator
    private var now = RandomDAGs.start
    private var epoch: Int64 = 0
    private var core: SchedulerCore
    private var documents: [DAGRecord]
    private var uncommitted: [Decision] = []
    private var inFlight: [InFlight] = []
    private var reported: [AttemptEnd] = []
    private var lookups: [Action] = []
    private var nextCommand: Int64 = 1
    private let configuration: CoreConfiguration
    /// Runs whose tasks were changed by hand: how they end follows from more than the rules.
    private var changedByHand: Set<RunKey> = []

    init(seed: UInt64) throws {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
        documents = try RandomDAGs.make(using: &generator)
        var configuration = CoreConfiguration()
        configuration.parallelism = Int.random(in: 1...8, using: &generator)
        self.configuration = configuration
        core = SchedulerCore(configuration: configuration, epoch: 0, snapshot: Snapshot(), now: now)
        try lead()
    }

    /// Disturbs the scheduler for some steps, then lets it come to rest and judges.
    mutating func run(steps: Int) throws {
        for _ in 0..<steps { try step() }
        try comeToRest()
        try judge()
    }

    private func violation(_ rule: String) -> Violation { Violation(seed: seed, rule: rule) }

    // MARK: What happens

    private mutating func step() throws {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<35: try commit(Int.random(in: 1...4, using: &generator))
        case 35..<60: try passTime()
        case 60..<85: try reportSome()
        case 85..<88: try crash()
        case 88..<91: try togglePause()
        case 91..<95: try trigger()
        case 95..<97: try backfill()
        case 97: try changeDocument()
        case 98: try changeByHand()
        default: try duplicate()
        }
    }

    private mutating func handle(_ event: SchedulerEvent) throws {
        // An event that comes while a lookup is pending waits for it, as with the driver.
        while !lookups.isEmpty { try answerLookup() }
        let decision = core.handle(event, now: now)
        if !decision.isEmpty { uncommitted.append(decision) }
        lookups += decision.actions.filter(\.isLookup)
    }

    private mutating func answerLookup() throws {
        try commit(.max)
        guard !lookups.isEmpty else { return }
        let answer: SchedulerEvent
        switch lookups.removeFirst() {
        case .findRuns(let id, let dag, let dates):
            answer = .runsFound(id, dates: dates, runs: tables.findRuns(dag: dag, dates: dates))
        case .findPrevious(let run, let dag, let date):
            answer = .previousFound(run, tables.previousRun(dag: dag, before: date))
        case .start, .stop, .notify:
            return
        }
        let decision = core.handle(answer, now: now)
        if !decision.isEmpty { uncommitted.append(decision) }
        lookups += decision.actions.filter(\.isLookup)
    }

    private mutating func commit(_ limit: Int) throws {
        for _ in 0..<min(limit, uncommitted.count) {
            let decision = uncommitted.removeFirst()
            do {
                try tables.apply(decision.changes, now: now)
            } catch {
                throw violation("\(error)")
            }
            counts.commits += 1
            try checkLimits(decision)
            for action in decision.actions { perform(action) }
        }
    }

    private mutating func perform(_ action: Action) {
        switch action {
        case .start(let start):
            counts.attempts += 1
            if start.instance.mapIndex >= 0 { counts.mapped += 1 }
            if start.tryNumber > 1 { counts.retries += 1 }
            let seconds = Int64.random(in: 0...900, using: &generator)
            inFlight.append(InFlight(start: start, endsAt: now + .seconds(seconds), end: outcome(of: start)))
        case .stop(let attempt, let reason):
            guard let index = inFlight.firstIndex(where: { $0.start.attempt == attempt }) else { return }
            inFlight.remove(at: index)
            reported.append(AttemptEnd(attempt: attempt, state: .failed, reason: reason))
        case .notify(let notification):
            callbacks.begin(notification)
        case .findRuns, .findPrevious:
            break
        }
    }

    /// Fixed by what the try is about, not by when it runs: so a disturbed history can be compared with an ideal one.
    ///
    /// A lost try has no outcome, so the number of real tries counts.
    private mutating func outcome(of start: AttemptStart) -> AttemptEnd {
        let lost = tables.pastAttempts.values.filter {
            $0.start.instance == start.instance && $0.completion.state == .lost
        }.count
        let run = tables.runs[start.instance.run]
        let dag = run.flatMap { tables.versions[$0.version] }
        let task = dag?.tasks.first { $0.id == start.instance.task }
        let name = IdealOutcome.name(start.instance)
        let about = (dag: run?.dag.rawValue ?? "", run: run?.runID ?? "")
        if task?.body == .uses("sensor"), generator.chance(60) {
            counts.deferrals += 1
            let wait = Duration.seconds(Int64.random(in: 0...700, using: &generator))
            return AttemptEnd(
                attempt: start.attempt, state: .running, reason: "waits",
                deferral: Deferral(until: now + wait, isPoll: generator.chance(50)))
        }
        let state = IdealOutcome.state(
            dag: about.dag, run: about.run, task: name, realTry: start.tryNumber - lost)
        let code: Int32? =
            state == .failed ? (IdealOutcome.isFatal(dag: about.dag, run: about.run, task: name) ? 7 : 1) : nil
        if code == 7, task?.retryNotOn != nil { counts.notRetried += 1 }
        let skips =
            state == .success ? dag.flatMap { IdealOutcome.skips(of: start.instance, run: about.run, in: $0) } : nil
        if skips != nil { counts.cutOff += 1 }
        let output: JSONValue? =
            state == .success ? IdealOutcome.output(dag: about.dag, run: about.run, task: name) : nil
        return AttemptEnd(
            attempt: start.attempt, state: state, reason: state == .success ? nil : "as decided", exitCode: code,
            output: output, skips: skips)
    }

    private mutating func passTime() throws {
        let candidates = [core.nextWake, inFlight.map(\.endsAt).min(), now + .seconds(1_200)].compactMap { $0 }
        let jump = Int64.random(in: 0...600, using: &generator)
        now = max(now, generator.chance(70) ? candidates.min() ?? now : now + .seconds(jump))
        try handle(.wake)
        if let end = callbacks.end(using: &generator) { try handle(end) }
    }

    private mutating func collectEnded() {
        let ended = inFlight.filter { $0.endsAt <= now }
        inFlight.removeAll { $0.endsAt <= now }
        reported += ended.map(\.end)
    }

    private mutating func reportSome() throws {
        collectEnded()
        guard !reported.isEmpty else { return }
        // In any order, as reports cross.
        try handle(.attemptEnded(reported.remove(at: Int.random(in: 0..<reported.count, using: &generator))))
    }

    private mutating func duplicate() throws {
        guard let past = tables.pastAttempts.values.min(by: { $0.start.attempt < $1.start.attempt }) else { return }
        counts.duplicates += 1
        try handle(.attemptEnded(AttemptEnd(attempt: past.start.attempt, state: .failed, reason: "again")))
    }

    private mutating func crash() throws {
        counts.crashes += 1
        if generator.chance(50) { try commit(Int.random(in: 0...3, using: &generator)) }
        uncommitted = []
        lookups = []
        inFlight = []
        reported = []
        callbacks.crash()
        now = now + .seconds(Int64.random(in: 0...7_200, using: &generator))
        try lead()
    }

    /// A new leader starts from the tables.
    private mutating func lead() throws {
        epoch += 1
        var snapshot = tables.snapshot()
        snapshot.pools = ["small": 2]
        core = SchedulerCore(configuration: configuration, epoch: epoch, snapshot: snapshot, now: now)
        for orphan in tables.liveAttempts.keys.sorted() {
            counts.lost += 1
            try handle(.attemptLost(orphan, reason: "the leader was killed"))
        }
        try handle(.documents(loaded: documents, removed: []))
    }

    private mutating func togglePause() throws {
        guard let id = documents.randomElement(using: &generator)?.dag.id, let row = tables.dags[id] else { return }
        _ = tables.setPaused(id, !row.isPaused)
        try handle(.paused([id: !row.isPaused]))
    }

    private mutating func trigger() throws {
        guard let dag = documents.randomElement(using: &generator)?.dag.id else { return }
        let date = generator.chance(50) ? now - .seconds(Int64.random(in: 0...5, using: &generator) * 1_200) : nil
        try command(.trigger(dag: dag, runID: nil, logicalDate: date, conf: .object([:])))
    }

    private mutating func backfill() throws {
        guard let dag = documents.randomElement(using: &generator)?.dag.id else { return }
        let from = now - .seconds(Int64.random(in: 0...8, using: &generator) * 3_600)
        let reprocess = ReprocessBehavior.allCases.randomElement(using: &generator) ?? .none
        counts.backfills += 1
        try command(
            .backfill(
                dag: dag, from: from, to: from + .seconds(4 * 3_600), reprocess: reprocess,
                maxActive: Int.random(in: 1...3, using: &generator), conf: .object([:])))
    }

    private mutating func command(_ command: Command) throws {
        while !lookups.isEmpty { try answerLookup() }
        try commit(.max)
        var conflicts: [RunRecord] = []
        if case .trigger(let dag, _, let date?, _, _) = command {
            conflicts = tables.findRuns(dag: dag, dates: [date]).map(\.run)
        }
        let pending = PendingCommand(id: nextCommand, command: command, actor: "simulation")
        nextCommand += 1
        try handle(.command(pending, conflicts: conflicts))
    }

    private mutating func changeByHand() throws {
        while !lookups.isEmpty { try answerLookup() }
        try commit(.max)
        let runs = tables.runs.values.sorted { $0.key < $1.key }
        guard let run = runs.randomElement(using: &generator), let dag = tables.versions[run.version],
            let task = dag.tasks.randomElement(using: &generator)
        else { return }
        let command: Command
        if generator.chance(60) {
            counts.cleared += 1
            command = .clear(
                ClearRequest(
                    dag: run.dag, runID: run.runID, tasks: generator.chance(30) ? [] : [task.id],
                    upstream: generator.chance(20), downstream: generator.chance(60), onlyFailed: generator.chance(30),
                    past: generator.chance(10), future: generator.chance(10)))
        } else {
            counts.marked += 1
            command = .markTask(
                dag: run.dag, runID: run.runID, task: task.id, mapIndex: nil,
                state: generator.chance(70) ? .success : .failed, dryRun: false)
        }
        guard let subject = command.subject else { return }
        let changed = tables.runsToChange(
            dag: subject.dag, runID: subject.runID, past: subject.past, future: subject.future)
        changedByHand.formUnion(changed.map(\.stored.run.key))
        let pending = PendingCommand(id: nextCommand, command: command, actor: "simulation")
        nextCommand += 1
        try handle(.commandOnRuns(pending, changed))
    }

    private mutating func changeDocument() throws {
        guard let index = documents.indices.randomElement(using: &generator) else { return }
        var dag = documents[index].dag
        dag.maxActiveRuns = Int.random(in: 1...4, using: &generator)
        documents[index] = RandomDAGs.record(dag, text: Int(nextCommand) + counts.commits)
        try handle(.documents(loaded: [documents[index]], removed: []))
    }

    // MARK: The rules

    /// At every commit: no limit is exceeded, nothing starts before its trigger rule allows.
    private func checkLimits(_ decision: Decision) throws {
        let live = tables.liveAttempts.values
        guard live.count <= configuration.parallelism else { throw violation("parallelism exceeded") }
        let small = live.filter { $0.pool == "small" }
        guard small.reduce(0, { $0 + $1.poolSlots }) <= 2 || small.count == 1 else { throw violation("pool exceeded") }
        for (run, attempts) in Dictionary(grouping: live, by: \.instance.run) {
            let dag = tables.runs[run].flatMap { tables.versions[$0.version] }
            guard attempts.count <= dag?.maxActiveTasks ?? 0 else {
                throw violation("max_active_tasks exceeded in run \(run)")
            }
            for task in dag?.tasks ?? [] {
                guard let limit = task.maxActivePerRun else { continue }
                guard attempts.count(where: { $0.instance.task == task.id }) <= limit else {
                    throw violation("max_active_tis_per_dagrun of \(task.id) exceeded in run \(run)")
                }
            }
        }
        for document in documents {
            for task in document.dag.tasks {
                guard let limit = task.maxActivePerDAG else { continue }
                let count = live.count { attempt in
                    attempt.instance.task == task.id && tables.runs[attempt.instance.run]?.dag == document.dag.id
                }
                guard count <= limit else { throw violation("max_active_tis_per_dag of \(task.id) exceeded") }
            }
        }
        for case .startAttempt(let start) in decision.changes {
            guard let run = tables.runs[start.instance.run], let dag = tables.versions[run.version],
                let task = dag.tasks.first(where: { $0.id == start.instance.task })
            else { throw violation("attempt \(start.attempt) of something unknown") }
            guard mayStartAfterPast(task, run, dag) else {
                throw violation("\(task.id) of \(run.runID) started before the run before it let it")
            }
            // A task that was made to run again has tries already, and one that goes on was let start before.
            let isGoingOn = tables.tasks[start.instance]?.tryNumber == start.tryNumber
            if changedByHand.contains(run.key), start.tryNumber > 1 || start.instance.mapIndex >= 0 || isGoingOn {
                continue
            }
            let upstream = task.upstream.flatMap { states(of: $0, run.key, dag) }
            guard IdealOutcome.mayStart(task.triggerRule, upstream),
                SetupRules.mayStart(task, in: dag, states: { states(of: $0, run.key, dag) })
            else {
                throw violation(
                    "\(task.id) of \(run.runID) started though \(task.triggerRule.rawValue) saw \(upstream)")
            }
        }
        for case .insertRun(let run) in decision.changes where run.type == .scheduled {
            let active = tables.runs.values.filter { $0.dag == run.dag && $0.state == .running && $0.backfill == nil }
            guard let limit = tables.dags[run.dag]?.record.dag.maxActiveRuns, active.count <= max(limit, 4) else {
                throw violation("max_active_runs exceeded by \(run.runID)")
            }
        }
    }

    /// The states of a task in a run as trigger rules count them: one, or each instance's.
    private func states(of task: TaskID, _ run: RunKey, _ dag: DAG) -> [TaskState] {
        let rows = tables.tasks(of: run).filter {
            $0.instance.task == task && $0.instance.mapIndex >= 0 && $0.state != .removed
        }
        if !rows.isEmpty { return rows.map(\.state) }
        return [tables.tasks[TaskInstanceKey(run: run, task: task)]?.state ?? .none]
    }

    /// An independent reading of `depends_on_past` and `wait_for_downstream`.
    private func mayStartAfterPast(_ task: TaskSpec, _ run: RunRecord, _ dag: DAG) -> Bool {
        guard task.dependsOnPast, let date = run.logicalDate,
            let previous = tables.previousRun(dag: run.dag, before: date),
            let old = tables.versions[previous.run.version]
        else { return true }
        var wanted = [task.id]
        if task.waitForDownstream { wanted += dag.tasks.filter { $0.upstream.contains(task.id) }.map(\.id) }
        return wanted.filter { id in old.tasks.contains { $0.id == id } }.allSatisfy { id in
            states(of: id, previous.run.key, old).allSatisfy { $0 == .success || $0 == .skipped }
        }
    }

    /// The first active run that waits for one before it that did not succeed, or that has no place because this one has it:
    /// rightly so, and it will for ever.
    private mutating func cancelBlocked() throws -> Bool {
        let active = tables.runs.values.filter { $0.state == .running }.sorted { $0.key < $1.key }
        for run in active {
            guard let dag = tables.versions[run.version] else { continue }
            let isBlocked = dag.tasks.contains { task in
                states(of: task.id, run.key, dag).contains { !$0.isFinished } && !mayStartAfterPast(task, run, dag)
                    && tables.previousRun(dag: run.dag, before: run.logicalDate ?? .distantPast)?.run.state != .running
            }
            guard isBlocked else { continue }
            counts.blockedByPast += 1
            try command(.cancelRun(dag: run.dag, runID: run.runID))
            return true
        }
        return false
    }

    private mutating func comeToRest() throws {
        for document in documents where tables.dags[document.dag.id]?.isPaused == true {
            _ = tables.setPaused(document.dag.id, false)
            try handle(.paused([document.dag.id: false]))
        }
        // The schedules end, so that what is under way can.
        for index in documents.indices {
            var dag = documents[index].dag
            dag.bounds.end = now
            documents[index] = RandomDAGs.record(dag, text: -1)
        }
        try handle(.documents(loaded: documents, removed: []))
        for _ in 0..<20_000 {
            while !lookups.isEmpty { try answerLookup() }
            try commit(.max)
            collectEnded()
            if !reported.isEmpty {
                try handle(.attemptEnded(reported.removeFirst()))
            } else if let end = callbacks.end(using: &generator) {
                try handle(end)
            } else if let next = [core.nextWake, inFlight.map(\.endsAt).min()].compactMap({ $0 }).min() {
                now = max(now, next)
                try handle(.wake)
            } else if uncommitted.isEmpty {
                if try !cancelBlocked() { return }
            }
        }
        throw violation("does not come to rest: \(core.activeRunCount) runs are active")
    }

    private mutating func judge() throws {
        counts.runs = tables.runs.count
        counts.assetRuns = tables.runs.values.filter { $0.type == .assetTriggered }.count
        guard tables.liveAttempts.isEmpty else { throw violation("attempts stay live: \(tables.liveAttempts.keys)") }
        for run in tables.runs.values { try judge(run) }
        if let problem = callbacks.problem(
            in: tables, maximum: configuration.maximumDeliveries, changedByHand: changedByHand)
        {
            throw violation(problem)
        }
        for backfill in tables.backfills.values where backfill.endedAt == nil {
            throw violation("backfill \(backfill.id) does not end")
        }
        for (dag, events) in tables.queuedEvents where !events.isEmpty {
            throw violation("asset events of \(dag) wait for ever: \(events)")
        }
        for document in documents { try judgeLedger(document.dag) }
    }

    private func judge(_ run: RunRecord) throws {
        guard run.state.isFinished, run.endDate != nil else {
            throw violation("run \(run.runID) of \(run.dag) stays \(run.state.rawValue)")
        }
        guard let dag = tables.versions[run.version] else { throw violation("run \(run.runID) lost its version") }
        if run.reason != nil {
            guard run.state == .failed else {
                throw violation("cancelled run \(run.runID) ended \(run.state.rawValue)")
            }
            return
        }
        var states: [TaskID: [TaskState]] = [:]
        for task in dag.tasks {
            let found = self.states(of: task.id, run.key, dag)
            states[task.id] = found
            let upstream = task.upstream.flatMap { states[$0] ?? [] }
            let skippers = IdealOutcome.skippers(of: task, in: dag, run: run.runID) {
                self.states(of: $0, run.key, dag)
            }
            let instances = tables.tasks(of: run.key).filter { $0.instance.task == task.id && $0.state != .removed }
            let isChanged = changedByHand.contains(run.key)
            let isMapped = instances.contains { $0.instance.mapIndex >= 0 }
            for row in instances where (row.instance.mapIndex >= 0) == isMapped {
                guard row.state.isFinished else {
                    throw violation(
                        "task \(row.instance) of \(run.runID), which ended \(run.state.rawValue), is \(row.state.rawValue), "
                            + "try \(row.tryNumber), \(row.reason ?? "no reason")")
                }
                if isChanged { continue }
                // A run again has outcomes of other tries: only the rules apply.
                let isFirst = row.maxTries - lostCount(row.instance) == task.retries
                var expected = IdealOutcome.finalStates(
                    task, named: IdealOutcome.name(row.instance), dag: run.dag.rawValue, run: run.runID,
                    upstream: upstream, countsTries: isFirst)
                if skippers { expected.insert(.skipped) }
                if let held = SetupRules.finalStates(
                    task, in: dag, states: { self.states(of: $0, run.key, dag) })
                {
                    expected.formUnion(held)
                    if !isMapped { expected.subtract([.success, .failed]) }
                }
                // Nothing to map over: the lists themselves are judged in tests of their own.
                if task.isMapped, !isMapped { expected.formUnion([.skipped, .upstreamFailed, .failed]) }
                let lostTooOften = row.lostCount >= configuration.maximumLostInARow
                guard expected.contains(row.state) || lostTooOften else {
                    throw violation("\(row.instance) of \(run.runID) ended \(row.state.rawValue), expected \(expected)")
                }
            }
            guard !instances.isEmpty else { throw violation("task \(task.id) of \(run.runID) has no row") }
        }
        let deciding = Set(SetupRules.deciding(dag))
        let failed = dag.tasks.contains { task in
            deciding.contains(task.id) && (states[task.id] ?? []).contains { $0 == .failed || $0 == .upstreamFailed }
        }
        guard run.state == (failed ? .failed : .success) else {
            throw violation("run \(run.runID) ended \(run.state.rawValue) though its leaves say otherwise")
        }
    }

    private func lostCount(_ key: TaskInstanceKey) -> Int {
        tables.pastAttempts.values.filter { $0.start.instance == key && $0.completion.state == .lost }.count
    }

    /// Every instant up to now is accounted for, once.
    private func judgeLedger(_ dag: DAG) throws {
        guard dag.timetable.isTimeBased, let rows = tables.due[dag.id], let first = rows.first else { return }
        var instants = 0
        var due = dag.timetable.next(after: first.first - .microseconds(1), bounds: dag.bounds)
        while let next = due, next.due <= now {
            instants += 1
            if rows.contains(where: { $0.first <= next.due && next.due <= $0.last && $0.fate.hasRun }) {
                guard !tables.findRuns(dag: dag.id, dates: [next.logicalDate]).isEmpty else {
                    throw violation("\(dag.id) \(next.due.iso8601) is said to have run and has no run")
                }
            }
            due = dag.timetable.next(after: next.due, bounds: dag.bounds)
        }
        let accounted = rows.reduce(0) { $0 + $1.count }
        guard accounted == instants else {
            throw violation("\(dag.id) had \(instants) instants, its ledger has \(accounted)")
        }
    }
}

extension DueFate {
    var hasRun: Bool { self == .ran || self == .caughtUp || self == .backfilled }
}

extension Action {
    /// Whether it asks the store for something that the core waits for.
    var isLookup: Bool {
        switch self {
        case .findRuns, .findPrevious: true
        case .start, .stop, .notify: false
        }
    }
}
