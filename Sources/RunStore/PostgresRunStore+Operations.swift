package import CivilTime
package import DAGModel
import PostgresClient
package import SchedulerCore

extension PostgresRunStore {
    // MARK: - Retention

    /// Rows that one look at the history reads.
    private static let page = 1_000
    /// A run that has a newer one of its outcome beside it.
    private static let isOutdone = """
        r.state IN ('success', 'failed') AND EXISTS (
            SELECT FROM flow.dag_run AS n WHERE n.dag_id = r.dag_id AND n.state = r.state
                AND (n.run_after, n.run_key) > (r.run_after, r.run_key))
        """

    package func expiredRuns(_ rule: RetentionRule, limit: Int) async throws -> [RunRecord] {
        var found: [RunKey: RunRecord] = [:]
        if let date = rule.endedBefore { try await addOld(&found, before: date, limit: limit) }
        if let kept = rule.keptRuns, found.count < limit { try await addSurplus(&found, kept: kept, limit: limit) }
        return Array(found.values.sorted { $0.key < $1.key }.prefix(limit))
    }

    /// Walks through the runs in the order they were made, which is nearly that of their ends, until they are too young.
    private func addOld(_ found: inout [RunKey: RunRecord], before date: Timestamp, limit: Int) async throws {
        let page = "SELECT * FROM flow.dag_run WHERE run_key > $1 ORDER BY run_key LIMIT \(Self.page)"
        var cursor = Int64.min
        while found.count < limit {
            let results = try await reader.pipeline([
                PostgresStatement("SELECT count(*), max(run_key), min(queued_at) FROM (\(page)) AS r", [cursor]),
                PostgresStatement(
                    """
                    SELECT \(Columns.run("r")) FROM (\(page)) AS r WHERE r.end_date < $2 AND \(Self.isOutdone)
                    ORDER BY r.run_key LIMIT $3
                    """, [cursor, date, limit - found.count]),
            ])
            for row in results[1] {
                let run = try RunRecord(row)
                found[run.key] = run
            }
            guard let row = results[0].first, let last: Int64 = try row.decode(1) else { return }
            let oldest: Timestamp? = try row.decode(2)
            if try row.decode(0, as: Int.self) < Self.page || oldest.map({ $0 >= date }) ?? true { return }
            cursor = last
        }
    }

    private func addSurplus(_ found: inout [RunKey: RunRecord], kept: Int, limit: Int) async throws {
        let rows = try await reader.query(
            """
            SELECT \(Columns.run("r")) FROM flow.dag AS d CROSS JOIN LATERAL (
                SELECT * FROM flow.dag_run AS s WHERE s.dag_id = d.dag_id
                ORDER BY s.run_after DESC, s.run_key DESC OFFSET $1 LIMIT $2
            ) AS r
            WHERE \(Self.isOutdone) ORDER BY r.run_key LIMIT $2
            """, [max(kept, 0), limit + Self.page])
        for row in rows where found.count < limit {
            let run = try RunRecord(row)
            found[run.key] = run
        }
    }

    package func pruneRecords(before date: Timestamp, limit: Int) async throws -> Int {
        let commands = try await reader.query(
            """
            WITH gone AS (
                DELETE FROM flow.command WHERE id IN (
                    SELECT id FROM flow.command WHERE finished_at < $1 ORDER BY id LIMIT $2) RETURNING id
            ) SELECT count(*) FROM gone
            """, [date, limit])
        let events = try await reader.query(
            """
            WITH old AS (
                SELECT e.id FROM flow.asset_event AS e WHERE e.at < $1
                    AND NOT EXISTS (SELECT FROM flow.asset_event_queue AS q WHERE q.event = e.id)
                ORDER BY e.id LIMIT $2
            ), taken AS (
                DELETE FROM flow.asset_event_run WHERE event IN (SELECT id FROM old)
            ), gone AS (
                DELETE FROM flow.asset_event WHERE id IN (SELECT id FROM old) RETURNING id
            ) SELECT count(*) FROM gone
            """, [date, limit])
        return try max(commands.first?.decode(0, as: Int.self) ?? 0, events.first?.decode(0, as: Int.self) ?? 0)
    }

    // MARK: - Notes

    package func notes(of run: RunKey) async throws -> [Note] {
        let rows = try await reader.query(
            """
            SELECT nullif(task_id, ''), map_index, content, author, written_at FROM flow.note WHERE run_key = $1
            ORDER BY task_id COLLATE "C", map_index LIMIT 10000
            """, [run])
        return try rows.map { row in
            let task: String? = try row.decode(0)
            return Note(
                task: task.map { TaskID($0) }, mapIndex: try row.decode(1), text: try row.decode(2),
                author: try row.decode(3), writtenAt: try row.decode(4))
        }
    }

    package func setNote(
        _ text: String?, on run: RunKey, task: TaskID?, mapIndex: Int, actor: String
    ) async throws -> Bool {
        let values: [any PostgresValue] = [run, task?.rawValue ?? "", mapIndex]
        let isKnown = try await reader.query("SELECT FROM flow.dag_run WHERE run_key = $1", [run]).first != nil
        guard isKnown else { return false }
        let change =
            if let text {
                PostgresStatement(
                    """
                    INSERT INTO flow.note (run_key, task_id, map_index, content, author) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (run_key, task_id, map_index) DO UPDATE SET
                        content = excluded.content, author = excluded.author, written_at = clock_timestamp()
                    """, values + [StoredText.clean(text), StoredText.clean(actor)])
            } else {
                PostgresStatement(
                    "DELETE FROM flow.note WHERE run_key = $1 AND task_id = $2 AND map_index = $3", values)
            }
        _ = try await reader.pipeline([
            change,
            PostgresStatement(
                """
                INSERT INTO flow.audit_log (actor, action, dag_id, detail)
                SELECT $2, 'note', dag_id, json_build_object('run_id', run_id, 'task_id', nullif($3, ''))
                FROM flow.dag_run WHERE run_key = $1
                """, [run, StoredText.clean(actor), task?.rawValue ?? ""]),
        ])
        return true
    }

    // MARK: - Questions

    package func sourceText(of dag: DAGID, version: DAGVersionID) async throws -> String? {
        try await reader.query(
            "SELECT source_text FROM flow.dag_version WHERE dag_id = $1 AND version = $2", [dag, version]
        ).first?.decode(0)
    }

    package func poolUse(_ name: String) async throws -> PoolUse? {
        try await poolUses(where: name).first
    }

    package func poolUses() async throws -> [PoolUse] { try await poolUses(where: nil) }

    /// - Parameter name: of the only pool wanted; nil for all.
    private func poolUses(where name: String?) async throws -> [PoolUse] {
        let results = try await reader.pipeline([
            PostgresStatement(
                """
                SELECT name, slots, description FROM flow.pool WHERE $1::text IS NULL OR name = $1
                ORDER BY name COLLATE "C"
                """, [name]),
            PostgresStatement(
                """
                SELECT l.pool, r.dag_id, r.run_id, l.task_id, l.map_index, l.pool_slots, l.started_at
                FROM flow.task_attempt_live AS l JOIN flow.dag_run AS r USING (run_key)
                WHERE $1::text IS NULL OR l.pool = $1
                """, [name]),
        ])
        var holders: [String: [PoolHolder]] = [:]
        for row in results[1] {
            let holder = PoolHolder(
                dag: try row.decode(1), runID: try row.decode(2), task: try row.decode(3),
                mapIndex: try row.decode(4), slots: try row.decode(5), since: try row.decode(6))
            holders[try row.decode(0), default: []].append(holder)
        }
        return try results[0].map { row in
            let name: String = try row.decode(0)
            return PoolUse(
                name: name, slots: try row.decode(1), holders: holders[name] ?? [], description: try row.decode(2))
        }
    }

    package func runs(of dag: DAGID, at dates: [Timestamp]) async throws -> [RunRecord] {
        let rows = try await reader.query(
            """
            SELECT \(Columns.run("r")) FROM flow.dag_run AS r WHERE r.dag_id = $1 AND r.logical_date = ANY($2)
            ORDER BY r.logical_date
            """, [dag, dates])
        return try rows.map { try RunRecord($0) }
    }
}
