package import CivilTime
package import DAGModel
import Execution
import PostgresClient
package import SchedulerCore

extension PostgresRunStore {
    package func snapshot() async throws -> Snapshot {
        // One moment for all questions. A scheduler that starts may take longer than a page.
        let results = try await reader.withTransaction(isolation: .repeatableRead, readOnly: true) { transaction in
            try await transaction.script("SET LOCAL statement_timeout = '120s'")
            return try await transaction.pipeline(
                [
                    SnapshotSQL.dags, SnapshotSQL.datesAhead, SnapshotSQL.definitions, SnapshotSQL.runs,
                    SnapshotSQL.tasks,
                    SnapshotSQL.attempts, SnapshotSQL.backfills, SnapshotSQL.queuedEvents, SnapshotSQL.pools,
                    SnapshotSQL.mapLengths, SnapshotSQL.notifications,
                ].map { PostgresStatement($0, prepared: false) })
        }
        var ahead: [DAGID: [Timestamp]] = [:]
        for row in results[1] { ahead[try row.decode(0), default: []].append(try row.decode(1)) }
        var queued: [DAGID: [AssetEventRecord]] = [:]
        for row in results[7] {
            let (dag, event) = try Self.queuedEvent(row)
            queued[dag, default: []].append(event)
        }
        var pools: [String: Int] = [:]
        for row in results[8] { pools[try row.decode(0)] = try row.decode(1, as: Int.self) }
        var lengths: [RunKey: [TaskInstanceKey: Int]] = [:]
        for row in results[9] {
            var reader = RowReader(row)
            let instance = try reader.instance()
            lengths[instance.run, default: [:]][instance] = try reader.next(Int.self)
        }
        return Snapshot(
            dags: try results[0].map { try Self.dagEntry($0, ahead: ahead) },
            runs: try Self.activeRuns(
                definitions: results[2], runs: results[3], tasks: results[4], attempts: results[5],
                lengths: lengths),
            backfills: try results[6].map(BackfillRecord.init), queuedEvents: queued, pools: pools,
            notifications: try results[10].map { try NotificationRecord($0) })
    }

    private static func dagEntry(_ row: PostgresRow, ahead: [DAGID: [Timestamp]]) throws -> Snapshot.DAGEntry {
        var reader = RowReader(row)
        let id: DAGID = try reader.next()
        let version: DAGVersionID = try reader.next()
        let file: String = try reader.next()
        let isPaused: Bool = try reader.next()
        let isActive: Bool = try reader.next()
        let firstSeen: Timestamp = try reader.next()
        let failures: Int = try reader.next()
        return Snapshot.DAGEntry(
            id: id, version: version, file: file, isPaused: isPaused, isActive: isActive,
            lastDue: try dueRecord(of: id, &reader), datesAhead: ahead[id] ?? [], firstSeen: firstSeen,
            failuresInARow: failures)
    }

    /// Four columns; all null when the ledger has no row.
    static func dueRecord(of dag: DAGID, _ reader: inout RowReader) throws -> DueRecord? {
        let first: Timestamp? = try reader.next()
        let last: Timestamp? = try reader.next()
        let count: Int? = try reader.next()
        let fate: DueFate? = try reader.next()
        guard let first, let last, let count, let fate else { return nil }
        return DueRecord(dag: dag, first: first, last: last, count: count, fate: fate)
    }

    private static func activeRuns(
        definitions: PostgresResult, runs: PostgresResult, tasks: PostgresResult, attempts: PostgresResult,
        lengths: [RunKey: [TaskInstanceKey: Int]]
    ) throws -> [Snapshot.ActiveRun] {
        struct Pin: Hashable {
            let dag: DAGID
            let version: DAGVersionID
        }
        var dags: [Pin: DAG] = [:]
        for row in definitions {
            let pin = Pin(dag: try row.decode(0), version: try row.decode(1))
            dags[pin] = try StoredText.decode(try row.decode(2), as: "version \(pin.version) of DAG \(pin.dag)")
        }
        var rows: [RunKey: [TaskInstanceRecord]] = [:]
        for row in tasks {
            let task = try TaskInstanceRecord(row)
            rows[task.instance.run, default: []].append(task)
        }
        var live: [RunKey: [AttemptStart]] = [:]
        for row in attempts {
            let attempt = try AttemptStart(row)
            live[attempt.instance.run, default: []].append(attempt)
        }
        return try runs.map { row in
            let run = try RunRecord(row)
            guard let dag = dags[Pin(dag: run.dag, version: run.version)] else {
                throw RunStoreError.corrupt("run \(run.runID) of \(run.dag) is pinned to a version that is gone")
            }
            return Snapshot.ActiveRun(
                stored: StoredRun(run: run, tasks: sorted(rows[run.key] ?? [], by: dag)), dag: dag,
                attempts: live[run.key] ?? [], mapLengths: lengths[run.key] ?? [:])
        }
    }

    /// In the order of the document, without what it does not have.
    private static func sorted(_ tasks: [TaskInstanceRecord], by dag: DAG) -> [TaskInstanceRecord] {
        if tasks.isEmpty { return [] }
        let rows = Dictionary(grouping: tasks, by: \.instance.task)
        return dag.tasks.flatMap { rows[$0.id] ?? [] }
    }

    private static func queuedEvent(_ row: PostgresRow) throws -> (DAGID, AssetEventRecord) {
        var reader = RowReader(row)
        let dag: DAGID = try reader.next()
        return (dag, try AssetEventRecord(&reader))
    }

    package func orphans() async throws -> [StoredOrphan] {
        let rows = try await reader.query(
            "SELECT attempt, \(Columns.process) FROM flow.task_attempt_live WHERE queue IS NULL ORDER BY attempt")
        return try rows.map { row in
            var reader = RowReader(row)
            return StoredOrphan(orphan: OrphanedAttempt(attempt: try reader.next(), process: try reader.process()))
        }
    }

    package func findRuns(dag: DAGID, dates: [Timestamp]) async throws -> [StoredRun] {
        try await stored("r.dag_id = $1 AND r.logical_date = ANY($2::timestamptz[])", [dag, dates])
    }

    package func findRun(dag: DAGID, runID: String) async throws -> StoredRun? {
        try await stored("r.dag_id = $1 AND r.run_id = $2", [dag, StoredText.clean(runID)]).first
    }

    package func previousRun(dag: DAGID, before date: Timestamp) async throws -> StoredRun? {
        try await stored(
            """
            r.dag_id = $1 AND r.logical_date = (
                SELECT max(p.logical_date) FROM flow.dag_run AS p WHERE p.dag_id = $1 AND p.logical_date < $2)
            """, [dag, date]
        ).first
    }

    package func runtimes(of dag: DAGID, endedBy date: Timestamp, limit: Int) async throws -> [Duration] {
        let rows = try await reader.query(
            """
            SELECT start_date, end_date FROM (
                SELECT run_after, run_key, state, start_date, end_date FROM flow.dag_run
                WHERE dag_id = $1 AND state IN ('success', 'failed') AND end_date <= $2
                ORDER BY run_after DESC, run_key DESC LIMIT \(AverageRuntime.horizon)
            ) AS ended
            WHERE state = 'success' AND start_date IS NOT NULL ORDER BY run_after DESC, run_key DESC LIMIT $3
            """, [dag, date, limit])
        return try rows.map { try $0.decode(1, as: Timestamp.self) - $0.decode(0, as: Timestamp.self) }
    }

    package func runsToChange(
        dag: DAGID, runID: String, past: Bool, future: Bool
    ) async throws -> [Snapshot.ActiveRun] {
        guard let own = try await findRun(dag: dag, runID: runID) else { return [] }
        var found = [own]
        if let date = own.run.logicalDate {
            let limit = ClearRequest.maximumRuns
            if past {
                found += try await stored(
                    """
                    r.run_key IN (SELECT p.run_key FROM flow.dag_run AS p
                        WHERE p.dag_id = $1 AND p.logical_date < $2 ORDER BY p.logical_date DESC LIMIT $3)
                    """, [dag, date, limit])
            }
            if future {
                found += try await stored(
                    """
                    r.run_key IN (SELECT p.run_key FROM flow.dag_run AS p
                        WHERE p.dag_id = $1 AND p.logical_date > $2 ORDER BY p.logical_date LIMIT $3)
                    """, [dag, date, limit])
            }
        }
        let versions = Array(Set(found.map(\.run.version)))
        let results = try await reader.pipeline([
            PostgresStatement(
                """
                SELECT version, definition::text FROM flow.dag_version WHERE dag_id = $1 AND version = ANY($2::text[])
                """, [dag, versions]),
            PostgresStatement(
                "SELECT run_key, task_id, map_index, length FROM flow.task_map WHERE run_key = ANY($1::int8[])",
                [found.map(\.run.key)]),
        ])
        var dags: [DAGVersionID: DAG] = [:]
        for row in results[0] {
            let version: DAGVersionID = try row.decode(0)
            dags[version] = try StoredText.decode(try row.decode(1), as: "version \(version) of DAG \(dag)")
        }
        var lengths: [RunKey: [TaskInstanceKey: Int]] = [:]
        for row in results[1] {
            var reader = RowReader(row)
            let instance = try reader.instance()
            lengths[instance.run, default: [:]][instance] = try reader.next(Int.self)
        }
        return found.compactMap { stored in
            dags[stored.run.version].map { dag in
                Snapshot.ActiveRun(stored: stored, dag: dag, attempts: [], mapLengths: lengths[stored.run.key] ?? [:])
            }
        }
    }

    private func stored(_ condition: String, _ values: [any PostgresValue]) async throws -> [StoredRun] {
        let results = try await reader.pipeline([
            PostgresStatement(
                "SELECT \(Columns.run("r")) FROM flow.dag_run AS r WHERE \(condition) ORDER BY r.logical_date", values),
            PostgresStatement(
                """
                SELECT t.\(Columns.storedTask.replacing(", ", with: ", t.")) FROM flow.dag_run AS r
                JOIN flow.task_instance AS t USING (run_key) WHERE \(condition)
                """, values),
        ])
        var tasks: [RunKey: [TaskInstanceRecord]] = [:]
        for row in results[1] {
            let task = try TaskInstanceRecord(row)
            tasks[task.instance.run, default: []].append(task)
        }
        return try results[0].map { row in
            let run = try RunRecord(row)
            return StoredRun(run: run, tasks: tasks[run.key] ?? [])
        }
    }
}

/// The questions of a new leader.
///
/// All begin at what is active.
private enum SnapshotSQL {
    /// Failures in a row are counted only where a limit asks for them, and no further back than matters.
    static let dags = """
        SELECT d.dag_id, d.version, d.file, d.is_paused, d.is_active, d.first_seen, coalesce(f.failures, 0),
            l.first_due, l.last_due, l.instants, l.fate
        FROM flow.dag AS d
        LEFT JOIN LATERAL (
            SELECT \(Columns.due) FROM flow.due_instant AS i WHERE i.dag_id = d.dag_id ORDER BY first_due DESC LIMIT 1
        ) AS l ON true
        LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE successes = 0) AS failures FROM (
                SELECT count(*) FILTER (WHERE n.state = 'success') OVER (ORDER BY n.end_date DESC, n.run_key DESC) AS successes
                FROM (
                    SELECT r.state, r.end_date, r.run_key FROM flow.dag_run AS r
                    WHERE r.dag_id = d.dag_id AND r.state IN ('success', 'failed') AND r.backfill IS NULL
                    ORDER BY r.run_after DESC, r.run_key DESC LIMIT d.max_consecutive_failed_runs * 4 + 16
                ) AS n
            ) AS counted
        ) AS f ON d.max_consecutive_failed_runs > 0
        ORDER BY d.dag_id
        """

    static let datesAhead = """
        SELECT d.dag_id, r.logical_date FROM flow.dag AS d
        LEFT JOIN LATERAL (
            SELECT s.logical_date FROM flow.dag_run AS s
            WHERE s.dag_id = d.dag_id AND s.logical_date IS NOT NULL AND s.run_type = 'scheduled'
            ORDER BY s.logical_date DESC LIMIT 1
        ) AS newest ON true
        JOIN flow.dag_run AS r ON r.dag_id = d.dag_id AND r.logical_date IS NOT NULL
            AND r.logical_date > coalesce(newest.logical_date, '-infinity')
        ORDER BY d.dag_id, r.logical_date
        """

    static let definitions = """
        SELECT v.dag_id, v.version, v.definition::text FROM flow.dag_version AS v
        WHERE (v.dag_id, v.version) IN (
            SELECT r.dag_id, r.version FROM flow.live_run AS l JOIN flow.dag_run AS r USING (run_key))
        """

    static let runs = """
        SELECT \(Columns.run("r")) FROM flow.live_run AS l JOIN flow.dag_run AS r USING (run_key) ORDER BY run_key
        """

    static let tasks = """
        SELECT \(Columns.storedTask) FROM flow.live_run AS l JOIN flow.task_instance AS t USING (run_key)
        """

    static let attempts = "SELECT \(Columns.liveAttempt) FROM flow.task_attempt_live ORDER BY attempt"

    static let backfills = """
        SELECT \(Columns.backfill) FROM flow.backfill WHERE state IN ('running', 'paused') OR ended_at IS NULL ORDER BY id
        """

    static let queuedEvents = """
        SELECT q.dag_id, e.id, e.asset, e.source_dag_id, e.source_run_key, e.source_task_id, e.source_map_index, e.at,
            e.interval_start, e.interval_end, e.extra::text
        FROM flow.asset_event_queue AS q JOIN flow.asset_event AS e ON e.id = q.event ORDER BY q.dag_id, e.id
        """

    static let mapLengths = """
        SELECT run_key, task_id, map_index, m.length FROM flow.live_run AS l JOIN flow.task_map AS m USING (run_key)
        """

    static let notifications = """
        SELECT \(Columns.notification("n", run: "r")) FROM flow.notification AS n
        JOIN flow.dag_run AS r USING (run_key) WHERE n.ended_at IS NULL ORDER BY n.id
        """

    static let pools = "SELECT name, slots FROM flow.pool"
}
