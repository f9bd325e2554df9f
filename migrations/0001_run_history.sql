-- The run history: DAGs and their versions, runs, tasks, tries, the ledger of due instants, commands, the lease.
--
-- Only the leading scheduler writes runs, tasks and tries; everyone else inserts commands. Rules that keep it fast:
-- no index, partial ones included, mentions a column that changes often (updates stay HOT); tables that are updated have
-- room on their pages; what is active lies in small tables of its own (live_run, task_attempt_live), so that a new leader
-- never scans history. Tables written with every task have no foreign keys: their one writer keeps them right, and a check
-- per row would cost as much as the row. Values that people or tasks supply are json, not jsonb, which refuses some valid
-- JSON (an escaped zero character) and would fail a whole batch.

CREATE SCHEMA flow;
COMMENT ON SCHEMA flow IS 'The scheduler''s own tables. They change with its versions; read schema history instead.';
CREATE SCHEMA history;
COMMENT ON SCHEMA history IS 'Views over the run history that stay stable across upgrades.';

-- Unqualified names resolve for everyone who connects, in this session and in later ones.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = flow, warehouse, history, public', current_database());
END $$;
SELECT set_config('search_path', 'flow, warehouse, history, public', false);

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE TABLE flow.instance (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE flow.instance IS 'Names this database for ever.';
INSERT INTO flow.instance DEFAULT VALUES;

-- DAGs ----------------------------------------------------------------------------------------------------------------

CREATE TABLE flow.dag (
    dag_id          text PRIMARY KEY,
    version         text NOT NULL,
    file            text NOT NULL,
    is_paused       boolean NOT NULL,
    is_active       boolean NOT NULL DEFAULT true,
    display_name    text,
    description     text,
    owner           text,
    tags            text[] NOT NULL,
    task_count      integer NOT NULL,
    max_consecutive_failed_runs integer NOT NULL,
    schedule        json NOT NULL,
    first_seen      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON COLUMN flow.dag.is_active IS 'Whether its document was there when the leader last looked.';
COMMENT ON COLUMN flow.dag.schedule IS 'Timetable, bounds and catchup, so that lists need not read the definition.';

CREATE TABLE flow.dag_version (
    dag_id          text NOT NULL,
    version         text NOT NULL,
    version_number  integer NOT NULL,
    definition      json NOT NULL,
    source_text     text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (dag_id, version),
    UNIQUE (dag_id, version_number)
);
COMMENT ON COLUMN flow.dag_version.version IS 'SHA-256 of the document.';

-- Runs ----------------------------------------------------------------------------------------------------------------

CREATE TABLE flow.dag_run (
    run_key         bigint PRIMARY KEY,
    dag_id          text NOT NULL,
    run_id          text NOT NULL,
    run_type        text NOT NULL CHECK (run_type IN ('scheduled', 'manual', 'backfill', 'asset_triggered')),
    state           text NOT NULL CHECK (state IN ('queued', 'running', 'success', 'failed')),
    logical_date    timestamptz,
    data_interval_start timestamptz,
    data_interval_end   timestamptz,
    run_after       timestamptz NOT NULL,
    queued_at       timestamptz NOT NULL,
    start_date      timestamptz,
    end_date        timestamptz,
    version         text NOT NULL,
    conf            json NOT NULL,
    backfill        bigint,
    events_start    timestamptz,
    events_end      timestamptz,
    triggered_by    text NOT NULL,
    reason          text,
    UNIQUE (dag_id, run_id),
    UNIQUE (dag_id, logical_date)
) WITH (fillfactor = 50);
-- Lists of runs: newest first, of one DAG and of all.
CREATE INDEX dag_run_by_time ON flow.dag_run (dag_id, run_after DESC, run_key DESC);
CREATE INDEX dag_run_of_all_by_time ON flow.dag_run (run_after DESC, run_key DESC);
COMMENT ON COLUMN flow.dag_run.run_key IS 'The leader''s epoch in the upper bits, a counter of that epoch in the lower 32.';

CREATE TABLE flow.live_run (
    run_key         bigint PRIMARY KEY
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
COMMENT ON TABLE flow.live_run IS 'The runs in queued or running.';

CREATE TABLE flow.task_instance (
    run_key         bigint NOT NULL,
    task_id         text NOT NULL,
    map_index       integer NOT NULL DEFAULT -1,
    state           text NOT NULL CHECK (state IN ('none', 'queued', 'running', 'success', 'failed', 'skipped',
        'up_for_retry', 'upstream_failed', 'up_for_reschedule', 'deferred', 'removed', 'restarting', 'scheduled')),
    try_number      integer NOT NULL,
    max_tries       integer NOT NULL,
    lost_count      integer NOT NULL,
    start_date      timestamptz,
    end_date        timestamptz,
    retry_at        timestamptz,
    reason          text,
    PRIMARY KEY (run_key, task_id, map_index)
) WITH (fillfactor = 90);
COMMENT ON TABLE flow.task_instance IS
    'The last settled state of a task. A task not reached has no row; one under way has a live attempt.';

CREATE TABLE flow.task_attempt_live (
    attempt         bigint PRIMARY KEY,
    run_key         bigint NOT NULL,
    task_id         text NOT NULL,
    map_index       integer NOT NULL,
    try_number      integer NOT NULL,
    max_tries       integer NOT NULL,
    queued_at       timestamptz NOT NULL,
    started_at      timestamptz NOT NULL,
    pool            text NOT NULL,
    pool_slots      integer NOT NULL,
    host            text,
    boot_id         text,
    pid             integer,
    start_ticks     bigint,
    UNIQUE (run_key, task_id, map_index)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE flow.task_attempt_live IS 'Tries under way; each moves to task_attempt_past at its end.';

CREATE TABLE flow.task_attempt_past (
    attempt         bigint PRIMARY KEY,
    run_key         bigint NOT NULL,
    task_id         text NOT NULL,
    map_index       integer NOT NULL,
    try_number      integer NOT NULL,
    max_tries       integer NOT NULL,
    queued_at       timestamptz NOT NULL,
    started_at      timestamptz NOT NULL,
    pool            text NOT NULL,
    pool_slots      integer NOT NULL,
    host            text,
    boot_id         text,
    pid             integer,
    start_ticks     bigint,
    state           text NOT NULL CHECK (state IN ('success', 'failed', 'skipped', 'lost')),
    ended_at        timestamptz NOT NULL,
    reason          text,
    exit_code       integer,
    UNIQUE (run_key, task_id, map_index, try_number)
);
COMMENT ON TABLE flow.task_attempt_past IS 'Tries that have ended. Written once, never changed.';

CREATE VIEW flow.task_attempt AS
    SELECT a.attempt, r.dag_id, r.run_id, a.task_id, a.map_index, a.try_number, a.max_tries, a.state, a.queued_at,
        a.started_at, a.ended_at, a.ended_at - a.started_at AS duration, a.reason, a.exit_code, a.pool, a.pool_slots,
        a.host, a.pid, a.run_key
    FROM (
        SELECT attempt, run_key, task_id, map_index, try_number, max_tries, state, queued_at, started_at, ended_at,
            reason, exit_code, pool, pool_slots, host, pid
        FROM flow.task_attempt_past
        UNION ALL
        SELECT attempt, run_key, task_id, map_index, try_number, max_tries, 'running', queued_at, started_at, NULL,
            NULL, NULL, pool, pool_slots, host, pid
        FROM flow.task_attempt_live
    ) AS a
    JOIN flow.dag_run AS r USING (run_key);
COMMENT ON VIEW flow.task_attempt IS 'Every try, past and live; a live one has the state running and no end.';

CREATE TABLE flow.task_output (
    run_key         bigint NOT NULL,
    task_id         text NOT NULL,
    map_index       integer NOT NULL,
    key             text NOT NULL,
    value           json NOT NULL CHECK (octet_length(value::text) <= 2097152),
    PRIMARY KEY (run_key, task_id, map_index, key)
);
COMMENT ON COLUMN flow.task_output.value IS
    'At most 1 MB as a task gives it; the check leaves room for the white space that another spelling of it may have.';

-- Schedules, assets, backfills ----------------------------------------------------------------------------------------

CREATE TABLE flow.due_instant (
    dag_id          text NOT NULL,
    first_due       timestamptz NOT NULL,
    last_due        timestamptz NOT NULL,
    instants        bigint NOT NULL,
    fate            text NOT NULL CHECK (fate IN ('ran', 'caught_up', 'backfilled', 'skipped_by_overlap',
        'missed_while_down', 'paused', 'before_catchup_window')),
    PRIMARY KEY (dag_id, first_due)
) WITH (fillfactor = 50);
COMMENT ON TABLE flow.due_instant IS 'What became of each due instant; neighbours of one fate share a row.';

CREATE TABLE flow.asset (
    name            text PRIMARY KEY,
    first_seen      timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE flow.asset_event (
    id              bigint PRIMARY KEY,
    asset           text NOT NULL,
    source_dag_id   text NOT NULL,
    source_run_key  bigint NOT NULL,
    source_task_id  text NOT NULL,
    source_map_index integer NOT NULL,
    at              timestamptz NOT NULL,
    interval_start  timestamptz,
    interval_end    timestamptz,
    extra           json NOT NULL
);
CREATE INDEX asset_event_by_asset ON flow.asset_event (asset, id DESC);

CREATE TABLE flow.asset_event_queue (
    dag_id          text NOT NULL,
    event           bigint NOT NULL,
    PRIMARY KEY (dag_id, event)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
COMMENT ON TABLE flow.asset_event_queue IS 'Events that wait for the next run of a DAG.';

CREATE TABLE flow.asset_event_run (
    event           bigint NOT NULL,
    dag_id          text NOT NULL,
    run_key         bigint NOT NULL,
    PRIMARY KEY (event, dag_id)
);
COMMENT ON TABLE flow.asset_event_run IS 'Which run took an event.';

CREATE TABLE flow.backfill (
    id              bigint PRIMARY KEY,
    dag_id          text NOT NULL,
    from_date       timestamptz NOT NULL,
    to_date         timestamptz NOT NULL,
    reprocess       text NOT NULL CHECK (reprocess IN ('none', 'failed', 'completed')),
    max_active      integer NOT NULL,
    conf            json NOT NULL,
    state           text NOT NULL CHECK (state IN ('running', 'paused', 'completed', 'cancelled')),
    cursor_date     timestamptz,
    total           bigint NOT NULL,
    created         bigint NOT NULL,
    skipped         bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    triggered_by    text NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE flow.pool (
    name            text PRIMARY KEY,
    slots           integer NOT NULL CHECK (slots >= 0),
    description     text
);
INSERT INTO flow.pool VALUES ('default_pool', 128, 'What tasks use that name no pool.');

CREATE TABLE flow.variable (
    name            text PRIMARY KEY,
    value           text NOT NULL,
    description     text,
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE flow.import_error (
    file            text PRIMARY KEY,
    diagnostics     json NOT NULL,
    seen_at         timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Commands, lease, audit ----------------------------------------------------------------------------------------------

CREATE TABLE flow.command (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idempotency_key text UNIQUE,
    actor           text NOT NULL,
    payload         json NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome         json,
    finished_at     timestamptz
);
-- A command changes once in its life, so this index costs one update each.
CREATE INDEX command_pending ON flow.command (id) WHERE finished_at IS NULL;

CREATE TABLE flow.scheduler_lease (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch           bigint NOT NULL CHECK (epoch BETWEEN 1 AND 2147483647),
    last_batch      bigint NOT NULL DEFAULT 0,
    host            text NOT NULL,
    pid             integer NOT NULL,
    boot_id         text NOT NULL,
    start_ticks     bigint NOT NULL,
    acquired_at     timestamptz NOT NULL,
    renewed_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN flow.scheduler_lease.last_batch IS 'The last commit of this epoch: a repeated one is known by it.';

CREATE TABLE flow.audit_log (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor           text NOT NULL,
    action          text NOT NULL,
    dag_id          text,
    detail          json NOT NULL DEFAULT '{}'
);

-- Every commit of a leader begins with it. The row's lock makes a takeover wait for the commit, or the commit fail.
CREATE FUNCTION flow.begin_batch(batch_epoch bigint, batch_number bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE flow.scheduler_lease SET last_batch = batch_number
        WHERE only_row AND epoch = batch_epoch AND last_batch < batch_number;
    IF FOUND THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM flow.scheduler_lease WHERE epoch = batch_epoch) THEN
        RAISE EXCEPTION 'this batch has been applied already' USING ERRCODE = 'CF003';
    END IF;
    RAISE EXCEPTION 'another scheduler has taken over' USING ERRCODE = 'CF002';
END $$;
REVOKE EXECUTE ON FUNCTION flow.begin_batch(bigint, bigint) FROM PUBLIC;

-- Called by a SQL task inside its transaction, before the commit. The attempt's end, which deletes its row, then waits
-- for that commit; a key lock suffices for it, and lets the process of the attempt still be recorded.
CREATE FUNCTION flow.hold_attempt(attempt_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM flow.task_attempt_live WHERE attempt = attempt_id FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'attempt % is not under way any more: its result must not be committed', attempt_id
            USING ERRCODE = 'CF001',
                HINT = 'It was stopped, or declared lost by another scheduler. The task is tried again if it may be.';
    END IF;
END $$;
REVOKE EXECUTE ON FUNCTION flow.hold_attempt(bigint) FROM PUBLIC;

-- Stable views --------------------------------------------------------------------------------------------------------

CREATE VIEW history.runs AS
    SELECT dag_id, run_id, run_type, state, logical_date, data_interval_start, data_interval_end, run_after, queued_at,
        start_date, end_date, end_date - start_date AS duration, events_start, events_end, triggered_by, reason, backfill,
        version, conf
    FROM flow.dag_run;
COMMENT ON VIEW history.runs IS 'One row a run. States: queued, running, success, failed. Key: (dag_id, run_id).';

CREATE VIEW history.tasks AS
    SELECT r.dag_id, r.run_id, t.task_id, t.map_index,
        CASE WHEN l.attempt IS NULL THEN t.state ELSE 'running' END AS state,
        coalesce(l.try_number, t.try_number) AS try_number, coalesce(l.max_tries, t.max_tries) AS max_tries,
        coalesce(l.started_at, t.start_date) AS start_date,
        CASE WHEN l.attempt IS NULL THEN t.end_date END AS end_date,
        CASE WHEN l.attempt IS NULL THEN t.retry_at END AS retry_at,
        CASE WHEN l.attempt IS NULL THEN t.reason END AS reason
    FROM flow.task_instance AS t
    JOIN flow.dag_run AS r USING (run_key)
    LEFT JOIN flow.task_attempt_live AS l USING (run_key, task_id, map_index)
    UNION ALL
    SELECT r.dag_id, r.run_id, l.task_id, l.map_index, 'running', l.try_number, l.max_tries, l.started_at, NULL, NULL, NULL
    FROM flow.task_attempt_live AS l
    JOIN flow.dag_run AS r USING (run_key)
    WHERE NOT EXISTS (SELECT FROM flow.task_instance AS t
        WHERE t.run_key = l.run_key AND t.task_id = l.task_id AND t.map_index = l.map_index);
COMMENT ON VIEW history.tasks IS
    'One row a task that its run has reached. Key: (dag_id, run_id, task_id, map_index); map_index is -1 for a plain task.';

CREATE VIEW history.attempts AS
    SELECT dag_id, run_id, task_id, map_index, try_number, state, queued_at, started_at, ended_at, duration, reason,
        exit_code, pool, host, pid, attempt
    FROM flow.task_attempt;
COMMENT ON VIEW history.attempts IS
    'One row a try. States: running, success, failed, skipped, lost. Key: (dag_id, run_id, task_id, map_index, try_number).';

CREATE VIEW history.due AS
    SELECT dag_id, first_due, last_due, instants, fate FROM flow.due_instant;
COMMENT ON VIEW history.due IS 'What became of due instants; neighbours of one fate share a row.';

-- Privileges ----------------------------------------------------------------------------------------------------------

-- The role is made before migrations run; on a server of one's own it may be missing, and then the owner does all.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cryptoflow_warehouse') THEN
        GRANT USAGE ON SCHEMA flow, history TO cryptoflow_warehouse;
        GRANT EXECUTE ON FUNCTION flow.hold_attempt(bigint) TO cryptoflow_warehouse;
        GRANT SELECT ON ALL TABLES IN SCHEMA history TO cryptoflow_warehouse;
    END IF;
END $$;
