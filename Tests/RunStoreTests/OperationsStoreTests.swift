import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Testing

@Suite("Retention, notes and questions of operators in every store", .timeLimit(.minutes(2)))
struct OperationsStoreTests {
    private static func ended(_ number: Int64, _ epoch: Int64, _ state: RunState, at end: Timestamp) -> RunRecord {
        var run = Sample.run(number, epoch: epoch, state: state)
        run.endDate = end
        return run
    }

    @Test("what a rule lets go is the same everywhere, and forgetting it leaves nothing", arguments: StoreKind.allCases)
    func retention(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let states: [RunState] = [.failed, .success, .failed, .success, .success, .success]
            let runs = states.enumerated().map { Self.ended(Int64($0 + 1), epoch, $1, at: Sample.hour(10 + $0)) }
            let live = Sample.run(7, epoch: epoch)
            try await writer.commit([.insertDAG(try Sample.dag(), paused: false), .insertRun(live)])
            try await writer.commit(runs.map { .insertRun($0) })
            let start = Sample.attempt(30, of: live)
            try await writer.commit(.startAttempt(start))

            let history: any RunHistory = store
            func expired(_ before: Timestamp?, _ kept: Int?, limit: Int = 100) async throws -> [String] {
                let rule = RetentionRule(endedBefore: before, keptRuns: kept)
                let found = try await history.expiredRuns(rule, limit: limit)
                return found.map { String($0.runID.drop { !$0.isNumber }) }
            }
            #expect(try await expired(nil, nil).isEmpty)
            #expect(try await expired(Sample.hour(10), nil).isEmpty)
            #expect(try await expired(Sample.hour(12), nil) == ["1", "2"])
            // The newest success and the newest failure stay, however old they are.
            #expect(try await expired(Sample.hour(9_000), nil) == ["1", "2", "4", "5"])
            #expect(try await expired(Sample.hour(9_000), nil, limit: 2) == ["1", "2"])
            // The live run counts as one of the newest.
            #expect(try await expired(nil, 4) == ["1", "2"])
            #expect(try await expired(Sample.hour(11), 4) == ["1", "2"])
            #expect(try await expired(nil, 0) == ["1", "2", "4", "5"])

            let old = runs[1]
            #expect(try await store.setNote("gone soon", on: old.key, task: nil, mapIndex: -1, actor: "me"))
            try await writer.commit(.deleteRun(old.key))
            #expect(try await expired(Sample.hour(12), nil) == ["1"])
            #expect(try await store.notes(of: old.key).isEmpty)
            #expect(try await !store.setNote("too late", on: old.key, task: nil, mapIndex: -1, actor: "me"))
        }
    }

    @Test("pools are made, changed and removed, but for the default one", arguments: StoreKind.allCases)
    func pools(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let history: any RunHistory = store
            try await store.setPool("upbit", slots: 2, description: "requests", actor: "me")
            try await store.setPool("upbit", slots: -1, description: nil, actor: "me")
            try await store.setPool("closed", slots: 0, description: nil, actor: "me")
            #expect(try await store.poolSlots() == ["closed": 0, "default_pool": 128, "upbit": -1])
            let uses = try await history.poolUses()
            #expect(uses.map(\.name) == ["closed", "default_pool", "upbit"])
            #expect(uses.last?.description == "requests")
            #expect(uses.last?.isUnlimited == true)
            #expect(try await history.poolUse("upbit") == uses.last)
            #expect(try await store.deletePool("upbit", actor: "me"))
            #expect(try await !store.deletePool("upbit", actor: "me"))
            #expect(try await !store.deletePool("default_pool", actor: "me"))
            #expect(try await store.poolSlots() == ["closed": 0, "default_pool": 128])
        }
    }

    @Test("answered commands of long ago go, those that wait stay", arguments: StoreKind.allCases)
    func commands(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let first = try await store.submit(
                .cancelRun(dag: DAGID("d"), runID: "r"), actor: "me", idempotencyKey: nil)
            let second = try await store.submit(
                .cancelRun(dag: DAGID("d"), runID: "s"), actor: "me", idempotencyKey: nil)
            try await writer.commit(.finishCommand(first, .done))
            let now = Timestamp.now()
            #expect(try await store.pruneRecords(before: now - .seconds(3_600), limit: 10) == 0)
            #expect(try await store.outcome(of: first) == .done)
            _ = try await store.pruneRecords(before: now + .seconds(3_600), limit: 10)
            #expect(try await store.pendingCommands(limit: 10).count == 1)
            #expect(try await store.outcome(of: second) == nil)
            if kind == .postgres { #expect(try await store.outcome(of: first) == nil) }
        }
    }

    @Test("a note is replaced and removed, each task has its own", arguments: StoreKind.allCases)
    func notes(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            try await writer.commit(.insertDAG(try Sample.dag(), paused: false), .insertRun(run))
            let task = TaskID("load")
            #expect(try await store.setNote("first", on: run.key, task: nil, mapIndex: -1, actor: "me"))
            #expect(try await store.setNote("of a task", on: run.key, task: task, mapIndex: 3, actor: "you"))
            #expect(try await store.setNote("second", on: run.key, task: nil, mapIndex: -1, actor: "you"))
            let notes = try await store.notes(of: run.key)
            #expect(notes.map(\.text) == ["second", "of a task"])
            #expect(notes.map(\.author) == ["you", "you"])
            #expect(notes.map(\.task) == [nil, task])
            #expect(notes.map(\.mapIndex) == [-1, 3])
            #expect(try await store.setNote(nil, on: run.key, task: nil, mapIndex: -1, actor: "me"))
            #expect(try await store.notes(of: run.key).map(\.text) == ["of a task"])
        }
    }

    @Test("texts of versions, holders of a pool and runs at dates are found", arguments: StoreKind.allCases)
    func questions(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            let start = Sample.attempt(10, of: run)
            try await writer.commit(
                .insertDAG(try Sample.dag(), paused: false), .insertRun(run), .startAttempt(start))
            try await writer.commit(.updateDAG(try Sample.dag(text: "v2")))
            let old = try await store.sourceText(of: run.dag, version: DAGVersionID(rawValue: "prices-v1"))
            #expect(old == "dag_id: prices # v1")
            #expect(try await store.sourceText(of: run.dag, version: DAGVersionID(rawValue: "none")) == nil)
            let use = try #require(try await store.poolUse("default_pool"))
            #expect(use.slots == 128)
            #expect(use.free == 127)
            #expect(
                use.holders == [
                    PoolHolder(
                        dag: run.dag, runID: run.runID, task: TaskID("fetch"), mapIndex: -1, slots: 1,
                        since: start.startedAt)
                ])
            #expect(try await store.poolUse("none") == nil)
            let dates = [Sample.hour(1), Sample.hour(2)]
            #expect(try await store.runs(of: run.dag, at: dates).map(\.key) == [run.key])
        }
    }
}
