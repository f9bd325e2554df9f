import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Testing

@Suite("Every store", .timeLimit(.minutes(2))) struct ConformanceTests {
    @Test("gives the lease to one holder at a time, with rising epochs", arguments: StoreKind.allCases)
    func lease(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            #expect(try await store.currentLease() == nil)
            #expect(try await store.acquireLease(holder: .first, ttl: .seconds(600), provenDead: nil)?.epoch == 1)
            #expect(try await store.acquireLease(holder: .second, ttl: .seconds(600), provenDead: nil) == nil)
            #expect(try await store.acquireLease(holder: .second, ttl: .seconds(600), provenDead: 7) == nil)
            #expect(try await store.renewLease(epoch: 1, ttl: .seconds(600)))
            let status = try #require(try await store.currentLease())
            #expect(status.isAlive && status.holder == .first && status.expiresAt > status.renewedAt)
            #expect(try await store.acquireLease(holder: .second, ttl: .seconds(600), provenDead: 1)?.epoch == 2)
            #expect(try await !store.renewLease(epoch: 1, ttl: .seconds(600)))
            try await store.releaseLease(epoch: 1)
            #expect(try await store.currentLease()?.isAlive == true)
            try await store.releaseLease(epoch: 2)
            #expect(try await store.currentLease()?.isAlive == false)
            #expect(try await store.acquireLease(holder: .first, ttl: .zero, provenDead: nil)?.epoch == 3)
            #expect(try await store.acquireLease(holder: .second, ttl: .seconds(9), provenDead: nil)?.epoch == 4)
            #expect(try await store.schedulerHealth().lease?.epoch == 4)
        }
    }

    @Test("refuses an old epoch and then writes nothing", arguments: StoreKind.allCases)
    func fencing(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let old = try await store.lead()
            let new = try await store.lead(.second)
            var writer = Writer(store, epoch: old)
            let record = try Sample.dag()
            await #expect(throws: RunStoreError.fenced(epoch: old)) {
                try await writer.commit(.insertDAG(record, paused: false))
            }
            #expect(try await store.dags().isEmpty)
            var successor = Writer(store, epoch: new)
            try await successor.commit(.insertDAG(record, paused: false))
            #expect(try await store.dags().count == 1)
        }
    }

    @Test("applies a batch once, however often it is sent", arguments: StoreKind.allCases)
    func repeatedBatch(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            let batch = CommitBatch(
                epoch: epoch, number: 1,
                changes: [.insertDAG(try Sample.dag(), paused: true), .insertRun(Sample.run(1, epoch: epoch))],
                processes: [:])
            for _ in 0..<3 { try await store.commit(batch) }
            #expect(try await store.runs(RunQuery()).runs.count == 1)
        }
    }

    @Test("refuses a batch before the one before it is there, and takes it after", arguments: StoreKind.allCases)
    func earlyBatch(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            let first = CommitBatch(
                epoch: epoch, number: 1, changes: [.insertDAG(try Sample.dag(), paused: true)], processes: [:])
            let second = CommitBatch(
                epoch: epoch, number: 2, changes: [.insertRun(Sample.run(1, epoch: epoch))], processes: [:])
            await #expect(throws: RunStoreError.early(number: 2)) { try await store.commit(second) }
            #expect(try await store.runs(RunQuery()).runs.isEmpty)
            for batch in [first, second, first, second] { try await store.commit(batch) }
            #expect(try await store.runs(RunQuery()).runs.count == 1)
        }
    }

    @Test("keeps a run's life over many batches and within one", arguments: StoreKind.allCases)
    func life(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            var run = Sample.run(1, epoch: epoch, state: .queued)
            let fetch = Sample.attempt(10, of: run)
            let again = Sample.attempt(11, of: run, tryNumber: 2)
            let load = Sample.attempt(12, of: run, task: "load")
            let process = ProcessRecord(host: "one", bootID: "b", pid: 42, startTicks: .max)

            try await writer.commit(.insertDAG(try Sample.dag(), paused: false), .insertRun(run))
            #expect(try await store.snapshot().runs.map(\.stored.run) == [run])
            run.state = .running
            run.startDate = Sample.hour(50)
            try await writer.commit([.updateRun(run), .startAttempt(fetch)], processes: [fetch.attempt: process])
            #expect(
                try await store.orphans() == [
                    StoredOrphan(orphan: OrphanedAttempt(attempt: fetch.attempt, process: process))
                ])
            var detail = try #require(try await store.run(dag: run.dag, runID: run.runID))
            #expect(detail.run == run && detail.versionNumber == 1)
            #expect(detail.tasks.map(\.state) == [.running, .none])
            #expect(detail.tasks[0].tries.map(\.process) == [process])

            let retry = Sample.task(fetch, .upForRetry, reason: "exit 3, \u{0}", retryAt: Sample.hour(60))
            try await writer.commit(
                .endAttempt(Sample.end(fetch, .failed, reason: "exit 3", exitCode: 3)),
                .setTask(retry, isNew: true))
            let active = try #require(try await store.snapshot().runs.first)
            #expect(active.attempts.isEmpty)
            #expect(
                active.stored.tasks.map(\.state) == [.upForRetry]
                    && active.stored.tasks.map(\.retryAt) == [Sample.hour(60)])
            #expect(try await store.orphans().isEmpty)

            // One batch: a try ends as it starts, another starts and ends, the run too.
            run.state = .success
            run.endDate = Sample.hour(52)
            try await writer.commit(
                [
                    .startAttempt(again), .endAttempt(Sample.end(again)), .setTask(Sample.task(again, .failed)),
                    .setTask(Sample.task(again, .success)), .setOutput(again.instance, key: "return_value", value: 1),
                    .setOutput(again.instance, key: "return_value", value: ["a": "x\u{0}y", "b": [1.5, nil, true]]),
                    .startAttempt(load), .endAttempt(Sample.end(load, .skipped, reason: "nothing")),
                    .setTask(Sample.task(load, .none), isNew: true), .setTask(Sample.task(load, .skipped)),
                    .updateRun(run),
                ], processes: [load.attempt: process])
            detail = try #require(try await store.run(dag: run.dag, runID: run.runID))
            #expect(detail.run == run)
            #expect(detail.tasks.map(\.state) == [.success, .skipped])
            #expect(detail.tasks[0].tries.map(\.state) == [.failed, .success])
            #expect(detail.tasks[0].tries[0].exitCode == 3 && detail.tasks[0].tries[0].endedAt == Sample.hour(51))
            #expect(detail.tasks[1].tries.map(\.process) == [process])
            #expect(
                try await store.output(of: again.instance, key: "return_value") == [
                    "a": "x\u{0}y", "b": [1.5, nil, true],
                ])
            #expect(try await store.snapshot().runs.isEmpty)
            let grid = try #require(try await store.grid(dag: run.dag, limit: 10))
            #expect(grid.tasks.map(\.rawValue) == ["fetch", "load"])
            #expect(
                grid.runs.first?.cells.mapValues(\.state)
                    == ["fetch": .success, "load": .skipped].mapKeys(TaskID.init(_:)))

            // Made to run again: outputs go, tries count on.
            run.state = .running
            run.endDate = nil
            run.conf = ["again": true]
            try await writer.commit(
                .updateRun(run), .dropOutputs(again.instance), .setTask(Sample.task(again, .none)))
            #expect(try await store.output(of: again.instance, key: "return_value") == nil)
            #expect(try await store.snapshot().runs.map(\.stored.run) == [run])
            #expect(
                try await store.findRuns(dag: run.dag, dates: [Sample.hour(1), Sample.hour(2)]).map(\.run) == [run])
            #expect(try await store.findRun(dag: run.dag, runID: run.runID)?.tasks.count == 2)
            #expect(try await store.runCounts()[.running] == 1)
        }
    }

    @Test("tells a try that is replaced in the batch in which it ends", arguments: StoreKind.allCases)
    func replacedTry(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            let first = Sample.attempt(10, of: run)
            let second = Sample.attempt(11, of: run, tryNumber: 2)
            try await writer.commit(.insertDAG(try Sample.dag(), paused: false), .insertRun(run), .startAttempt(first))
            try await writer.commit(
                .endAttempt(Sample.end(first, .lost, reason: "gone")), .setTask(Sample.task(first, .none)),
                .startAttempt(second))
            let detail = try #require(try await store.run(dag: run.dag, runID: run.runID))
            #expect(detail.tasks[0].state == .running && detail.tasks[0].tries.map(\.state) == [.lost, .running])
        }
    }

    @Test("keeps versions, flags and what is gone of DAGs", arguments: StoreKind.allCases)
    func dags(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let first = try Sample.dag()
            let second = try Sample.dag(tasks: ["fetch", "check", "load"], text: "v2")
            let id = first.dag.id
            try await writer.commit(.insertDAG(first, paused: true), .updateDAG(second), .updateDAG(first))
            var detail = try #require(try await store.dag(id))
            #expect(detail.definition == first.dag && detail.sourceText == first.sourceText)
            #expect(detail.versions.map(\.number) == [2, 1] && detail.summary.versionNumber == 1)
            #expect(detail.summary.isPaused && detail.summary.isActive && detail.summary.tags == first.dag.tags)
            #expect(detail.summary.timetable == first.dag.timetable && detail.summary.bounds == first.dag.bounds)
            #expect(try await store.setPaused(id, false, actor: "me"))
            #expect(try await !store.setPaused(DAGID("none"), false, actor: "me"))
            try await writer.commit(.updateDAG(second), .removeDAG(id))
            detail = try #require(try await store.dag(id))
            #expect(!detail.summary.isActive && !detail.summary.isPaused && detail.summary.taskCount == 3)
            try await writer.commit(.removeDAG(id), .updateDAG(second), .pauseDAG(id, reason: "3 runs failed"))
            #expect(try await store.pausedFlags() == [id: true])
            #expect(try await store.snapshot().dags.map(\.isActive) == [true])
            #expect(try await store.dag(DAGID("none")) == nil)
        }
    }

    @Test("keeps ledger, assets and backfills for the next leader", arguments: StoreKind.allCases)
    func schedules(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            let id = run.dag
            let event = AssetEventRecord(
                id: epoch << 32 | 90, asset: "bronze", sourceDAG: id,
                source: TaskInstanceKey(run: run.key, task: TaskID("load")), at: Sample.hour(3), interval: run.interval,
                extra: ["rows": 5])
            var backfill = BackfillRecord(
                id: BackfillID(rawValue: epoch << 32 | 91), dag: id, from: Sample.hour(0), to: Sample.hour(9),
                reprocess: .failed, maxActive: 2, conf: [:], backwards: true, state: .running, total: 10,
                createdAt: Sample.hour(20),
                triggeredBy: "me")
            try await writer.commit(
                .insertDAG(try Sample.dag(), paused: false), .insertRun(run),
                .account(DueRecord(dag: id, first: Sample.hour(1), last: Sample.hour(1), count: 1, fate: .ran)),
                .account(DueRecord(dag: id, first: Sample.hour(1), last: Sample.hour(2), count: 2, fate: .ran)),
                .account(DueRecord(dag: id, first: Sample.hour(3), last: Sample.hour(3), count: 1, fate: .paused)),
                .insertAssetEvent(event), .queueAssetEvent(dag: DAGID("silver"), event: event.id),
                .queueAssetEvent(dag: DAGID("gold"), event: event.id),
                .consumeAssetEvents(dag: DAGID("gold"), events: [event.id], run: run.key), .setBackfill(backfill))
            var snapshot = try await store.snapshot()
            #expect(snapshot.dags.first?.lastDue?.fate == .paused)
            #expect(snapshot.queuedEvents == [DAGID("silver"): [event]])
            #expect(snapshot.backfills == [backfill] && snapshot.pools == ["default_pool": 128])
            #expect(try await store.dueInstants(dag: id, limit: 5).map(\.count) == [1, 2])
            #expect(try await store.dueInstants(dag: id, limit: 1).count == 1)
            backfill.state = .cancelled
            backfill.cursor = Sample.hour(4)
            backfill.created = 3
            try await writer.commit(
                .setBackfill(backfill), .consumeAssetEvents(dag: DAGID("silver"), events: [event.id], run: run.key))
            snapshot = try await store.snapshot()
            // Cancelled, but its runs go on: it has not ended.
            #expect(snapshot.backfills == [backfill] && snapshot.queuedEvents.isEmpty)
            backfill.endedAt = Sample.hour(30)
            try await writer.commit(.setBackfill(backfill))
            #expect(try await store.snapshot().backfills.isEmpty)
            #expect(try await store.backfills(dag: nil, limit: 5) == [backfill])
            #expect(try await store.backfills(dag: DAGID("none"), limit: 5).isEmpty)
            #expect(try await store.backfill(backfill.id) == backfill)
        }
    }

    @Test("takes commands once and tells what became of them", arguments: StoreKind.allCases)
    func commands(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            var wakeups = await store.wakeups().makeAsyncIterator()
            _ = await wakeups.next()
            let command = Command.trigger(
                dag: DAGID("prices"), runID: nil, logicalDate: Sample.hour(1), conf: ["z": "\u{0}"])
            let id = try await store.submit(command, actor: "me", idempotencyKey: "k")
            await wakeups.next()
            #expect(
                try await store.submit(.cancelRun(dag: DAGID("a"), runID: "b"), actor: "you", idempotencyKey: "k") == id
            )
            let other = try await store.submit(command, actor: "you", idempotencyKey: nil)
            #expect(
                try await store.pendingCommands(limit: 5) == [
                    .readable(PendingCommand(id: id, command: command, actor: "me")),
                    .readable(PendingCommand(id: other, command: command, actor: "you")),
                ])
            #expect(try await store.pendingCommands(limit: 1).count == 1)
            #expect(try await store.schedulerHealth().pendingCommands == 2)
            #expect(try await store.outcome(of: id) == nil)
            #expect(try await store.waitForOutcome(of: id, timeout: .zero) == nil)
            async let waited = store.waitForOutcome(of: other, timeout: .seconds(60))
            try await writer.commit(.finishCommand(id, .done), .finishCommand(other, .refused("no “such” DAG")))
            #expect(try await store.outcome(of: id) == .done)
            #expect(try await waited == .refused("no “such” DAG"))
            #expect(try await store.pendingCommands(limit: 5).isEmpty)
        }
    }

    @Test("replaces what is known of broken documents", arguments: StoreKind.allCases)
    func importErrors(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            func record(_ file: String, _ message: String, dag: DAGID? = nil) -> ImportErrorRecord {
                let place = SourcePlace(file: file, line: 3, column: 1)
                return ImportErrorRecord(file: file, diagnostics: [Diagnostic(at: place, message, hint: "x", dag: dag)])
            }
            try await store.setImportErrors([record("b.yaml", "one"), record("a.yaml", "two")])
            #expect(try await store.importErrors() == [record("a.yaml", "two"), record("b.yaml", "one")])
            try await store.setImportErrors([record("b.yaml", "three", dag: DAGID("prices"))])
            #expect(try await store.importErrors() == [record("b.yaml", "three", dag: DAGID("prices"))])
            try await store.setImportErrors([])
            #expect(try await store.importErrors().isEmpty)
        }
    }

    @Test("lists runs in pages without gaps or repetition", arguments: StoreKind.allCases)
    func paging(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let runs = (1...25).map { number -> RunRecord in
                var run = Sample.run(
                    Int64(number), epoch: epoch, type: number % 2 == 0 ? .scheduled : .manual, dated: false)
                // Several at one instant.
                run.runAfter = Sample.hour(number / 4)
                if number % 5 == 0 { run.state = .failed }
                return run
            }
            try await writer.commit([.insertDAG(try Sample.dag(), paused: false)] + runs.map(Change.insertRun))
            for dag in [DAGID("prices"), nil] {
                var query = RunQuery(dag: dag, limit: 4)
                var seen: [RunRecord] = []
                repeat {
                    let page = try await store.runs(query)
                    seen += page.runs
                    query.before = page.next.flatMap { RunCursor($0.description) }
                } while query.before != nil
                #expect(seen.map(\.key) == runs.reversed().map(\.key))
            }
            #expect(try await store.runs(RunQuery(states: [.failed])).runs.count == 5)
            #expect(try await store.runs(RunQuery(states: [.queued, .running], types: [.manual])).runs.count == 10)
            #expect(
                try await store.dags(lastRuns: 3).first?.lastRuns.map(\.key) == runs.suffix(3).reversed().map(\.key))
            #expect(try await store.dags().first?.activeRuns == 20)
        }
    }

    @Test("finds runs by their logical dates, and counts those of backfills by state", arguments: StoreKind.allCases)
    func filters(_ kind: StoreKind) async throws {
        try await HistoryDatabase.withStore(kind) { store in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let backfill = BackfillID(rawValue: epoch << 32 | 500)
            let runs = (1...4).map { number -> RunRecord in
                var run = Sample.run(Int64(number), epoch: epoch, dated: false)
                run.logicalDate = number == 4 ? nil : Sample.hour(number)
                if number < 3 { run.backfill = backfill }
                if number == 1 { run.state = .failed }
                return run
            }
            try await writer.commit([.insertDAG(try Sample.dag(), paused: false)] + runs.map(Change.insertRun))
            func dates(_ from: Int?, _ to: Int?) async throws -> [Timestamp?] {
                let query = RunQuery(from: from.map { Sample.hour($0) }, to: to.map { Sample.hour($0) })
                return try await store.runs(query).runs.map(\.logicalDate).sorted { ($0 ?? .epoch) < ($1 ?? .epoch) }
            }
            #expect(try await dates(2, nil) == [Sample.hour(2), Sample.hour(3)])
            #expect(try await dates(nil, 2) == [Sample.hour(1), Sample.hour(2)])
            #expect(try await dates(2, 2) == [Sample.hour(2)])
            let other = BackfillID(rawValue: 1)
            let states = try await store.runStates(of: [backfill, other])
            #expect(states[backfill]?[.failed] == 1)
            #expect(states[backfill]?.values.reduce(0, +) == 2)
            #expect(states[other] == nil)
        }
    }
}

extension Dictionary {
    fileprivate func mapKeys<Other: Hashable>(_ transform: (Key) -> Other) -> [Other: Value] {
        Dictionary<Other, Value>(uniqueKeysWithValues: map { (transform($0.key), $0.value) })
    }
}
