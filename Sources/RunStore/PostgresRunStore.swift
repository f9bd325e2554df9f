import CivilTime
package import DAGModel
import Execution
package import Logging
package import PostgresClient
import SchedulerCore

/// The history in PostgreSQL.
///
/// The leader's commits have a connection of their own, whose planner settings suit statements by key; everything else
/// reads through a small pool with a time limit for each statement. Opening makes no connection yet. Close it in the end.
package final class PostgresRunStore: RunStore, CommandQueue {
    /// Of the leader's commits, and of nothing else.
    let writer: KeptConnection
    let reader: PostgresPool
    /// For what workers write, and what the leader asks about them; no connection while there are none.
    let handOver: PostgresPool
    /// For a leader: commands, and what workers report.
    let leaderWakeups: WakeupHub
    /// For a worker: what is put into queues.
    let queueWakeupHub: WakeupHub
    private let logger: Logger

    /// - Parameters:
    ///   - url: of the database, under the role that owns its tables.
    ///   - readers: connections for reading, at most.
    ///   - patience: how long a read goes on trying while the server cannot be reached.
    /// - Throws: `PostgresError` when the URL cannot be understood.
    package convenience init(
        url: String, logger: Logger, readers: Int = 4, patience: Duration = .seconds(2)
    ) throws {
        self.init(try PostgresSettings(url: url), logger: logger, readers: readers, patience: patience)
    }

    package init(_ settings: PostgresSettings, logger: Logger, readers: Int = 4, patience: Duration = .seconds(2)) {
        self.logger = logger
        var base = settings
        base.session["search_path"] = "flow, warehouse, history, public"
        base.session["jit"] = "off"
        var listen = base
        listen.applicationName = "cryptoflow listener"
        leaderWakeups = WakeupHub(listen, channels: ["cryptoflow_command", "cryptoflow_result"], logger: logger)
        queueWakeupHub = WakeupHub(listen, channels: ["cryptoflow_worker"], logger: logger)
        var read = base
        read.applicationName = "cryptoflow history"
        // A history page that reads too long would hold back vacuum for every table.
        read.session["statement_timeout"] = "10s"
        read.session["idle_in_transaction_session_timeout"] = "30s"
        reader = PostgresPool(
            read, options: PostgresPoolOptions(maxConnections: readers, connectPatience: patience))
        // The leader itself tries again, and says so.
        writer = KeptConnection(Self.writing(base))
        var working = Self.writing(base)
        working.applicationName = "cryptoflow worker"
        handOver = PostgresPool(working, options: PostgresPoolOptions(maxConnections: 2, connectPatience: .zero))
    }

    /// The session that commits run in.
    ///
    /// A plan made while a table is tiny would scan it for ever: so no plan may.
    static func writing(_ base: PostgresSettings) -> PostgresSettings {
        var settings = base
        settings.applicationName = "cryptoflow scheduler"
        for name in ["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"] { settings.session[name] = "off" }
        settings.session["statement_timeout"] = "60s"
        settings.session["synchronous_commit"] = "on"
        return settings
    }

    /// Ends the wake-ups and closes the connections, once their statements are done.
    package func close() async {
        await leaderWakeups.close()
        await queueWakeupHub.close()
        await writer.close()
        await handOver.close()
        await reader.close()
    }

    // MARK: - Writing

    package func commit(_ batch: CommitBatch) async throws {
        do {
            _ = try await writer.pipeline {
                try CommitPlan(batch).statements(epoch: batch.epoch, number: batch.number)
            }
        } catch let error as PostgresError where error.sqlState == Self.applied {
            // An earlier try got through, and only its answer was lost.
            logger.debug("batch had been applied", metadata: ["batch.number": "\(batch.number)"])
        } catch let error as PostgresError where error.sqlState == Self.fenced {
            throw RunStoreError.fenced(epoch: batch.epoch)
        } catch let error as PostgresError where error.sqlState == Self.early {
            throw RunStoreError.early(number: batch.number)
        }
    }

    /// Raised by `flow.begin_batch`.
    private static let fenced = SQLState(rawValue: "CF002")
    private static let applied = SQLState(rawValue: "CF003")
    private static let early = SQLState(rawValue: "CF004")

    /// A commit may be repeated, so an unknown outcome passes, too; as does a statement that took too long.
    package nonisolated func isTransient(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return error.isTransient || error.kind == .commitUnknown || error.kind == .timedOut
            || error.sqlState == .queryCanceled
    }

    package func setImportErrors(_ errors: [ImportErrorRecord]) async throws {
        let files = errors.map { StoredText.clean($0.file) }
        let texts = try errors.map { try StoredText.encode($0.diagnostics) }
        _ = try await reader.pipeline([
            PostgresStatement("DELETE FROM flow.import_error WHERE file <> ALL($1::text[])", [files]),
            PostgresStatement(
                """
                INSERT INTO flow.import_error (file, diagnostics)
                SELECT file, diagnostics::json FROM unnest($1::text[], $2::text[]) AS u(file, diagnostics)
                ON CONFLICT (file) DO UPDATE SET diagnostics = excluded.diagnostics, seen_at = clock_timestamp()
                """, [files, texts]),
        ])
    }

    // MARK: - Small reads

    package func pausedFlags() async throws -> [DAGID: Bool] {
        var flags: [DAGID: Bool] = [:]
        for row in try await reader.query("SELECT dag_id, is_paused FROM flow.dag") {
            flags[try row.decode(0)] = try row.decode(1, as: Bool.self)
        }
        return flags
    }

    package func poolSlots() async throws -> [String: Int] {
        var slots: [String: Int] = [:]
        for row in try await reader.query("SELECT name, slots FROM flow.pool") {
            slots[try row.decode(0)] = try row.decode(1, as: Int.self)
        }
        return slots
    }

    package func instanceID() async throws -> String {
        guard let row = try await reader.query("SELECT id::text FROM flow.instance").first else {
            throw RunStoreError.corrupt("flow.instance has no row: restore it from a backup")
        }
        return try row.decode(0)
    }

    package func output(of instance: TaskInstanceKey, key: String) async throws -> JSONValue? {
        let rows = try await reader.query(
            """
            SELECT value::text FROM flow.task_output
            WHERE run_key = $1 AND task_id = $2 AND map_index = $3 AND key = $4
            """, [instance.run, instance.task, instance.mapIndex, key])
        return try rows.first.map { try StoredText.json(try $0.decode(0), of: "output \(key) of \(instance)") }
    }

    package func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] {
        let rows = try await reader.query(
            """
            SELECT value::text FROM flow.task_output WHERE run_key = $1 AND task_id = $2 AND key = $3 ORDER BY map_index
            """, [run, task, key])
        return try rows.map { try StoredText.json(try $0.decode(0), of: "an output of \(task)") }
    }

    package func variable(named name: String) async throws -> String? {
        try await reader.query("SELECT value FROM flow.variable WHERE name = $1", [name]).first?.decode(0)
    }

    package func endSessions(of attempts: [AttemptID]) async throws {
        if attempts.isEmpty { return }
        // Waits for each up to 5 s; one that does not end is reported. Materialized: conditions of one WHERE come in any
        // order, and every session would be ended before its name is looked at.
        let names = attempts.map { Self.applicationName(of: $0) }
        let rows = try await reader.query(
            PostgresStatement(
                """
                WITH old AS MATERIALIZED (
                    SELECT pid FROM pg_stat_activity
                    WHERE application_name = ANY($1::text[]) AND datname = current_database() AND pid <> pg_backend_pid()
                )
                SELECT count(*) FROM old WHERE NOT pg_terminate_backend(pid, 5000)
                """, [names]), timeout: nil)
        let left: Int = try rows.first?.decode(0) ?? 0
        if left > 0 {
            throw PostgresError(
                .timedOut,
                "\(left) database sessions of earlier attempts do not end; see pg_stat_activity, application_name \(names[0])"
            )
        }
    }

    /// The `application_name` of an attempt's database sessions.
    package static func applicationName(of attempt: AttemptID) -> String { "cryptoflow attempt \(attempt)" }

    // MARK: - Wake-ups

    package func wakeups() async -> AsyncStream<Void> {
        leaderWakeups.listen(to: "cryptoflow_command", bufferLimit: 1) { _ in () }
    }
}
