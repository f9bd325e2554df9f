import CivilTime
import DAGModel
import Execution
import Logging
import PostgresClient
import SchedulerCore
import TestSupport
import Testing

@testable import RunStore

@Suite("The PostgreSQL store", .timeLimit(.minutes(2))) struct PostgresRunStoreTests {
    @Test("knows a batch again whose answer was lost with the connection")
    func lostAnswer() async throws {
        try await HistoryDatabase.withStore { store, url in
            let epoch = try await store.lead()
            let run = Sample.run(1, epoch: epoch)
            let record = try Sample.dag()
            let batch = CommitBatch(
                epoch: epoch, number: 1, changes: [.insertDAG(record, paused: false), .insertRun(run)], processes: [:])
            // The store's own commit, and then its connection ends: the caller cannot know, and sends it again.
            try await store.commit(batch)
            let other = try await PostgresConnection.connect(PostgresSettings(url: url))
            try await other.query(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE application_name = 'cryptoflow scheduler' AND datname = current_database()
                """)
            try await store.commit(batch)
            #expect(try await store.runs(RunQuery()).runs == [run])
            await other.close()
        }
    }

    @Test("writes nothing when its connection ends within a batch, and everything when the batch is sent again")
    func killedWithinBatch() async throws {
        try await HistoryDatabase.withStore { store, url in
            let epoch = try await store.lead()
            let other = try await PostgresConnection.connect(PostgresSettings(url: url))
            let batch = CommitBatch(
                epoch: epoch, number: 1, changes: [.insertDAG(try Sample.dag(), paused: false)], processes: [:])
            // Another session holds the table, so the batch waits after its first statement.
            let holder = try await PostgresConnection.connect(PostgresSettings(url: url))
            try await holder.withTransaction { transaction in
                try await transaction.query("LOCK TABLE flow.dag IN SHARE MODE")
                async let failure = Self.failure { try await store.commit(batch) }
                let waiting = """
                    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                    WHERE application_name = 'cryptoflow scheduler' AND wait_event_type = 'Lock'
                        AND datname = current_database()
                    """
                while try await other.query(waiting).isEmpty { await Task.yield() }
                let error = try #require(await failure)
                #expect(store.isTransient(error))
            }
            #expect(try await store.dags().isEmpty)
            try await store.commit(batch)
            #expect(try await store.dags().count == 1)
            await holder.close()
            await other.close()
        }
    }

    private static func failure(_ body: () async throws -> Void) async -> (any Error)? {
        do { try await body() } catch { return error }
        return nil
    }

    @Test("lets a live attempt's transaction commit before its end, and refuses one that has ended")
    func holdAttempt() async throws {
        try await HistoryDatabase.withStore { store, url in
            let epoch = try await store.lead()
            var writer = Writer(store, epoch: epoch)
            let run = Sample.run(1, epoch: epoch)
            let attempt = Sample.attempt(10, of: run)
            try await writer.commit(
                .insertDAG(try Sample.dag(), paused: false), .insertRun(run), .startAttempt(attempt))

            var settings = try PostgresSettings(url: url)
            settings.user = DatabaseSetup.warehouseRole
            settings.password = HistoryDatabase.warehousePassword
            settings.applicationName = PostgresRunStore.applicationName(of: attempt.attempt)
            let task = try await PostgresConnection.connect(settings)
            let watcher = try await PostgresConnection.connect(PostgresSettings(url: url))
            let number = writer
            let end = try await task.withTransaction { transaction in
                try await transaction.query("SELECT flow.hold_attempt($1)", [attempt.attempt])
                // The process may still be recorded; the end has to wait.
                var recording = number
                let process = ProcessRecord(host: "h", bootID: "b", pid: 1, startTicks: 1)
                try await recording.commit([], processes: [attempt.attempt: process])
                let ending = recording
                let end = Task {
                    var ending = ending
                    try await ending.commit(.endAttempt(Sample.end(attempt)))
                    return ending
                }
                let waiting = """
                    SELECT FROM pg_stat_activity WHERE application_name = 'cryptoflow scheduler'
                        AND wait_event_type = 'Lock' AND datname = current_database()
                    """
                while try await watcher.query(waiting).isEmpty { await Task.yield() }
                return end
            }
            writer = try await end.value
            #expect(try await store.orphans().isEmpty)
            let error = await #expect(throws: PostgresError.self) {
                try await task.query("SELECT flow.hold_attempt($1)", [attempt.attempt])
            }
            #expect(error?.sqlState?.rawValue == "CF001")

            // What SQL tasks may do with the history: read it, and nothing else.
            #expect(try await task.query("SELECT state FROM history.attempts").count == 1)
            for sql in [
                "UPDATE flow.dag_run SET state = 'failed'", "DELETE FROM task_attempt_past",
                "SELECT * FROM flow.command",
                "INSERT INTO flow.variable VALUES ('a', 'b')", "SELECT flow.begin_batch(1, 99)",
                "CREATE TABLE public.mine (a int)", "CREATE TABLE flow.mine (a int)", "DELETE FROM history.runs",
            ] {
                let refusal = await #expect(throws: PostgresError.self) { try await task.query(sql) }
                #expect(refusal?.sqlState == .insufficientPrivilege, "\(sql)")
            }

            try await store.endSessions(of: [attempt.attempt])
            #expect(await !task.checkAlive())
            await watcher.close()
        }
    }

    @Test("makes a takeover wait for a commit under way")
    func takeoverWaits() async throws {
        try await HistoryDatabase.withStore { store, url in
            let epoch = try await store.lead()
            let other = try await PostgresConnection.connect(PostgresSettings(url: url))
            let takeover = try await other.withTransaction { transaction in
                try await transaction.query("SELECT flow.begin_batch($1, 1)", [epoch])
                let takeover = Task { try await store.lead(.second) }
                let watcher = try await PostgresConnection.connect(PostgresSettings(url: url))
                let waiting = """
                    SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
                    """
                while try await watcher.query(waiting).isEmpty { await Task.yield() }
                await watcher.close()
                return takeover
            }
            #expect(try await takeover.value == epoch + 1)
            await other.close()
        }
    }

    @Test("refuses a command it cannot read by its number")
    func unreadableCommand() async throws {
        try await HistoryDatabase.withStore { store, url in
            let epoch = try await store.lead()
            let other = try await PostgresConnection.connect(PostgresSettings(url: url))
            try await other.query("INSERT INTO command (actor, payload) VALUES ('x', '{\"dance\": {}}')")
            let id = try await store.submit(.cancelRun(dag: DAGID("a"), runID: "b"), actor: "me", idempotencyKey: nil)
            let pending = try await store.pendingCommands(limit: 10)
            guard case .unreadable(let bad, let problem) = try #require(pending.first) else {
                Issue.record("it was read")
                return
            }
            #expect(!problem.isEmpty && pending.count == 2)
            var writer = Writer(store, epoch: epoch)
            try await writer.commit(.finishCommand(bad, .refused("not understood")))
            #expect(try await store.pendingCommands(limit: 10).count == 1 && id > bad)
            await other.close()
        }
    }

    @Test("writes by key, whatever the tables held when the statements were planned")
    func plans() async throws {
        try await HistoryDatabase.withStore { store, url in
            let connection = try await PostgresConnection.connect(PostgresRunStore.writing(PostgresSettings(url: url)))
            try await connection.script("SET plan_cache_mode = force_generic_plan; ANALYZE")
            for (number, sql) in CommitSQL.writes.enumerated() {
                // Null for every parameter: only the plan is wanted, and a generic one does not look at values.
                let count = (1...30).last { sql.contains("$\($0):") || sql.contains("$\($0))") } ?? 0
                try await connection.query(
                    PostgresStatement("PREPARE w\(number) AS \(sql)", prepared: false), timeout: nil)
                let nulls = Array(repeating: "NULL", count: count).joined(separator: ", ")
                let plan = try await connection.query(
                    PostgresStatement("EXPLAIN EXECUTE w\(number)(\(nulls))", prepared: false), timeout: nil
                ).map { try $0.decode(0, as: String.self) }
                #expect(!plan.contains { $0.contains("Seq Scan on") }, "\(plan.joined(separator: "\n"))")
            }
            await connection.close()
        }
    }

    @Test("keeps updates of runs, tasks and live attempts on their pages")
    func hotUpdates() async throws {
        try await HistoryDatabase.withStore { store, url in
            let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
            // No index, partial ones included, may mention a column that a run's life changes.
            let rows = try await connection.query(
                """
                SELECT indexrelid::regclass::text FROM pg_index AS i
                WHERE indrelid IN ('flow.dag_run'::regclass, 'flow.task_instance'::regclass,
                        'flow.task_attempt_live'::regclass, 'flow.due_instant'::regclass)
                    AND pg_get_indexdef(indexrelid) ~ '\\m(state|start_date|end_date|reason|retry_at|last_due|pid)\\M'
                """)
            #expect(rows.isEmpty)
            await connection.close()
        }
    }

    @Test("shows unqualified tables to whoever connects, and one id for ever")
    func names() async throws {
        try await HistoryDatabase.withStore { store, url in
            let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
            for table in ["dag_run", "task_attempt", "crypto_24hr_rawingest_landing", "gold_trend_volatility"] {
                #expect(try await connection.query("SELECT * FROM \(table)").isEmpty)
            }
            for view in ["runs", "tasks", "attempts", "due"] {
                #expect(try await connection.query("SELECT * FROM history.\(view)").isEmpty)
            }
            let id = try await store.instanceID()
            #expect(try await store.instanceID() == id && id.utf8.count == 36)
            #expect(try await store.variable(named: "none") == nil)
            await connection.close()
        }
    }

    @Test("a change to the pools wakes the leader, whoever makes it")
    func poolWakes() async throws {
        try await HistoryDatabase.withStore { store, url in
            let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
            var heard = try await connection.listen(to: ["cryptoflow_command"]).makeAsyncIterator()
            for change in [
                "INSERT INTO flow.pool VALUES ('p', 1, NULL)", "UPDATE flow.pool SET slots = 2",
                "DELETE FROM flow.pool",
            ] {
                try await connection.query(change)
                #expect(await heard.next()?.channel == "cryptoflow_command")
            }
            try await store.setPool("p", slots: 1, description: nil, actor: "me")
            #expect(await heard.next()?.channel == "cryptoflow_command")
            await connection.close()
        }
    }

    @Test("goes on waking after its listening connection was lost, and stops when closed")
    func wakeups() async throws {
        try await HistoryDatabase.withStore { store, url in
            var wakeups = await store.wakeups().makeAsyncIterator()
            #expect(await wakeups.next() != nil)
            let other = try await PostgresConnection.connect(PostgresSettings(url: url))
            try await other.query(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE application_name = 'cryptoflow listener' AND datname = current_database()
                """)
            #expect(await wakeups.next() != nil)
            await store.close()
            while await wakeups.next() != nil {}
            await other.close()
        }
    }
}
