import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import TestRandom
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
    var counts = Counts()
    private(set) var tables = MemoryTables()
    private var generator: SeededGenerator
    var now = RandomDAGs.start
    private var epoch: Int64 = 0
    private var core: SchedulerCore
    var documents: [DAGRecord]
    private var uncommitted: [Decision] = []
    private var inFlight: [InFlight] = []
    private var reported: [AttemptEnd] = []
    private var lookups: [Action] = []
    private var nextCommand: Int64 = 1
    let configuration: CoreConfiguration
    /// Runs whose tasks were changed by hand: how they end follows from more than the rules.
    var changedByHand: Set<RunKey> = []

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

    func violation(_ rule: String) -> Violation { Violation(seed: seed, rule: rule) }

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
        case .start, .stop:
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
        if case .trigger(let dag, _, let date?, _) = command {
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

    // MARK: The end

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
            } else if let next = [core.nextWake, inFlight.map(\.endsAt).min()].compactMap({ $0 }).min() {
                now = max(now, next)
                try handle(.wake)
            } else if uncommitted.isEmpty {
                if try !cancelBlocked() { return }
            }
        }
        throw violation("does not come to rest: \(core.activeRunCount) runs are active")
    }
}

extension Action {
    /// Whether it asks the store for something that the core waits for.
    var isLookup: Bool {
        switch self {
        case .findRuns, .findPrevious: true
        case .start, .stop: false
        }
    }
}
