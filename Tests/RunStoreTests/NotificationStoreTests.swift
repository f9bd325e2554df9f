import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Testing

@Suite("Notifications in every store", .timeLimit(.minutes(2))) struct NotificationStoreTests {
    @Test("come back to the next leader until they have ended, and go with their run", arguments: StoreKind.allCases)
    func life(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            var run = Sample.run(1, epoch: epoch)
            let arguments: [String: Argument] = [
                "text": .template("{{ reason }} \u{0}"), "blocks": .list([.output(task: TaskID("fetch"), key: nil)]),
                "data": .map(["a": .value([1, "ü"])]),
            ]
            func record(_ number: Int64, of task: String?) -> NotificationRecord {
                NotificationRecord(
                    id: NotificationID(rawValue: epoch << 32 | number), dag: run.dag, run: run.key, runID: run.runID,
                    task: task.map { TaskInstanceKey(run: run.key, task: TaskID($0), mapIndex: 3) },
                    isOfDAG: task == nil, tryNumber: 2, maxTries: 4,
                    callback: Callback(event: .failure, notifier: "slack", arguments: arguments),
                    reason: task.map { "\($0) failed" }, deadline: Sample.hour(5), createdAt: Sample.hour(2))
            }
            var first = record(100, of: "fetch")
            var second = record(101, of: nil)
            try await writer.commit(
                .insertDAG(try Sample.dag(), paused: false), .insertRun(run), .setNotification(first),
                .setNotification(second))
            #expect(try await store.snapshot().notifications == [first, second])
            first.deliveries = 1
            first.nextAt = Sample.hour(3)
            first.lastError = "busy"
            second.deliveries = 1
            second.state = .delivered
            second.endedAt = Sample.hour(4)
            // The run has ended: what is to be told of it has not.
            run.state = .failed
            run.endDate = Sample.hour(2)
            try await writer.commit(.updateRun(run), .setNotification(first), .setNotification(second))
            #expect(try await store.snapshot().notifications == [first])
            #expect(try await store.snapshot().runs.isEmpty)
            #expect(try await store.run(dag: run.dag, runID: run.runID)?.notifications == [first, second])
            // Set and forgotten in one batch.
            try await writer.commit(.setNotification(first), .deleteRun(run.key))
            #expect(try await store.snapshot().notifications.isEmpty)
        }
    }

    @Test("missed deadlines of a run come back with it", arguments: StoreKind.allCases)
    func deadlines(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            var run = Sample.run(1, epoch: epoch)
            try await writer.commit(.insertDAG(try Sample.dag(), paused: false), .insertRun(run))
            #expect(try await store.snapshot().runs.first?.stored.run.missedDeadlines == [])
            run.missedDeadlines = [
                DeadlineMiss(position: 1, deadline: Sample.hour(3), noticedAt: Sample.hour(4)),
                DeadlineMiss(position: 0, deadline: Sample.hour(5), noticedAt: Sample.hour(5)),
            ]
            try await writer.commit(.updateRun(run))
            #expect(try await store.snapshot().runs.first?.stored.run == run)
        }
    }

    @Test("events of an asset are found by time, in either order", arguments: StoreKind.allCases)
    func assetEvents(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            let source = TaskInstanceKey(run: run.key, task: TaskID("load"))
            let events = (1...4).map { number in
                AssetEventRecord(
                    id: epoch << 32 | Int64(number), asset: number == 3 ? "other" : "prices", sourceDAG: run.dag,
                    source: source, at: Sample.hour(number), interval: run.interval, extra: ["n": .int(Int64(number))])
            }
            try await writer.commit(
                [.insertDAG(try Sample.dag(), paused: false), .insertRun(run)] + events.map(Change.insertAssetEvent))
            func found(_ after: Int?, _ before: Int?, ascending: Bool = true, limit: Int = 10) async throws -> [Int64] {
                try await store.assetEvents(
                    AssetEventQuery(
                        asset: "prices", after: after.map(Sample.hour), before: before.map(Sample.hour),
                        isAscending: ascending, limit: limit)
                ).map { $0.id & 0xFF }
            }
            #expect(try await found(nil, nil) == [1, 2, 4])
            #expect(try await found(2, 4) == [2, 4])
            #expect(try await found(nil, 3, ascending: false) == [2, 1])
            #expect(try await found(nil, nil, ascending: false, limit: 1) == [4])
            let first = try #require(
                try await store.assetEvents(
                    AssetEventQuery(asset: "prices", after: nil, before: nil, isAscending: true, limit: 1)
                ).first)
            #expect(first == events[0])
        }
    }
}
