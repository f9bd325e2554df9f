import CivilTime
import DAGModel
import Execution
import Logging
import PostgresClient
import SchedulerCore
import TestSupport
import Testing

@testable import RunStore

/// What workers and the leader say to each other through the database.
@Suite("Tries of workers in the database", .timeLimit(.minutes(2))) struct WorkerStoreTests {
    private static let live = Duration.seconds(600)

    private static func facts(_ name: String, queues: [String] = ["far"]) -> WorkerFacts {
        WorkerFacts(
            name: name, process: ProcessRecord(host: "h", bootID: "b", pid: 1, startTicks: 1), version: "1",
            queues: queues, concurrency: 4)
    }

    private static func attempt(_ number: Int64, of run: RunRecord, queue: String = "far") -> AttemptStart {
        let plain = Sample.attempt(number, of: run, task: "task\(number)")
        return AttemptStart(
            attempt: plain.attempt, instance: plain.instance, tryNumber: 1, maxTries: 0, queuedAt: plain.queuedAt,
            startedAt: plain.startedAt, pool: "default_pool", poolSlots: 1, queue: queue)
    }

    /// A store that leads, with tries handed over.
    private static func withTries(
        _ count: Int64, _ body: (PostgresRunStore, inout Writer, [AttemptStart], RunRecord) async throws -> Void
    ) async throws {
        try await HistoryDatabase.withStore { store, _ in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            let tries = (1...count).map { attempt(100 + $0, of: run) }
            try await writer.commit(
                [.insertDAG(try Sample.dag(), paused: false), .insertRun(run)] + tries.map { .startAttempt($0) })
            try await body(store, &writer, tries, run)
        }
    }

    private static func completion(_ start: AttemptStart, _ state: AttemptState) -> Change {
        .endAttempt(
            AttemptCompletion(
                attempt: start.attempt, state: state, endedAt: Sample.hour(51), reason: nil, exitCode: nil,
                wasHandedOver: true, takenAt: Sample.hour(50) + .seconds(9)))
    }

    @Test("are taken by one worker each, the oldest first, however many ask at once")
    func claims() async throws {
        try await Self.withTries(60) { store, _, tries, run in
            // Nobody takes another's queue, and the leader's orphans are its own tries only.
            let stranger = try await store.register(Self.facts("stranger"), ttl: Self.live)
            #expect(try await store.claim(stranger, queue: "near", limit: 9).isEmpty)
            #expect(try await store.orphans().isEmpty)
            #expect(try await store.snapshot().runs.first?.attempts == tries)

            var workers: [WorkerID] = []
            for number in 1...5 { workers.append(try await store.register(Self.facts("w\(number)"), ttl: Self.live)) }
            let first = try await store.claim(workers[0], queue: "far", limit: 3)
            #expect(first.map(\.start) == Array(tries.prefix(3)))
            #expect(first.first?.run == run)
            let taken = try await withThrowingTaskGroup(of: [AttemptID].self) { group in
                for worker in workers {
                    group.addTask {
                        var own: [AttemptID] = []
                        while true {
                            let claims = try await store.claim(worker, queue: "far", limit: 4)
                            if claims.isEmpty { return own }
                            own += claims.map(\.start.attempt)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(taken.sorted() == tries.dropFirst(3).map(\.attempt))
            let shown = try #require(try await store.run(dag: run.dag, runID: run.runID))
            let attempts = shown.tasks.flatMap(\.tries)
            #expect(attempts.count == 60 && attempts.allSatisfy { $0.worker != nil && !$0.waitsForWorker })
        }
    }

    @Test("end by their worker's report, once, and their history says who carried them out")
    func reports() async throws {
        try await Self.withTries(2) { store, writer, tries, run in
            let worker = try await store.register(Self.facts("w"), ttl: Self.live)
            let other = try await store.register(Self.facts("other"), ttl: Self.live)
            #expect(try await store.claim(worker, queue: "far", limit: 1).count == 1)
            let end = AttemptEnd(
                attempt: tries[0].attempt, state: .success, exitCode: 0, output: .null,
                assetChanges: [AssetChange(asset: "a", interval: nil)], skips: .direct, mapName: "m")
            #expect(try await store.report(other, ends: [end], logs: []).isEmpty)
            #expect(try await store.report(worker, ends: [end], logs: []) == [end.attempt])
            // Its answer may be lost: the same again is no harm.
            #expect(try await store.report(worker, ends: [end], logs: []) == [end.attempt])
            #expect(try await store.reportedEnds(limit: 10) == [end])
            try await writer.commit(Self.completion(tries[0], .success))
            #expect(try await store.reportedEnds(limit: 10).isEmpty)
            #expect(try await store.report(worker, ends: [end], logs: []).isEmpty)
            let tasks = try #require(try await store.run(dag: run.dag, runID: run.runID)?.tasks)
            let past = try #require(tasks.first { $0.instance == tries[0].instance }?.tries.first)
            #expect(past.worker == "w" && past.queue == "far" && past.state == .success)
            #expect(past.startedAt == Sample.hour(50) + .seconds(9))
            // The other waits.
            let waiting = try #require(tasks.first { $0.instance == tries[1].instance })
            #expect(waiting.state == .queued && waiting.tries.last?.waitsForWorker == true)
        }
    }

    @Test("are lost exactly once with their worker, which can never report them later")
    func lost() async throws {
        try await Self.withTries(3) { store, writer, tries, _ in
            let worker = try await store.register(Self.facts("w"), ttl: .milliseconds(1))
            #expect(try await store.claim(worker, queue: "far", limit: 9).isEmpty, "its time is over")
            let second = try await store.register(Self.facts("second"), ttl: Self.live)
            #expect(try await store.claim(second, queue: "far", limit: 2).count == 2)
            let done = AttemptEnd(attempt: tries[0].attempt, state: .success)
            #expect(try await store.report(second, ends: [done], logs: []).count == 1)
            #expect(try await store.judgeWorkers(dead: []).lost.isEmpty)

            // Its process is gone: what it had reported counts, the other try is lost.
            let judgement = try await store.judgeWorkers(dead: [second])
            #expect(judgement.lost.map(\.attempt) == [tries[1].attempt] && judgement.alive.isEmpty)
            #expect(judgement.lost.first?.worker.name == "second")
            #expect(try await store.reportedEnds(limit: 9) == [done])
            let late = AttemptEnd(attempt: tries[1].attempt, state: .success)
            #expect(try await store.report(second, ends: [late], logs: []).isEmpty)
            #expect(try await !store.heartbeat(second, running: 1, isDraining: false, ttl: Self.live))
            #expect(try await store.claim(second, queue: "far", limit: 1).isEmpty)
            try await writer.commit(Self.completion(tries[0], .success), Self.completion(tries[1], .lost))
            #expect(try await store.judgeWorkers(dead: []).lost.isEmpty)
            #expect(try await store.workers().map(\.state) == [.lost, .lost])
        }
    }

    @Test("are judged while the report of another is under way, which counts and is judged at the next look")
    func judgedMeanwhile() async throws {
        try await HistoryDatabase.withStore { store, url in
            let busy = try await store.register(Self.facts("busy"), ttl: Self.live)
            let dead = try await store.register(Self.facts("dead"), ttl: Self.live)
            let other = try await PostgresConnection.connect(PostgresSettings(url: url))
            try await other.withTransaction { transaction in
                // What a report holds until its end is committed.
                try await transaction.query("SELECT FROM flow.worker WHERE worker = $1 FOR SHARE", [busy])
                #expect(try await store.judgeWorkers(dead: [busy, dead]).alive.map(\.id) == [busy])
            }
            #expect(try await store.judgeWorkers(dead: [busy, dead]).alive.isEmpty)
            await other.close()
        }
    }

    @Test("are stopped: at once where no worker has them, else by their worker")
    func stops() async throws {
        try await Self.withTries(2) { store, _, tries, _ in
            let worker = try await store.register(Self.facts("w"), ttl: Self.live)
            #expect(try await store.claim(worker, queue: "far", limit: 1).count == 1)
            let both = tries.map { HandedOverAttempt(attempt: $0.attempt, queue: "far") }
            #expect(try await store.stopHandedOver(both) == [tries[1].attempt])
            #expect(try await store.stoppingAttempts(of: worker) == [tries[0].attempt])
            #expect(try await store.claim(worker, queue: "far", limit: 1).isEmpty)
        }
    }

    @Test("leave their logs, readable while they run, with what was given up marked")
    func logs() async throws {
        try await Self.withTries(1) { store, _, tries, _ in
            let worker = try await store.register(Self.facts("w"), ttl: Self.live)
            #expect(try await store.claim(worker, queue: "far", limit: 1).first?.logStart == 0)
            let attempt = tries[0].attempt
            func piece(_ start: Int64, _ text: String, givenUp: Range<Int64>? = nil) -> LogPiece {
                LogPiece(attempt: attempt, start: start, content: Array(text.utf8), givenUp: givenUp)
            }
            let key = tries[0].instance
            #expect(try await store.shippedLog(of: key, tryNumber: 1, from: 0, limit: 100) == nil)
            try await store.ship(worker, logs: [piece(0, "one\n")])
            // The answer was lost, and more had been written: the same place again, longer.
            try await store.ship(worker, logs: [piece(0, "one\ntwo\n"), piece(8, "three\n")])
            let first = try #require(try await store.shippedLog(of: key, tryNumber: 1, from: 4, limit: 100))
            #expect(first.text == "two\nthree\n" && first.next == 14 && first.size == 14)
            try await store.ship(worker, logs: [piece(14, "four\n", givenUp: 8..<14)])
            let gap = try #require(try await store.shippedLog(of: key, tryNumber: 1, from: 8, limit: 100))
            #expect(gap.text.contains("6 bytes left out") && gap.next == 14)
            let last = try #require(try await store.shippedLog(of: key, tryNumber: 1, from: 14, limit: 100))
            #expect(last.text == "four\n")
            // Nobody else writes into it.
            let stranger = try await store.register(Self.facts("stranger"), ttl: Self.live)
            try await store.ship(stranger, logs: [piece(19, "forged\n")])
            #expect(try await store.shippedLog(of: key, tryNumber: 1, from: 19, limit: 9)?.text == "")
        }
    }

    @Test("are found by key, whatever the tables held when the statements were planned")
    func plans() async throws {
        try await HistoryDatabase.withStore { _, url in
            let connection = try await PostgresConnection.connect(PostgresRunStore.writing(PostgresSettings(url: url)))
            try await connection.script("SET plan_cache_mode = force_generic_plan; ANALYZE")
            for (number, sql) in WorkerSQL.byKey.enumerated() {
                let count = (1...9).last { sql.contains("$\($0)") } ?? 0
                try await connection.query(
                    PostgresStatement("PREPARE w\(number) AS \(sql)", prepared: false), timeout: nil)
                let nulls = Array(repeating: "NULL", count: count).joined(separator: ", ")
                let call = count == 0 ? "" : "(\(nulls))"
                let plan = try await connection.query(
                    PostgresStatement("EXPLAIN EXECUTE w\(number)\(call)", prepared: false), timeout: nil
                ).map { try $0.decode(0, as: String.self) }
                #expect(!plan.contains { $0.contains("Seq Scan on") }, "\(sql)\n\(plan.joined(separator: "\n"))")
            }
            let indexes = try await connection.query(
                """
                SELECT indexrelid::regclass::text FROM pg_index
                WHERE indrelid IN ('flow.worker'::regclass, 'flow.attempt_claim'::regclass)
                    AND pg_get_indexdef(indexrelid) ~ '\\m(state|running|heartbeat_at|expires_at|is_stopping)\\M'
                """)
            #expect(indexes.isEmpty, "an index on what every heartbeat changes")
            await connection.close()
        }
    }

    @Test("wake their workers by the name of their queue")
    func wakeups() async throws {
        try await HistoryDatabase.withStore { store, _ in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            var queues = await store.queueWakeups().makeAsyncIterator()
            #expect(await queues.next() == .some(nil), "from now on: look at everything")
            #expect(await queues.next() == .some(nil), "connected: look again")
            try await writer.commit(
                .insertDAG(try Sample.dag(), paused: false), .insertRun(run),
                .startAttempt(Self.attempt(7, of: run, queue: "gpu")))
            #expect(await queues.next() == "gpu")
            var results = await store.resultWakeups().makeAsyncIterator()
            #expect(await results.next() != nil)
            // The connection too says that it came.
            #expect(await results.next() != nil)
            let worker = try await store.register(Self.facts("w", queues: ["gpu"]), ttl: Self.live)
            let claim = try #require(try await store.claim(worker, queue: "gpu", limit: 1).first)
            _ = try await store.report(
                worker, ends: [AttemptEnd(attempt: claim.start.attempt, state: .success)], logs: [])
            #expect(await results.next() != nil)
        }
    }
}
