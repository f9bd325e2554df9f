import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore
import SeededRandom
import Testing

/// Random changes such as a leader makes, in random batches, written to both stores.
@Suite("Both stores", .timeLimit(.minutes(2))) struct RandomChangeTests {
    @Test("tell the next leader and every reader the same after any changes", arguments: 1...6 as ClosedRange<UInt64>)
    func agree(seed: UInt64) async throws {
        try await HistoryDatabase.withStore { postgres, _ in
            let memory = InMemoryRunStore()
            var leader = RandomLeader(seed: seed)
            // Two epochs, so that numbers of both are there.
            for holder in [LeaseHolder.first, .second] {
                let epoch = try await postgres.lead(holder)
                #expect(try await memory.lead(holder) == epoch)
                var toPostgres = Writer(postgres, epoch: epoch)
                var toMemory = Writer(memory, epoch: epoch)
                leader.epoch = epoch
                for _ in 0..<12 {
                    let batch = try leader.batch()
                    try await toPostgres.commit(batch)
                    try await toMemory.commit(batch)
                }
                try await expectSame(postgres, memory, seed: seed)
            }
        }
    }

    private func expectSame(_ first: any AnyRunStore, _ second: any AnyRunStore, seed: UInt64) async throws {
        let label: Comment = "seed \(seed)"
        let left = try await first.snapshot()
        let right = try await second.snapshot()
        #expect(left.runs.map(\.stored.run) == right.runs.map(\.stored.run), label)
        #expect(left.runs.map { Set($0.stored.tasks) } == right.runs.map { Set($0.stored.tasks) }, label)
        #expect(left.runs.map(\.attempts) == right.runs.map(\.attempts), label)
        #expect(left.runs.map(\.dag) == right.runs.map(\.dag), label)
        #expect(left.dags.map(\.id) == right.dags.map(\.id), label)
        #expect(left.dags.map(\.version) == right.dags.map(\.version), label)
        #expect(left.dags.map(\.isPaused) == right.dags.map(\.isPaused), label)
        #expect(left.dags.map(\.isActive) == right.dags.map(\.isActive), label)
        #expect(left.dags.map(\.lastDue) == right.dags.map(\.lastDue), label)
        #expect(left.dags.map(\.datesAhead) == right.dags.map(\.datesAhead), label)
        #expect(left.dags.map(\.failuresInARow) == right.dags.map(\.failuresInARow), label)
        #expect(left.backfills == right.backfills && left.queuedEvents == right.queuedEvents, label)
        #expect(try await first.orphans() == second.orphans(), label)
        let runs = try await first.runs(RunQuery(limit: 1000)).runs
        #expect(try await second.runs(RunQuery(limit: 1000)).runs == runs, label)
        for run in runs {
            let one = try #require(try await first.run(dag: run.dag, runID: run.runID))
            #expect(try await second.run(dag: run.dag, runID: run.runID) == one, label)
            for task in one.tasks {
                #expect(try await first.outputs(of: task.instance) == second.outputs(of: task.instance), label)
            }
        }
        for dag in left.dags.map(\.id) {
            #expect(try await first.grid(dag: dag, limit: 20) == second.grid(dag: dag, limit: 20), label)
            #expect(try await first.dueInstants(dag: dag, limit: 50) == second.dueInstants(dag: dag, limit: 50), label)
        }
    }
}

/// Makes changes that keep the rules: a run before its attempts, one live attempt a task, an end only once.
private struct RandomLeader {
    var epoch: Int64 = 1
    private var generator: SeededGenerator
    private var number: Int64 = 0
    private var hour = 0
    private var dags: [DAGRecord] = []
    private var active: [RunRecord] = []
    private var ended: [RunRecord] = []
    private var live: [AttemptStart] = []
    private var tries: [TaskInstanceKey: Int] = [:]
    /// Instances that have a row.
    private var written: Set<TaskInstanceKey> = []
    private var due: [DAGID: DueRecord] = [:]
    private var queued: [Int64] = []

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func next() -> Int64 {
        number += 1
        return number
    }

    mutating func batch() throws -> [Change] {
        var changes: [Change] = []
        for _ in 0..<Int.random(in: 1...40, using: &generator) { changes += try step() }
        return changes
    }

    private mutating func step() throws -> [Change] {
        if dags.count < 2 {
            let record = try Sample.dag(dags.isEmpty ? "prices" : "other")
            dags.append(record)
            return [.insertDAG(record, paused: Bool.random(using: &generator))]
        }
        switch Int.random(in: 0..<20, using: &generator) {
        case 0:
            let place = Int.random(in: 0..<dags.count, using: &generator)
            let id = dags[place].dag.id
            dags[place] = try Sample.dag(
                id.rawValue, tasks: ["fetch", "load"], text: "v\(Int.random(in: 1...3, using: &generator))")
            return [.updateDAG(dags[place])]
        case 1: return [.removeDAG(dags[Int.random(in: 0..<dags.count, using: &generator)].dag.id)]
        case 2:
            return [.pauseDAG(dags[Int.random(in: 0..<dags.count, using: &generator)].dag.id, reason: "r")]
        case 3...7: return [insertRun()]
        case 8...11: return startAttempt()
        case 12...15: return endAttempt()
        case 16: return endRun()
        case 17: return rerun()
        case 18: return account()
        default: return asset()
        }
    }

    private mutating func insertRun() -> Change {
        let record = dags[Int.random(in: 0..<dags.count, using: &generator)]
        hour += 1
        let type = RunType.allCases.randomElement(using: &generator) ?? .manual
        let sample = Sample.run(next(), epoch: epoch, dag: record.dag.id.rawValue, type: type)
        let date = Sample.hour(hour)
        let run = RunRecord(
            key: sample.key, dag: sample.dag, runID: "\(type.rawValue)__\(sample.key)", type: type, state: .running,
            logicalDate: type == .assetTriggered ? nil : date, interval: nil, runAfter: date, queuedAt: date,
            startDate: date, version: record.version,
            backfill: type == .backfill ? BackfillID(rawValue: 5) : nil,
            events: type == .assetTriggered ? DataInterval(start: date, end: date + .seconds(60)) : nil,
            triggeredBy: "x")
        active.append(run)
        return .insertRun(run)
    }

    private mutating func startAttempt() -> [Change] {
        guard let run = active.randomElement(using: &generator) else { return [] }
        let instance = TaskInstanceKey(run: run.key, task: TaskID(Bool.random(using: &generator) ? "fetch" : "load"))
        if live.contains(where: { $0.instance == instance }) { return [] }
        tries[instance, default: 0] += 1
        let start = AttemptStart(
            attempt: AttemptID(rawValue: epoch << 32 | next()), instance: instance, tryNumber: tries[instance] ?? 1,
            maxTries: 9, queuedAt: Sample.hour(hour), startedAt: Sample.hour(hour), pool: "default_pool", poolSlots: 1)
        live.append(start)
        return [.startAttempt(start)]
    }

    private mutating func endAttempt() -> [Change] {
        guard !live.isEmpty else { return [] }
        let start = live.remove(at: Int.random(in: 0..<live.count, using: &generator))
        let state = [AttemptState.success, .failed, .skipped, .lost].randomElement(using: &generator) ?? .success
        let task: TaskState =
            state == .success ? .success : state == .skipped ? .skipped : state == .failed ? .upForRetry : .none
        var changes: [Change] = [
            .endAttempt(Sample.end(start, state, reason: "r", exitCode: 1)),
            .setTask(Sample.task(start, task, reason: "r"), isNew: written.insert(start.instance).inserted),
        ]
        if state == .success {
            changes.append(.setOutput(start.instance, key: "return_value", value: .int(Int64(hour))))
        }
        return changes
    }

    private mutating func endRun() -> [Change] {
        let idle = active.filter { run in !live.contains { $0.instance.run == run.key } }
        guard var run = idle.randomElement(using: &generator) else { return [] }
        active.removeAll { $0.key == run.key }
        run.state = Bool.random(using: &generator) ? .success : .failed
        hour += 1
        run.endDate = Sample.hour(hour)
        ended.append(run)
        return [.updateRun(run)]
    }

    private mutating func rerun() -> [Change] {
        guard !ended.isEmpty else { return [] }
        var run = ended.remove(at: Int.random(in: 0..<ended.count, using: &generator))
        run.state = .running
        run.endDate = nil
        run.conf = ["again": .int(Int64(hour))]
        active.append(run)
        let instance = TaskInstanceKey(run: run.key, task: TaskID("fetch"))
        return [.updateRun(run), .dropOutputs(instance)]
    }

    private mutating func account() -> [Change] {
        guard let id = dags.randomElement(using: &generator)?.dag.id else { return [] }
        hour += 1
        if var last = due[id], Bool.random(using: &generator) {
            last.last = Sample.hour(hour)
            last.count += 1
            due[id] = last
        } else {
            let fate = DueFate.allCases.randomElement(using: &generator) ?? .ran
            due[id] = DueRecord(dag: id, first: Sample.hour(hour), last: Sample.hour(hour), count: 1, fate: fate)
        }
        return due[id].map { [.account($0)] } ?? []
    }

    private mutating func asset() -> [Change] {
        guard let run = active.randomElement(using: &generator) else { return [] }
        if !queued.isEmpty, Bool.random(using: &generator) {
            defer { queued = [] }
            return [.consumeAssetEvents(dag: DAGID("other"), events: queued, run: run.key)]
        }
        let id = epoch << 32 | next()
        queued.append(id)
        let event = AssetEventRecord(
            id: id, asset: "bronze", sourceDAG: run.dag, source: TaskInstanceKey(run: run.key, task: TaskID("load")),
            at: Sample.hour(hour), interval: nil, extra: [:])
        return [.insertAssetEvent(event), .queueAssetEvent(dag: DAGID("other"), event: id)]
    }
}
