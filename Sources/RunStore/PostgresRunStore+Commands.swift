package import DAGModel
import FoundationEssentials
import PostgresClient
package import SchedulerCore

extension PostgresRunStore {
    package func submit(_ command: Command, actor: String, idempotencyKey: String?) async throws -> Int64 {
        let values: [any PostgresValue] = [
            StoredText.clean(idempotencyKey), StoredText.clean(actor), try StoredText.encode(command),
        ]
        // One transaction: the notification goes out with the row.
        let results = try await reader.pipeline([
            PostgresStatement(
                """
                INSERT INTO flow.command (idempotency_key, actor, payload) VALUES ($1, $2, $3::text::json)
                ON CONFLICT (idempotency_key) DO NOTHING RETURNING id
                """, values),
            PostgresStatement("SELECT pg_notify('cryptoflow_command', '')"),
        ])
        if let row = results.first?.first { return try row.decode(0) }
        let found = try await reader.query("SELECT id FROM flow.command WHERE idempotency_key = $1", [values[0]])
        guard let row = found.first else {
            throw RunStoreError.corrupt("a command vanished while it was submitted: submit it again")
        }
        return try row.decode(0)
    }

    package func outcome(of command: Int64) async throws -> CommandOutcome? {
        let rows = try await reader.query(
            "SELECT outcome::text FROM flow.command WHERE id = $1 AND finished_at IS NOT NULL", [command])
        guard let text: String = try rows.first?.decode(0) else { return nil }
        return try StoredText.decode(text, as: "the outcome of command \(command)")
    }

    package func pendingCommands(limit: Int) async throws -> [StoredCommand] {
        let rows = try await reader.query(
            """
            SELECT id, actor, payload::text FROM flow.command WHERE finished_at IS NULL ORDER BY id LIMIT $1
            """, [limit])
        return try rows.map { row in
            let id: Int64 = try row.decode(0)
            let payload: String = try row.decode(2)
            do {
                let command = try JSONDecoder().decode(Command.self, from: Data(payload.utf8))
                return .readable(PendingCommand(id: id, command: command, actor: try row.decode(1)))
            } catch let error as DecodingError {
                return .unreadable(id: id, problem: StoredText.problem(error))
            }
        }
    }

    package func setPaused(_ dag: DAGID, _ isPaused: Bool, actor: String) async throws -> Bool {
        let results = try await reader.pipeline([
            PostgresStatement(
                """
                WITH changed AS (UPDATE flow.dag SET is_paused = $2, pause_reason = NULL WHERE dag_id = $1 RETURNING dag_id),
                    logged AS (
                        INSERT INTO flow.audit_log (actor, action, dag_id)
                        SELECT $3, CASE WHEN $2 THEN 'dag.pause' ELSE 'dag.unpause' END, dag_id FROM changed
                    )
                SELECT count(*) FROM changed
                """, [dag, isPaused, StoredText.clean(actor)]),
            PostgresStatement("SELECT pg_notify('cryptoflow_command', '')"),
        ])
        let count: Int = try results.first?.first?.decode(0) ?? 0
        return count > 0
    }

    package func setPool(_ name: String, slots: Int, description: String?, actor: String) async throws {
        // The table's trigger wakes the leader.
        _ = try await reader.query(
            """
            WITH changed AS (
                INSERT INTO flow.pool (name, slots, description) VALUES ($1, $2, $3)
                ON CONFLICT (name) DO UPDATE SET
                    slots = excluded.slots, description = coalesce($3, flow.pool.description)
                RETURNING name, slots
            )
            INSERT INTO flow.audit_log (actor, action, detail)
            SELECT $4, 'pool.set', json_build_object('pool', name, 'slots', slots) FROM changed
            """, [StoredText.clean(name), slots, StoredText.clean(description), StoredText.clean(actor)])
    }

    package func deletePool(_ name: String, actor: String) async throws -> Bool {
        let rows = try await reader.query(
            """
            WITH gone AS (DELETE FROM flow.pool WHERE name = $1 AND name <> $2 RETURNING name),
                logged AS (
                    INSERT INTO flow.audit_log (actor, action, detail)
                    SELECT $3, 'pool.delete', json_build_object('pool', name) FROM gone
                )
            SELECT count(*) FROM gone
            """, [StoredText.clean(name), PoolUse.defaultName, StoredText.clean(actor)])
        return try rows.first?.decode(0, as: Int.self) ?? 0 > 0
    }
}
