import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing

@Suite("Runtimes in every store", .timeLimit(.minutes(2))) struct RuntimeStoreTests {
    @Test(
        "of successful runs that had ended are found, the newest first, and not of others",
        arguments: StoreKind.allCases)
    func found(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            /// A run of hour `number` that took as many seconds, and ended in hour `end`.
            func run(_ number: Int64, dag: String = "prices", end: Int?, _ state: RunState = .success) -> RunRecord {
                var run = Sample.run(number, epoch: epoch, dag: dag, state: state, dated: number != 4)
                run.endDate = end.map { Sample.hour($0) }
                run.startDate = end.map { Sample.hour($0) - .seconds(number) - .microseconds(1) }
                return run
            }
            var neverBegan = run(7, end: 9)
            neverBegan.startDate = nil
            let runs = [
                // The first run ended last: a backfill, say.
                run(1, end: 20), run(2, end: 3), run(3, end: 4, .failed), run(4, end: 5), run(5, end: 6),
                run(6, end: nil, .running), neverBegan, run(8, dag: "other", end: 9),
            ]
            try await writer.commit(
                [.insertDAG(try Sample.dag(), paused: false), .insertDAG(try Sample.dag("other"), paused: false)]
                    + runs.map(Change.insertRun))
            func seconds(by hour: Int, limit: Int = 10, of dag: String = "prices") async throws -> [Duration] {
                try await store.runtimes(of: DAGID(dag), endedBy: Sample.hour(hour), limit: limit)
            }
            func expected(_ numbers: Int...) -> [Duration] { numbers.map { .seconds($0) + .microseconds(1) } }
            #expect(try await seconds(by: 30) == expected(5, 4, 2, 1))
            #expect(try await seconds(by: 30, limit: 2) == expected(5, 4))
            #expect(try await seconds(by: 6) == expected(5, 4, 2))
            #expect(try await seconds(by: 5) == expected(4, 2))
            #expect(try await seconds(by: 2) == [])
            #expect(try await seconds(by: 30, of: "other") == expected(8))
            #expect(try await seconds(by: 30, of: "nothing") == [])
        }
    }

    @Test("no more runs are looked at than the horizon says", arguments: StoreKind.allCases)
    func horizon(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let runs = (1...Int64(AverageRuntime.horizon) + 1).map { number in
                var run = Sample.run(number, epoch: epoch, state: number <= 2 ? .success : .failed)
                run.endDate = run.startDate.map { $0 + .seconds(number) }
                return run
            }
            try await writer.commit([.insertDAG(try Sample.dag(), paused: false)] + runs.map(Change.insertRun))
            // All runs under way are passed over, however many they are.
            let active = (5_001...5_050).map { Sample.run($0, epoch: epoch) }
            try await writer.commit(active.map(Change.insertRun))
            let found = try await store.runtimes(of: runs[0].dag, endedBy: Sample.hour(100_000), limit: 10)
            #expect(found == [.seconds(2)])
        }
    }

    @Test("what a run counts with comes back with it", arguments: StoreKind.allCases)
    func kept(kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            var run = Sample.run(1, epoch: epoch)
            try await writer.commit(.insertDAG(try Sample.dag(), paused: false), .insertRun(run))
            #expect(try await store.snapshot().runs.first?.stored.run.averageRuntimes == [])
            run.averageRuntimes = [
                AverageRuntime(position: 0, durations: [.microseconds(7)], maximumRuns: 3, minimumRuns: 1),
                AverageRuntime(position: 2, durations: [.seconds(3)], maximumRuns: 3, minimumRuns: 2),
            ]
            try await writer.commit(.updateRun(run))
            #expect(try await store.snapshot().runs.first?.stored.run == run)
            #expect(try await store.run(dag: run.dag, runID: run.runID)?.run == run)
            // Given with its first row, and taken away again.
            var other = Sample.run(2, epoch: epoch)
            other.averageRuntimes = run.averageRuntimes
            run.averageRuntimes = []
            try await writer.commit(.insertRun(other), .updateRun(run))
            #expect(try await store.snapshot().runs.map(\.stored.run) == [run, other])
        }
    }
}
