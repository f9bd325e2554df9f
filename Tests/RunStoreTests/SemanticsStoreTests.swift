import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Testing

@Suite("What mapped, waiting and changed tasks leave in every store", .timeLimit(.minutes(2)))
struct SemanticsStoreTests {
    @Test("lengths and names of mapped tasks come back to the next leader", arguments: StoreKind.allCases)
    func mapped(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            let list = TaskInstanceKey(run: run.key, task: TaskID("fetch"))
            let first = TaskInstanceKey(run: run.key, task: TaskID("load"), mapIndex: 0)
            let second = TaskInstanceKey(run: run.key, task: TaskID("load"), mapIndex: 1)
            try await writer.commit(
                .insertDAG(try Sample.dag(), paused: false), .insertRun(run),
                .setOutput(list, key: "return_value", value: [1, 2]), .setMapLength(list, 2),
                .setTask(TaskInstanceRecord(instance: first, state: .none, tryNumber: 0, maxTries: 0)),
                .setTask(TaskInstanceRecord(instance: second, state: .none, tryNumber: 0, maxTries: 0)))
            try await writer.commit(
                .setTask(TaskInstanceRecord(instance: second, state: .success, tryNumber: 1, maxTries: 0)),
                .setOutput(second, key: "return_value", value: "b"), .nameInstance(second, "KRW-ETH"))
            let active = try #require(try await store.snapshot().runs.first)
            #expect(active.mapLengths == [list: 2])
            #expect(active.stored.tasks.count == 2)
            #expect(try await store.outputs(of: TaskID("load"), in: run.key, key: "return_value") == ["b"])
            let detail = try #require(try await store.run(dag: run.dag, runID: run.runID))
            #expect(detail.tasks.map(\.instance.mapIndex) == [-1, 0, 1])
            #expect(detail.tasks.last?.mapName == "KRW-ETH")
            // A row that is written again keeps its name; a cleared list has no length.
            try await writer.commit(
                .setTask(TaskInstanceRecord(instance: second, state: .none, tryNumber: 1, maxTries: 1)),
                .dropOutputs(list))
            let again = try #require(try await store.snapshot().runs.first)
            #expect(again.mapLengths.isEmpty)
            #expect(again.stored.tasks.contains { $0.mapName == "KRW-ETH" })
        }
    }

    @Test("a try put off leaves its place, and the same try takes it again", arguments: StoreKind.allCases)
    func suspended(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            let start = Sample.attempt(10, of: run)
            let next = Sample.attempt(11, of: run)
            let third = Sample.attempt(12, of: run)
            try await writer.commit(
                .insertDAG(try Sample.dag(), paused: false), .insertRun(run), .startAttempt(start))
            try await writer.commit(
                .suspendAttempt(start.attempt),
                .setTask(Sample.task(start, .upForReschedule, retryAt: Sample.hour(60))),
                // Put off again within the batch, and live once more.
                .startAttempt(next), .suspendAttempt(next.attempt), .startAttempt(third))
            #expect(try await store.orphans().map(\.orphan.attempt) == [third.attempt])
            try await writer.commit(.endAttempt(Sample.end(third)), .setTask(Sample.task(third, .success)))
            let detail = try #require(try await store.run(dag: run.dag, runID: run.runID))
            #expect(detail.tasks.first?.tries.map(\.attempt) == [third.attempt])
        }
    }

    @Test("runs are found by what came before, to be changed, and are forgotten", arguments: StoreKind.allCases)
    func runs(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            var runs = (1...3).map { Sample.run($0, epoch: epoch) }
            try await writer.commit([.insertDAG(try Sample.dag(), paused: false)] + runs.map(Change.insertRun))
            let id = runs[0].dag
            #expect(try await store.previousRun(dag: id, before: Sample.hour(3))?.run.key == runs[1].key)
            #expect(try await store.previousRun(dag: id, before: Sample.hour(1)) == nil)
            let around = try await store.runsToChange(dag: id, runID: runs[1].runID, past: true, future: true)
            #expect(around.map(\.stored.run.key) == [runs[1].key, runs[0].key, runs[2].key])
            #expect(around.allSatisfy { $0.dag.id == id })
            #expect(try await store.runsToChange(dag: id, runID: "none", past: true, future: true).isEmpty)
            runs[1].state = .success
            runs[1].endDate = Sample.hour(9)
            let start = Sample.attempt(10, of: runs[1])
            try await writer.commit(
                .startAttempt(start), .endAttempt(Sample.end(start)), .setTask(Sample.task(start, .success)),
                .setOutput(start.instance, key: "return_value", value: 1), .updateRun(runs[1]))
            try await writer.commit(.deleteRun(runs[1].key))
            #expect(try await store.run(dag: id, runID: runs[1].runID) == nil)
            #expect(try await store.outputs(of: start.instance).isEmpty)
            #expect(try await store.previousRun(dag: id, before: Sample.hour(3))?.run.key == runs[0].key)
        }
    }

    @Test("why the scheduler paused a DAG is known until a person unpauses it", arguments: StoreKind.allCases)
    func paused(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            var writer = Writer(store, epoch: try await store.lead())
            let record = try Sample.dag()
            try await writer.commit(.insertDAG(record, paused: false))
            try await writer.commit(.pauseDAG(record.dag.id, reason: "3 runs failed in a row"))
            #expect(try await store.dags().first?.pauseReason == "3 runs failed in a row")
            _ = try await store.setPaused(record.dag.id, false, actor: "test")
            _ = try await store.setPaused(record.dag.id, true, actor: "test")
            #expect(try await store.dags().first?.pauseReason == nil)
        }
    }
}
