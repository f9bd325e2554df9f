import CivilTime
import DAGModel
import Execution
import PostgresClient
import SchedulerCore

/// The SQL of a commit.
///
/// Every statement takes arrays, touches rows by key, and is planned for that (see the writer's session settings): a
/// plan made while a table is tiny must not scan it when it has grown.
enum CommitSQL {
    /// The first of every commit: the row's lock makes a takeover wait for the commit, or the commit fail.
    ///
    /// What `flow.begin_batch` does, at half its price as long as all is well.
    static let beginBatch = """
        WITH begun AS (
            UPDATE flow.scheduler_lease SET last_batch = $2
            WHERE only_row AND epoch = $1 AND last_batch = $2 - 1
            RETURNING 1
        )
        SELECT flow.begin_batch($1, $2) WHERE NOT EXISTS (SELECT FROM begun)
        """

    static let insertVersions = """
        INSERT INTO flow.dag_version (dag_id, version, version_number, definition, source_text)
        SELECT u.dag_id, u.version,
            coalesce((SELECT max(v.version_number) FROM flow.dag_version AS v WHERE v.dag_id = u.dag_id), 0)
                + row_number() OVER (PARTITION BY u.dag_id ORDER BY u.place),
            u.definition::json, u.source_text
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
            WITH ORDINALITY AS u(dag_id, version, definition, source_text, place)
        WHERE NOT EXISTS (SELECT FROM flow.dag_version AS v WHERE v.dag_id = u.dag_id AND v.version = u.version)
        """

    private static let dagArrays = """
        $1::text[], $2::text[], $3::text[], $4::bool[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int8[],
            $10::int8[], $11::text[]
        """
    private static let dagNames = """
        dag_id, version, file, is_active, display_name, description, owner, tags, task_count, max_failed, schedule
        """
    private static let tags = "ARRAY(SELECT json_array_elements_text(u.tags::json))"

    static let insertDAGs = """
        INSERT INTO flow.dag (dag_id, version, file, is_active, display_name, description, owner, tags, task_count,
            max_consecutive_failed_runs, schedule, is_paused)
        SELECT u.dag_id, u.version, u.file, u.is_active, u.display_name, u.description, u.owner, \(tags), u.task_count,
            u.max_failed, u.schedule::json, u.is_paused
        FROM unnest(\(dagArrays), $12::bool[]) AS u(\(dagNames), is_paused)
        """

    static let updateDAGs = """
        UPDATE flow.dag AS d SET version = u.version, file = u.file, is_active = u.is_active,
            display_name = u.display_name, description = u.description, owner = u.owner, tags = \(tags),
            task_count = u.task_count, max_consecutive_failed_runs = u.max_failed, schedule = u.schedule::json,
            updated_at = clock_timestamp()
        FROM unnest(\(dagArrays)) AS u(\(dagNames))
        WHERE d.dag_id = u.dag_id
        """

    static let removeDAGs = "UPDATE flow.dag SET is_active = false WHERE dag_id = ANY($1::text[])"
    static let pauseDAGs = """
        WITH changed AS (
            UPDATE flow.dag AS d SET is_paused = true, pause_reason = u.reason
            FROM unnest($1::text[], $2::text[]) AS u(dag_id, reason) WHERE d.dag_id = u.dag_id RETURNING d.dag_id, u.reason
        )
        INSERT INTO flow.audit_log (actor, action, dag_id, detail)
        SELECT 'scheduler', 'dag.pause', dag_id, json_build_object('reason', reason) FROM changed
        """

    private static let runNames = """
        run_key, dag_id, run_id, run_type, state, logical_date, data_interval_start, data_interval_end, run_after, \
        queued_at, start_date, end_date, version, conf, backfill, events_start, events_end, triggered_by, reason, \
        missed_deadlines, average_runtimes
        """

    static let insertRuns = """
        INSERT INTO flow.dag_run (\(runNames))
        SELECT run_key, dag_id, run_id, run_type, state, logical_date, data_interval_start, data_interval_end, run_after,
            queued_at, start_date, end_date, version, conf::json, backfill, events_start, events_end, triggered_by, reason,
            missed_deadlines::json, average_runtimes::json
        FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
            $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
            $13::text[], $14::text[], $15::int8[], $16::timestamptz[], $17::timestamptz[], $18::text[], $19::text[],
            $20::text[], $21::text[])
            AS u(\(runNames))
        """

    static let updateRuns = """
        UPDATE flow.dag_run AS r SET state = u.state, queued_at = u.queued_at, start_date = u.start_date,
            end_date = u.end_date, version = u.version, conf = u.conf::json, backfill = u.backfill,
            triggered_by = u.triggered_by, reason = u.reason, missed_deadlines = u.missed_deadlines::json,
            average_runtimes = u.average_runtimes::json
        FROM unnest($1::int8[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::text[],
            $7::text[], $8::int8[], $9::text[], $10::text[], $11::text[], $12::text[])
            AS u(run_key, state, queued_at, start_date, end_date, version, conf, backfill, triggered_by, reason,
                missed_deadlines, average_runtimes)
        WHERE r.run_key = u.run_key
        """

    static let addLiveRuns = "INSERT INTO flow.live_run SELECT unnest($1::int8[]) ON CONFLICT DO NOTHING"
    static let dropLiveRuns = "DELETE FROM flow.live_run WHERE run_key = ANY($1::int8[])"

    static let deleteRuns = [
        "task_attempt_past", "task_instance", "task_output", "task_map", "task_log", "note", "notification", "live_run",
        "dag_run",
    ].map { "DELETE FROM flow.\($0) WHERE run_key = ANY($1::int8[])" }

    static let recordProcesses = """
        UPDATE flow.task_attempt_live AS l SET host = u.host, boot_id = u.boot_id, pid = u.pid, start_ticks = u.start_ticks
        FROM unnest($1::int8[], $2::text[], $3::text[], $4::int4[], $5::int8[])
            AS u(attempt, host, boot_id, pid, start_ticks)
        WHERE l.attempt = u.attempt
        """

    private static let attemptNames = """
        attempt, run_key, task_id, map_index, try_number, max_tries, queued_at, started_at, pool, pool_slots, host, \
        boot_id, pid, start_ticks
        """
    private static let attemptArrays = """
        $1::int8[], $2::int8[], $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::timestamptz[], $8::timestamptz[],
            $9::text[], $10::int8[], $11::text[], $12::text[], $13::int4[], $14::int8[]
        """

    static let endAttempts = """
        WITH gone AS (
            DELETE FROM flow.task_attempt_live AS l
            USING unnest($1::int8[], $2::text[], $3::timestamptz[], $4::text[], $5::int4[])
                AS u(attempt, state, ended_at, reason, exit_code)
            WHERE l.attempt = u.attempt
            RETURNING l.*, u.state, u.ended_at, u.reason, u.exit_code
        )
        INSERT INTO flow.task_attempt_past (\(attemptNames), state, ended_at, reason, exit_code)
        SELECT \(attemptNames), state, ended_at, reason, exit_code FROM gone
        """

    /// As above, and says who carried it out.
    static let endAttemptsByWorkers = """
        WITH gone AS (
            DELETE FROM flow.task_attempt_live AS l
            USING unnest($1::int8[], $2::text[], $3::timestamptz[], $4::text[], $5::int4[], $6::timestamptz[])
                AS u(attempt, state, ended_at, reason, exit_code, taken_at)
            WHERE l.attempt = u.attempt
            RETURNING l.*, u.state, u.ended_at, u.reason, u.exit_code, u.taken_at
        )
        INSERT INTO flow.task_attempt_past (\(attemptNames), state, ended_at, reason, exit_code, queue, worker)
        SELECT \(attemptNames.replacing("started_at", with: "coalesce(taken_at, started_at)")), state, ended_at, reason,
            exit_code, queue, (SELECT w.name FROM flow.attempt_claim AS c JOIN flow.worker AS w ON w.worker = c.worker
                WHERE c.attempt = gone.attempt)
        FROM gone
        """

    /// First of all: it finds the queue by the live row, and whoever takes the try out of it meanwhile has written its
    /// claim when the next statement looks.
    static let leaveQueue = """
        DELETE FROM flow.attempt_queue AS q USING flow.task_attempt_live AS l
        WHERE l.attempt = ANY($1::int8[]) AND q.queue = l.queue AND q.attempt = l.attempt
        """

    static let dropClaims = [
        "DELETE FROM flow.attempt_claim WHERE attempt = ANY($1::int8[])",
        "DELETE FROM flow.attempt_result WHERE attempt = ANY($1::int8[])",
    ]

    static let handOverAttempts = """
        WITH new AS (
            SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[], $4::int8[], $5::int8[], $6::int8[],
                $7::timestamptz[], $8::timestamptz[], $9::text[], $10::int8[], $11::text[]) AS u(
                attempt, run_key, task_id, map_index, try_number, max_tries, queued_at, started_at, pool, pool_slots, queue)
        ), live AS (
            INSERT INTO flow.task_attempt_live (attempt, run_key, task_id, map_index, try_number, max_tries, queued_at,
                started_at, pool, pool_slots, queue)
            SELECT * FROM new
        )
        INSERT INTO flow.attempt_queue (queue, attempt) SELECT queue, attempt FROM new
        """

    /// The payload is the queue: only workers that serve it look.
    static let notifyQueues = "SELECT pg_notify('cryptoflow_worker', name) FROM unnest($1::text[]) AS q(name)"

    static let suspendAttempts = "DELETE FROM flow.task_attempt_live WHERE attempt = ANY($1::int8[])"

    static let startAttempts = """
        INSERT INTO flow.task_attempt_live (\(attemptNames))
        SELECT * FROM unnest(\(attemptArrays))
        """

    static let insertPassedAttempts = """
        INSERT INTO flow.task_attempt_past (\(attemptNames), state, ended_at, reason, exit_code)
        SELECT * FROM unnest(\(attemptArrays), $15::text[], $16::timestamptz[], $17::text[], $18::int4[])
        """

    /// Of rows that are certainly not there: two thirds of what the insert costs that is ready to meet one.
    static let insertTasks = """
        INSERT INTO flow.task_instance (\(Columns.task))
        SELECT * FROM unnest($1::int8[], $2::text[], $3::int8[], $4::text[], $5::int8[], $6::int8[], $7::int8[],
            $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[])
        """

    static let setTasks = """
        \(insertTasks)
        ON CONFLICT (run_key, task_id, map_index) DO UPDATE SET state = excluded.state,
            try_number = excluded.try_number, max_tries = excluded.max_tries, lost_count = excluded.lost_count,
            start_date = excluded.start_date, end_date = excluded.end_date, retry_at = excluded.retry_at,
            reason = excluded.reason
        """

    static let nameInstances = """
        UPDATE flow.task_instance AS t SET rendered_map_index = u.name
        FROM unnest($1::int8[], $2::text[], $3::int8[], $4::text[]) AS u(run_key, task_id, map_index, name)
        WHERE t.run_key = u.run_key AND t.task_id = u.task_id AND t.map_index = u.map_index
        """

    static let setMapLengths = """
        INSERT INTO flow.task_map (run_key, task_id, map_index, length)
        SELECT * FROM unnest($1::int8[], $2::text[], $3::int8[], $4::int8[])
        ON CONFLICT (run_key, task_id, map_index) DO UPDATE SET length = excluded.length
        """

    static let dropMapLengths = """
        DELETE FROM flow.task_map AS m USING unnest($1::int8[], $2::text[], $3::int8[]) AS u(run_key, task_id, map_index)
        WHERE m.run_key = u.run_key AND m.task_id = u.task_id AND m.map_index = u.map_index
        """

    static let dropOutputs = """
        DELETE FROM flow.task_output AS o USING unnest($1::int8[], $2::text[], $3::int8[]) AS u(run_key, task_id, map_index)
        WHERE o.run_key = u.run_key AND o.task_id = u.task_id AND o.map_index = u.map_index
        """

    static let setOutputs = """
        INSERT INTO flow.task_output (run_key, task_id, map_index, key, value)
        SELECT run_key, task_id, map_index, key, value::json
        FROM unnest($1::int8[], $2::text[], $3::int8[], $4::text[], $5::text[]) AS u(run_key, task_id, map_index, key, value)
        ON CONFLICT (run_key, task_id, map_index, key) DO UPDATE SET value = excluded.value
        """

    static let account = """
        INSERT INTO flow.due_instant (\(Columns.due))
        SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::int8[], $5::text[])
        ON CONFLICT (dag_id, first_due) DO UPDATE SET last_due = excluded.last_due, instants = excluded.instants,
            fate = excluded.fate
        """

    static let addAssets = "INSERT INTO flow.asset (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"

    static let insertAssetEvents = """
        INSERT INTO flow.asset_event (id, asset, source_dag_id, source_run_key, source_task_id, source_map_index, at,
            interval_start, interval_end, extra)
        SELECT id, asset, dag, run, task, map, at, interval_start, interval_end, extra::json
        FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[], $5::text[], $6::int8[], $7::timestamptz[],
            $8::timestamptz[], $9::timestamptz[], $10::text[])
            AS u(id, asset, dag, run, task, map, at, interval_start, interval_end, extra)
        """

    static let queueAssetEvents = "INSERT INTO flow.asset_event_queue SELECT * FROM unnest($1::text[], $2::int8[])"

    static let consumeAssetEvents = """
        WITH taken AS (
            DELETE FROM flow.asset_event_queue AS q USING unnest($1::text[], $2::int8[]) AS u(dag_id, event)
            WHERE q.dag_id = u.dag_id AND q.event = u.event
        )
        INSERT INTO flow.asset_event_run (dag_id, event, run_key) SELECT * FROM unnest($1::text[], $2::int8[], $3::int8[])
        """

    static let setBackfills = """
        INSERT INTO flow.backfill (id, dag_id, from_date, to_date, reprocess, max_active, conf, state, cursor_date, total,
            created, skipped, created_at, ended_at, triggered_by, backwards)
        SELECT id, dag_id, from_date, to_date, reprocess, max_active, conf::json, state, cursor_date, total, created,
            skipped, created_at, ended_at, triggered_by, backwards
        FROM unnest($1::int8[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::int8[], $7::text[],
            $8::text[], $9::timestamptz[], $10::int8[], $11::int8[], $12::int8[], $13::timestamptz[],
            $14::timestamptz[], $15::text[], $16::bool[])
            AS u(id, dag_id, from_date, to_date, reprocess, max_active, conf, state, cursor_date, total, created, skipped,
                created_at, ended_at, triggered_by, backwards)
        ON CONFLICT (id) DO UPDATE SET max_active = excluded.max_active, state = excluded.state,
            cursor_date = excluded.cursor_date, total = excluded.total, created = excluded.created,
            skipped = excluded.skipped, ended_at = excluded.ended_at
        """

    static let finishCommands = """
        UPDATE flow.command AS c SET outcome = u.outcome::json, finished_at = clock_timestamp()
        FROM unnest($1::int8[], $2::text[]) AS u(id, outcome)
        WHERE c.id = u.id AND c.finished_at IS NULL
        """

    static let notifyOutcome = "SELECT pg_notify('cryptoflow_outcome', '')"

    /// Every statement that writes rows by key, for a test of their plans.
    static let writes: [String] =
        [
            insertVersions, insertDAGs, updateDAGs, removeDAGs, pauseDAGs, insertRuns, updateRuns, addLiveRuns,
            dropLiveRuns,
            recordProcesses, endAttempts, startAttempts, insertPassedAttempts, suspendAttempts,
            endAttemptsByWorkers, handOverAttempts, insertTasks, setTasks, nameInstances,
            setMapLengths,
            dropMapLengths, dropOutputs, setOutputs, account,
            addAssets, insertAssetEvents, queueAssetEvents, consumeAssetEvents, setBackfills, finishCommands,
            setNotifications,
        ] + deleteRuns + dropClaims + [leaveQueue]
}
