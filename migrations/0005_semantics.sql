-- Mapped tasks, waiting tasks, and why a DAG was paused.

CREATE TABLE flow.task_map (
    run_key         bigint NOT NULL,
    task_id         text NOT NULL,
    map_index       integer NOT NULL,
    length          integer NOT NULL CHECK (length >= 0),
    PRIMARY KEY (run_key, task_id, map_index)
);
COMMENT ON TABLE flow.task_map IS
    'Elements of each output that another task is mapped over; an instance of a mapped task counts as one.';

ALTER TABLE flow.task_instance ADD COLUMN rendered_map_index text;
COMMENT ON COLUMN flow.task_instance.rendered_map_index IS 'What map_index_template came to; null for none.';

ALTER TABLE flow.dag ADD COLUMN pause_reason text;
COMMENT ON COLUMN flow.dag.pause_reason IS 'Why the scheduler paused the DAG by itself; null when a person did.';

CREATE OR REPLACE VIEW history.tasks AS
    SELECT r.dag_id, r.run_id, t.task_id, t.map_index,
        CASE WHEN l.attempt IS NULL THEN t.state ELSE 'running' END AS state,
        coalesce(l.try_number, t.try_number) AS try_number, coalesce(l.max_tries, t.max_tries) AS max_tries,
        coalesce(l.started_at, t.start_date) AS start_date,
        CASE WHEN l.attempt IS NULL THEN t.end_date END AS end_date,
        CASE WHEN l.attempt IS NULL THEN t.retry_at END AS retry_at,
        CASE WHEN l.attempt IS NULL THEN t.reason END AS reason, t.rendered_map_index
    FROM flow.task_instance AS t
    JOIN flow.dag_run AS r USING (run_key)
    LEFT JOIN flow.task_attempt_live AS l USING (run_key, task_id, map_index)
    UNION ALL
    SELECT r.dag_id, r.run_id, l.task_id, l.map_index, 'running', l.try_number, l.max_tries, l.started_at, NULL, NULL, NULL,
        NULL
    FROM flow.task_attempt_live AS l
    JOIN flow.dag_run AS r USING (run_key)
    WHERE NOT EXISTS (SELECT FROM flow.task_instance AS t
        WHERE t.run_key = l.run_key AND t.task_id = l.task_id AND t.map_index = l.map_index);
