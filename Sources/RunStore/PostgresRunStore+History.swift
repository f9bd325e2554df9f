import CivilTime
package import DAGModel
package import Execution
import PostgresClient
package import SchedulerCore
import Timetables

extension PostgresRunStore: RunHistory {
    // MARK: - DAGs

    private static let dagColumns = """
        d.dag_id, d.display_name, d.description, d.owner, d.tags, d.is_paused, d.is_active, d.file, d.version,
        v.version_number, d.task_count, d.schedule::text, d.first_seen, coalesce(a.active, 0),
        CASE WHEN d.is_paused THEN d.pause_reason END,
        l.first_due, l.last_due, l.instants, l.fate
        """
    private static let dagTables = """
        flow.dag AS d
        JOIN flow.dag_version AS v ON v.dag_id = d.dag_id AND v.version = d.version
        LEFT JOIN (
            SELECT r.dag_id, count(*) AS active FROM flow.live_run JOIN flow.dag_run AS r USING (run_key) GROUP BY r.dag_id
        ) AS a ON a.dag_id = d.dag_id
        LEFT JOIN LATERAL (
            SELECT \(Columns.due) FROM flow.due_instant AS i WHERE i.dag_id = d.dag_id ORDER BY first_due DESC LIMIT 1
        ) AS l ON true
        """

    package func dags(lastRuns: Int) async throws -> [DAGSummary] {
        let results = try await reader.pipeline([
            PostgresStatement("SELECT \(Self.dagColumns) FROM \(Self.dagTables) ORDER BY d.dag_id"),
            PostgresStatement(
                """
                SELECT \(Columns.run("r")) FROM flow.dag AS d CROSS JOIN LATERAL (
                    SELECT * FROM flow.dag_run AS n WHERE n.dag_id = d.dag_id
                    ORDER BY n.run_after DESC, n.run_key DESC LIMIT $1
                ) AS r
                """, [min(max(lastRuns, 0), 100)]),
        ])
        var runs: [DAGID: [RunRecord]] = [:]
        for row in results[1] {
            let run = try RunRecord(row)
            runs[run.dag, default: []].append(run)
        }
        return try results[0].map { row in
            try Self.summary(row) { id in (runs[id] ?? []).sorted { RunCursor($0) > RunCursor($1) } }
        }
    }

    package func dag(_ id: DAGID) async throws -> DAGDetail? {
        let results = try await reader.pipeline([
            PostgresStatement(
                """
                SELECT \(Self.dagColumns), v.definition::text, v.source_text FROM \(Self.dagTables) WHERE d.dag_id = $1
                """, [id]),
            PostgresStatement(
                "SELECT \(Columns.run("r")) FROM flow.dag_run AS r WHERE dag_id = $1 "
                    + "ORDER BY run_after DESC, run_key DESC LIMIT 14", [id]),
            PostgresStatement(
                """
                SELECT version, version_number, created_at FROM flow.dag_version WHERE dag_id = $1
                ORDER BY version_number DESC LIMIT 100
                """, [id]),
        ])
        guard let row = results[0].first else { return nil }
        let runs = try results[1].map { try RunRecord($0) }
        return DAGDetail(
            summary: try Self.summary(row) { _ in runs },
            definition: try StoredText.decode(try row.decode("definition"), as: "the definition of DAG \(id)"),
            sourceText: try row.decode("source_text"),
            versions: try results[2].map { row in
                DAGVersionSummary(version: try row.decode(0), number: try row.decode(1), createdAt: try row.decode(2))
            })
    }

    private static func summary(_ row: PostgresRow, runs: (DAGID) -> [RunRecord]) throws -> DAGSummary {
        var reader = RowReader(row)
        let id: DAGID = try reader.next()
        let displayName: String? = try reader.next()
        let summary: String? = try reader.next()
        let owner: String? = try reader.next()
        let tags: [String] = try reader.next()
        let isPaused: Bool = try reader.next()
        let isActive: Bool = try reader.next()
        let file: String = try reader.next()
        let version: DAGVersionID = try reader.next()
        let number: Int = try reader.next()
        let taskCount: Int = try reader.next()
        let schedule: StoredSchedule = try StoredText.decode(try reader.next(), as: "the schedule of DAG \(id)")
        let firstSeen: Timestamp = try reader.next()
        let active: Int = try reader.next()
        let pauseReason: String? = try reader.next()
        return DAGSummary(
            id: id, displayName: displayName, summary: summary, owner: owner, tags: tags, isPaused: isPaused,
            isActive: isActive, file: file, version: version, versionNumber: number, taskCount: taskCount,
            timetable: schedule.timetable, bounds: schedule.bounds, catchup: schedule.catchup, firstSeen: firstSeen,
            lastRuns: runs(id), lastDue: try dueRecord(of: id, &reader), activeRuns: active,
            pauseReason: pauseReason)
    }

    // MARK: - Runs

    package func runs(_ query: RunQuery) async throws -> RunPage {
        var conditions: [String] = []
        var values: [any PostgresValue] = []
        func bind(_ value: any PostgresValue) -> String {
            values.append(value)
            return "$\(values.count)"
        }
        if let dag = query.dag { conditions.append("r.dag_id = \(bind(dag))") }
        if let before = query.before {
            conditions.append("(r.run_after, r.run_key) < (\(bind(before.runAfter)), \(bind(before.key)))")
        }
        if let states = query.states { conditions.append("r.state = ANY(\(bind(Array(states))))") }
        if let types = query.types { conditions.append("r.run_type = ANY(\(bind(Array(types))))") }
        if let backfill = query.backfill { conditions.append("r.backfill = \(bind(backfill))") }
        if let from = query.from { conditions.append("r.logical_date >= \(bind(from))") }
        if let to = query.to { conditions.append("r.logical_date <= \(bind(to))") }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let limit = min(max(query.limit, 1), RunQuery.maximumLimit)
        // Active runs are few: found through their own table, whatever the history holds.
        let onlyActive = query.states.map { $0.allSatisfy { !$0.isFinished } } ?? false
        let source = onlyActive ? "flow.live_run JOIN flow.dag_run AS r USING (run_key)" : "flow.dag_run AS r"
        let rows = try await reader.query(
            """
            SELECT \(Columns.run("r")) FROM \(source) \(filter)
            ORDER BY r.run_after DESC, r.run_key DESC LIMIT \(bind(limit + 1))
            """, values)
        let runs = try rows.prefix(limit).map { try RunRecord($0) }
        return RunPage(runs: runs, next: rows.count > limit ? runs.last.map(RunCursor.init) : nil)
    }

    package func runStates(of backfills: [BackfillID]) async throws -> [BackfillID: [RunState: Int]] {
        let rows = try await reader.query(
            "SELECT backfill, state, count(*) FROM flow.dag_run WHERE backfill = ANY($1) GROUP BY 1, 2", [backfills])
        var states: [BackfillID: [RunState: Int]] = [:]
        for row in rows { states[try row.decode(0), default: [:]][try row.decode(1)] = try row.decode(2, as: Int.self) }
        return states
    }

    package func run(dag: DAGID, runID: String) async throws -> RunDetail? {
        let ofRun = "run_key = (SELECT run_key FROM flow.dag_run WHERE dag_id = $1 AND run_id = $2)"
        let names: [any PostgresValue] = [dag, StoredText.clean(runID)]
        let attempt = "\(Columns.liveAttempt), \(Columns.process)"
        let results = try await reader.pipeline([
            PostgresStatement(
                """
                SELECT \(Columns.run("r")), v.version_number, v.definition::text FROM flow.dag_run AS r
                JOIN flow.dag_version AS v ON v.dag_id = r.dag_id AND v.version = r.version
                WHERE r.dag_id = $1 AND r.run_id = $2
                """, names),
            PostgresStatement("SELECT \(Columns.storedTask) FROM flow.task_instance WHERE \(ofRun)", names),
            // Past before live in one statement, which sees one moment: a try that ends meanwhile is not lost between.
            PostgresStatement(
                """
                SELECT \(attempt), state, ended_at, reason, exit_code, worker FROM flow.task_attempt_past WHERE \(ofRun)
                UNION ALL
                SELECT \(attempt), 'running', NULL, NULL, NULL, CASE WHEN queue IS NOT NULL THEN (
                    SELECT w.name FROM flow.attempt_claim AS c JOIN flow.worker AS w ON w.worker = c.worker
                    WHERE c.attempt = l.attempt) END
                FROM flow.task_attempt_live AS l WHERE \(ofRun)
                """, names),
            PostgresStatement(
                """
                SELECT \(Columns.notification("n", run: "r")) FROM flow.notification AS n
                JOIN flow.dag_run AS r USING (run_key) WHERE \(ofRun) ORDER BY n.id LIMIT \(RunDetail.maximumNotifications)
                """, names),
        ])
        guard let row = results[0].first else { return nil }
        let run = try RunRecord(row)
        let definition: DAG = try StoredText.decode(
            try row.decode("definition"), as: "version \(run.version) of DAG \(dag)")
        var tries: [TaskInstanceKey: [AttemptSummary]] = [:]
        for row in results[2] {
            let start = try AttemptStart(row)
            tries[start.instance, default: []].append(try AttemptSummary(start, row))
        }
        return RunDetail(
            run: run, definition: definition, versionNumber: try row.decode("version_number"),
            tasks: TaskStatus.all(
                of: run.key, in: definition, stored: try results[1].map { try TaskInstanceRecord($0) }, tries: tries),
            notifications: try results[3].map { try NotificationRecord($0) })
    }

    package func grid(dag: DAGID, limit: Int) async throws -> RunGrid? {
        let count = min(max(limit, 1), RunQuery.maximumLimit)
        let newest = "SELECT * FROM flow.dag_run WHERE dag_id = $1 ORDER BY run_after DESC, run_key DESC LIMIT $2"
        let results = try await reader.pipeline([
            PostgresStatement(
                """
                SELECT v.definition::text FROM flow.dag AS d
                JOIN flow.dag_version AS v ON v.dag_id = d.dag_id AND v.version = d.version WHERE d.dag_id = $1
                """, [dag]),
            PostgresStatement(
                "SELECT \(Columns.run("r")) FROM (\(newest)) AS r ORDER BY r.run_after DESC, r.run_key DESC",
                [dag, count]),
            PostgresStatement(
                "SELECT t.\(Columns.storedTask.replacing(", ", with: ", t.")) FROM (\(newest)) AS r "
                    + "CROSS JOIN LATERAL (SELECT * FROM flow.task_instance AS i WHERE i.run_key = r.run_key OFFSET 0) AS t",
                [dag, count]),
            PostgresStatement("SELECT \(Columns.liveAttempt) FROM flow.task_attempt_live"),
        ])
        guard let row = results[0].first else { return nil }
        return RunGrid(
            definition: try StoredText.decode(try row.decode(0), as: "the definition of DAG \(dag)"),
            runs: try results[1].map { try RunRecord($0) }, tasks: try results[2].map { try TaskInstanceRecord($0) },
            live: try results[3].map { try AttemptStart($0) })
    }

    package func outputs(of instance: TaskInstanceKey) async throws -> [TaskOutput] {
        let rows = try await reader.query(
            """
            SELECT key, value::text FROM flow.task_output WHERE run_key = $1 AND task_id = $2 AND map_index = $3
            ORDER BY key COLLATE "C" LIMIT 1000
            """, [instance.run, instance.task, instance.mapIndex])
        return try rows.map { row in
            TaskOutput(
                key: try row.decode(0), value: try StoredText.json(try row.decode(1), of: "an output of \(instance)"))
        }
    }

    // MARK: - The rest

    package func backfills(dag: DAGID?, limit: Int) async throws -> [BackfillRecord] {
        let rows = try await reader.query(
            """
            SELECT \(Columns.backfill) FROM flow.backfill WHERE $1::text IS NULL OR dag_id = $1 ORDER BY id DESC LIMIT $2
            """, [dag, min(max(limit, 1), RunQuery.maximumLimit)])
        return try rows.map { try BackfillRecord($0) }
    }

    package func backfill(_ id: BackfillID) async throws -> BackfillRecord? {
        try await reader.query("SELECT \(Columns.backfill) FROM flow.backfill WHERE id = $1", [id]).first
            .map { try BackfillRecord($0) }
    }

    package func dueInstants(dag: DAGID, limit: Int) async throws -> [DueRecord] {
        let rows = try await reader.query(
            "SELECT \(Columns.due) FROM flow.due_instant WHERE dag_id = $1 ORDER BY first_due DESC LIMIT $2",
            [dag, min(max(limit, 1), 10_000)])
        return try rows.map { try DueRecord($0) }
    }

    package func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventRecord] {
        let rows = try await reader.query(
            """
            SELECT id, asset, source_dag_id, source_run_key, source_task_id, source_map_index, at, interval_start,
                interval_end, extra::text
            FROM flow.asset_event
            WHERE asset = $1 AND at >= coalesce($2, '-infinity'::timestamptz) AND at <= coalesce($3, 'infinity'::timestamptz)
            ORDER BY id \(query.isAscending ? "ASC" : "DESC") LIMIT $4
            """,
            [StoredText.clean(query.asset), query.after, query.before, min(max(query.limit, 1), 1_000)])
        return try rows.map { row in
            var reader = RowReader(row)
            return try AssetEventRecord(&reader)
        }
    }

    package func importErrors() async throws -> [ImportErrorRecord] {
        let rows = try await reader.query(
            "SELECT file, diagnostics::text FROM flow.import_error ORDER BY file COLLATE \"C\" LIMIT 10000")
        return try rows.map { row in
            let file: String = try row.decode(0)
            return ImportErrorRecord(
                file: file, diagnostics: try StoredText.decode(try row.decode(1), as: "the problems of \(file)"))
        }
    }

    package func schedulerHealth() async throws -> SchedulerHealth {
        let results = try await reader.pipeline([
            PostgresStatement("SELECT \(Self.leaseColumns) FROM flow.scheduler_lease"),
            PostgresStatement("SELECT count(*), clock_timestamp() FROM flow.command WHERE finished_at IS NULL"),
        ])
        guard let row = results[1].first else { throw RunStoreError.corrupt("the commands cannot be counted") }
        return SchedulerHealth(
            lease: try results[0].first.map { try LeaseStatus($0) }, pendingCommands: try row.decode(0),
            askedAt: try row.decode(1))
    }

    package func runCounts() async throws -> [RunState: Int] {
        // No index knows ends: of the newest 20,000 runs, those that ended lately. An older run that was made to run
        // again is not counted.
        let rows = try await reader.query(
            """
            SELECT r.state, count(*) FROM flow.live_run JOIN flow.dag_run AS r USING (run_key) GROUP BY r.state
            UNION ALL
            SELECT n.state, count(*) FROM (
                SELECT state, end_date FROM flow.dag_run ORDER BY run_key DESC LIMIT 20000
            ) AS n
            WHERE n.state IN ('success', 'failed') AND n.end_date > clock_timestamp() - interval '24 hours'
            GROUP BY n.state
            """)
        var counts: [RunState: Int] = [:]
        for row in rows { counts[try row.decode(0), default: 0] += try row.decode(1, as: Int.self) }
        return counts
    }
}

extension AttemptSummary {
    /// From a row of a try's columns, its process's and its end's.
    init(_ start: AttemptStart, _ row: PostgresRow) throws {
        var reader = RowReader(row, from: 11)
        let process = try reader.process()
        self.init(
            attempt: start.attempt, tryNumber: start.tryNumber, maxTries: start.maxTries, state: try reader.next(),
            queuedAt: start.queuedAt, startedAt: start.startedAt, endedAt: try reader.next(),
            reason: try reader.next(), exitCode: try reader.next(), pool: start.pool, process: process,
            queue: start.queue, worker: try reader.next())
    }
}
