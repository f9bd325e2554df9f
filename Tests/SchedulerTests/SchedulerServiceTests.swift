import CivilTime
import DAGModel
import Execution
import RunStore
import Scheduler
import SchedulerCore
import Synchronization
import Testing
import Timetables

@Suite("Scheduler service", .timeLimit(.minutes(1))) struct SchedulerServiceTests {
    @Test("a triggered chain runs in order, each start committed before its task is carried out")
    func chain() async throws {
        let store = InMemoryRunStore()
        let log = CommitLog()
        let begun = Mutex<[String]>([])
        let executor = ScriptedExecutor { launch in
            let isCommitted = log.changes.contains { change in
                if case .startAttempt(let start) = change { return start.attempt == launch.attempt }
                return false
            }
            begun.withLock { $0.append("\(launch.task.id)\(isCommitted ? "" : " before its commit")") }
            return AttemptEnd(attempt: launch.attempt, state: .success, output: .string("from \(launch.task.id)"))
        }
        let record = Fixture.dag(
            "chain",
            tasks: [
                Fixture.task("a"), Fixture.task("b", needs: ["a"]), Fixture.task("c", needs: ["b"]),
            ])
        try await Fixture.leading(Fixture.service(store, [record], log, executor: executor)) {
            try await Fixture.trigger("chain", on: store)
            await log.waitForEnds(of: 1)
        }
        #expect(begun.withLock { $0 } == ["a", "b", "c"])
        let page = try await store.runs(RunQuery(dag: DAGID("chain")))
        let run = try #require(page.runs.first)
        #expect(run.state == .success)
        let output = try await store.output(
            of: TaskInstanceKey(run: run.key, task: TaskID("b")), key: "return_value")
        #expect(output == "from b")
    }

    @Test("a pool made while a scheduler leads lets the tasks start that waited for it")
    func newPool() async throws {
        let store = InMemoryRunStore()
        let log = CommitLog()
        var task = Fixture.task("a")
        task.pool = "late"
        let record = Fixture.dag("pooled", tasks: [Fixture.task("first"), task])
        try await Fixture.leading(Fixture.service(store, [record], log)) {
            try await Fixture.trigger("pooled", on: store)
            // The one in the default pool ends; the other has been looked at by then, and waits.
            await log.wait { $0.contains { if case .endAttempt = $0 { true } else { false } } }
            try await store.setPool("other", slots: 1, description: nil, actor: "test")
            var told = log.closedPools.stream.makeAsyncIterator()
            #expect(await told.next() == ["late"])
            try await store.setPool("late", slots: 1, description: nil, actor: "test")
            await log.waitForEnds(of: 1)
        }
        #expect(try await store.runs(RunQuery(dag: DAGID("pooled"))).runs.first?.state == .success)
    }

    @Test("thousands of new documents are committed in pieces")
    func manyDocuments() async throws {
        let log = CommitLog()
        let records = (0..<1_200).map { Fixture.dag("dag\($0)", tasks: [Fixture.task("a")]) }
        try await Fixture.leading(Fixture.service(InMemoryRunStore(), records, log)) {
            await log.wait { $0.count >= 1_200 }
        }
        #expect(log.batches.map(\.count).max() == SchedulerSettings().batchLimit)
        let known = log.changes.compactMap { change in
            if case .insertDAG(let record, _) = change { return record.dag.id }
            return nil
        }
        #expect(known == records.map(\.dag.id))
    }

    @Test("a failed try is followed by the next, and the last one decides")
    func retries() async throws {
        let store = InMemoryRunStore()
        let log = CommitLog()
        let executor = ScriptedExecutor { launch in
            AttemptEnd(
                attempt: launch.attempt, state: launch.tryNumber < 3 ? .failed : .success,
                reason: launch.tryNumber < 3 ? "try \(launch.tryNumber)" : nil)
        }
        let record = Fixture.dag("retried", tasks: [Fixture.task("a", retries: 2)])
        try await Fixture.leading(Fixture.service(store, [record], log, executor: executor)) {
            try await Fixture.trigger("retried", on: store)
            await log.waitForEnds(of: 1)
        }
        let (run, tries) = try await Self.onlyRun(of: "retried", in: store)
        #expect(run.state == RunState.success)
        #expect(tries.map(\.state) == [AttemptState.failed, .failed, .success])
    }

    @Test("what a stopped scheduler interrupts, the next one does again without using up a retry")
    func interrupted() async throws {
        let store = InMemoryRunStore()
        let record = Fixture.dag("long", tasks: [Fixture.task("a")])
        let first = CommitLog()
        try await Fixture.leading(
            Fixture.service(store, [record], first, executor: ScriptedExecutor(untilCancelled))
        ) {
            try await Fixture.trigger("long", on: store)
            await first.wait { $0.contains { if case .startAttempt = $0 { true } else { false } } }
        }
        let second = CommitLog()
        try await Fixture.leading(Fixture.service(store, [record], second)) { await second.waitForEnds(of: 1) }
        let (run, tries) = try await Self.onlyRun(of: "long", in: store)
        #expect(run.state == RunState.success)
        #expect(tries.map(\.state) == [AttemptState.lost, .success])
        #expect(tries.first?.reason == "the scheduler was stopped")
    }

    @Test("a takeover makes the old attempts dead, then does them again; the old leader cannot write any more")
    func takeover() async throws {
        let store = InMemoryRunStore()
        let record = Fixture.dag("taken", tasks: [Fixture.task("a")])
        let first = CommitLog()
        let second = CommitLog()
        let executor = ScriptedExecutor()
        let one = Fixture.service(store, [record], first, executor: ScriptedExecutor(untilCancelled))
        let other = LeaseHolder(host: "test", pid: 2, bootID: "boot", startTicks: 2)
        let two = Fixture.service(
            store, [record], second, executor: executor, holder: other, isHolderDead: { $0.pid == 1 })
        try await Fixture.leading(one) {
            try await Fixture.trigger("taken", on: store)
            await first.wait { $0.contains { if case .startAttempt = $0 { true } else { false } } }
            try await Fixture.leading(two) { await second.waitForEnds(of: 1) }
        }
        #expect(executor.madeDead.count == 1)
        let (_, tries) = try await Self.onlyRun(of: "taken", in: store)
        #expect(tries.map(\.state) == [AttemptState.lost, .success])
    }

    @Test("a scheduler that loses a distant database stops what runs before its lease ends, and does it again")
    func withoutLease() async throws {
        let store = InMemoryRunStore()
        let log = CommitLog()
        let record = Fixture.dag("cut", tasks: [Fixture.task("a")])
        let stops = AsyncStream.makeStream(of: Void.self)
        let executor = ScriptedExecutor { launch in
            guard launch.tryNumber == 1 else { return AttemptEnd(attempt: launch.attempt, state: .success) }
            let end = await untilCancelled(launch)
            stops.continuation.yield()
            return end
        }
        let service = Fixture.service(store, [record], log, executor: executor, stopsWithoutLease: true)
        try await Fixture.leading(service) {
            try await Fixture.trigger("cut", on: store)
            await log.wait { $0.contains { if case .startAttempt = $0 { true } else { false } } }
            await store.setCutOff(true)
            for await _ in stops.stream { break }
            await store.setCutOff(false)
            await log.waitForEnds(of: 1)
        }
        let (run, tries) = try await Self.onlyRun(of: "cut", in: store)
        #expect(run.state == RunState.success)
        #expect(tries.map(\.state) == [AttemptState.lost, .success])
        #expect(tries.first?.reason == "the scheduler could not renew its lease")
    }

    /// The one run of a DAG with one task, and that task's tries.
    private static func onlyRun(of dag: String, in store: InMemoryRunStore) async throws -> (
        RunRecord, [AttemptSummary]
    ) {
        let run = try #require(try await store.runs(RunQuery(dag: DAGID(dag))).runs.first)
        let detail = try #require(try await store.run(dag: DAGID(dag), runID: run.runID))
        return (run, detail.tasks.first?.tries ?? [])
    }

    @Test("a backfill makes each run once, and again only when asked to")
    func backfill() async throws {
        let store = InMemoryRunStore()
        let log = CommitLog()
        let hourly = try Timetable.cronDataInterval(CronSchedule(parsing: "0 * * * *"))
        var record = Fixture.dag("hourly", hourly, tasks: [Fixture.task("a")])
        var dag = record.dag
        dag.isPausedUponCreation = false
        dag.bounds.end = Timestamp(iso8601: "2026-01-01T12:00:00Z")
        record = DAGRecord(dag: dag, version: record.version, sourceText: "")
        let from = try #require(Timestamp(iso8601: "2026-01-01T02:00:00Z"))
        let to = try #require(Timestamp(iso8601: "2026-01-01T06:00:00Z"))
        try await Fixture.leading(Fixture.service(store, [record], log)) {
            for (reprocess, created) in [(ReprocessBehavior.none, 5), (.none, 0), (.completed, 5)] {
                let command = try await store.submit(
                    .backfill(
                        dag: DAGID("hourly"), from: from, to: to, reprocess: reprocess, maxActive: 2, conf: .object([:])
                    ),
                    actor: "test", idempotencyKey: nil)
                guard case .backfill(let id, 5, _)? = try await store.waitForOutcome(of: command, timeout: .seconds(20))
                else {
                    Issue.record("the backfill was not taken")
                    return
                }
                await log.wait { changes in
                    changes.contains {
                        if case .setBackfill(let now) = $0 { now.id == id && now.endedAt != nil } else { false }
                    }
                }
                #expect(try await store.backfill(id)?.created == created)
            }
        }
        let runs = try await store.runs(RunQuery(dag: DAGID("hourly"), types: [.backfill])).runs
        #expect(runs.count == 5)
        for run in runs {
            let tries = try await store.run(dag: DAGID("hourly"), runID: run.runID)?.tasks.first?.tries ?? []
            #expect(tries.count == 2)
        }
    }
}
