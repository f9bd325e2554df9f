-- Workers on other machines: tasks of queues that the scheduler does not carry out itself.
--
-- The leader writes a try's row as ever, and in the same commit puts it into attempt_queue. A worker takes tries out of
-- it (SKIP LOCKED) and writes its claims and results; the leader turns results into ends, and takes claim and result away in
-- the commit that writes the end. Every write of a worker looks at its own row of flow.worker first and locks it against
-- being declared lost: a worker whose time has run out can claim and report nothing any more. As everywhere, nothing that
-- changes often is indexed, and what is waited for lies in small tables.

ALTER TABLE flow.task_attempt_live ADD COLUMN queue text;
COMMENT ON COLUMN flow.task_attempt_live.queue IS 'The queue it was handed over in; null when the scheduler carries it out.';
ALTER TABLE flow.task_attempt_past ADD COLUMN queue text, ADD COLUMN worker text;
COMMENT ON COLUMN flow.task_attempt_past.worker IS 'The name of the worker that took it; null for the scheduler, or none.';

CREATE TABLE flow.worker (
    worker          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL,
    host            text NOT NULL,
    pid             integer NOT NULL,
    boot_id         text NOT NULL,
    start_ticks     bigint NOT NULL,
    version         text NOT NULL,
    queues          text[] NOT NULL,
    concurrency     integer NOT NULL CHECK (concurrency > 0),
    state           text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'draining', 'stopped', 'lost')),
    running         integer NOT NULL DEFAULT 0,
    started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at      timestamptz NOT NULL,
    ended_at        timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE flow.worker IS
    'One row a start of a worker; its number is the token of its claims. One update of it is the heartbeat of all its tries.';

CREATE TABLE flow.attempt_queue (
    queue           text NOT NULL,
    attempt         bigint NOT NULL,
    PRIMARY KEY (queue, attempt)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE flow.attempt_queue IS 'Tries handed over that no worker has taken yet, in the order of their numbers.';

CREATE TABLE flow.attempt_claim (
    attempt         bigint PRIMARY KEY,
    worker          bigint NOT NULL,
    claimed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    is_stopping     boolean NOT NULL DEFAULT false
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0);
CREATE INDEX attempt_claim_by_worker ON flow.attempt_claim (worker, attempt);
COMMENT ON COLUMN flow.attempt_claim.is_stopping IS 'The leader wants it stopped; the worker reports its end all the same.';

CREATE TABLE flow.attempt_result (
    attempt         bigint PRIMARY KEY,
    result          json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE flow.attempt_result IS 'How tries ended that the leader has not written down yet.';

CREATE TABLE flow.task_log (
    run_key         bigint NOT NULL,
    task_id         text NOT NULL,
    map_index       integer NOT NULL,
    try_number      integer NOT NULL,
    start           bigint NOT NULL CHECK (start >= 0),
    content         bytea NOT NULL,
    PRIMARY KEY (run_key, task_id, map_index, try_number, start)
);
COMMENT ON TABLE flow.task_log IS
    'Logs of tries that workers carried out, in pieces by their first byte. Of a long log the middle is missing.';

CREATE VIEW flow.attempt_under_way AS
    SELECT l.attempt, l.run_key, l.task_id, l.map_index, l.try_number, l.max_tries,
        CASE WHEN l.queue IS NULL OR c.attempt IS NOT NULL THEN 'running' ELSE 'queued' END AS state, l.queued_at,
        CASE WHEN l.queue IS NULL THEN l.started_at ELSE c.claimed_at END AS started_at, l.pool, l.pool_slots, l.host, l.pid,
        l.queue, w.name AS worker
    FROM flow.task_attempt_live AS l
    LEFT JOIN flow.attempt_claim AS c ON c.attempt = l.attempt
    LEFT JOIN flow.worker AS w ON w.worker = c.worker;
COMMENT ON VIEW flow.attempt_under_way IS
    'Every try that has not ended. One that was handed over is queued, without a start, until a worker takes it.';

CREATE OR REPLACE VIEW flow.task_attempt AS
    SELECT a.attempt, r.dag_id, r.run_id, a.task_id, a.map_index, a.try_number, a.max_tries, a.state, a.queued_at,
        a.started_at, a.ended_at, a.ended_at - a.started_at AS duration, a.reason, a.exit_code, a.pool, a.pool_slots,
        a.host, a.pid, a.run_key, a.queue, a.worker
    FROM (
        SELECT attempt, run_key, task_id, map_index, try_number, max_tries, state, queued_at, started_at, ended_at,
            reason, exit_code, pool, pool_slots, host, pid, queue, worker
        FROM flow.task_attempt_past
        UNION ALL
        SELECT attempt, run_key, task_id, map_index, try_number, max_tries, state, queued_at, started_at, NULL, NULL, NULL,
            pool, pool_slots, host, pid, queue, worker
        FROM flow.attempt_under_way
    ) AS a
    JOIN flow.dag_run AS r USING (run_key);
COMMENT ON VIEW flow.task_attempt IS 'Every try, past and under way; one under way is queued or running, and has no end.';

CREATE OR REPLACE VIEW history.attempts AS
    SELECT dag_id, run_id, task_id, map_index, try_number, state, queued_at, started_at, ended_at, duration, reason,
        exit_code, pool, host, pid, attempt, queue, worker
    FROM flow.task_attempt;
COMMENT ON VIEW history.attempts IS 'One row a try. States: queued (no worker has taken it yet), running, success, failed, skipped, lost. Key: (dag_id, run_id, task_id, map_index, try_number).';

CREATE OR REPLACE VIEW history.tasks AS
    SELECT r.dag_id, r.run_id, t.task_id, t.map_index, coalesce(l.state, t.state) AS state,
        coalesce(l.try_number, t.try_number) AS try_number, coalesce(l.max_tries, t.max_tries) AS max_tries,
        CASE WHEN l.attempt IS NULL THEN t.start_date ELSE l.started_at END AS start_date,
        CASE WHEN l.attempt IS NULL THEN t.end_date END AS end_date,
        CASE WHEN l.attempt IS NULL THEN t.retry_at END AS retry_at,
        CASE WHEN l.attempt IS NULL THEN t.reason END AS reason, t.rendered_map_index
    FROM flow.task_instance AS t
    JOIN flow.dag_run AS r USING (run_key)
    LEFT JOIN flow.attempt_under_way AS l USING (run_key, task_id, map_index)
    UNION ALL
    SELECT r.dag_id, r.run_id, l.task_id, l.map_index, l.state, l.try_number, l.max_tries, l.started_at, NULL, NULL, NULL,
        NULL
    FROM flow.attempt_under_way AS l
    JOIN flow.dag_run AS r USING (run_key)
    WHERE NOT EXISTS (SELECT FROM flow.task_instance AS t
        WHERE t.run_key = l.run_key AND t.task_id = l.task_id AND t.map_index = l.map_index);

CREATE VIEW history.workers AS
    SELECT name, host, pid, version, queues, concurrency,
        CASE WHEN state IN ('running', 'draining') AND expires_at <= clock_timestamp() THEN 'lost' ELSE state END AS state,
        CASE WHEN state IN ('running', 'draining') AND expires_at > clock_timestamp() THEN running ELSE 0 END AS running,
        started_at, heartbeat_at, ended_at
    FROM flow.worker;
COMMENT ON VIEW history.workers IS 'One row a start of a worker. States: running, draining, stopped, lost.';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cryptoflow_warehouse') THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA history TO cryptoflow_warehouse;
    END IF;
END $$;
