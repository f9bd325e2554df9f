-- Notes on runs and tasks, and what the retention of the history looks for.

CREATE TABLE flow.note (
    run_key         bigint NOT NULL,
    task_id         text NOT NULL DEFAULT '',
    map_index       integer NOT NULL DEFAULT -1,
    content         text NOT NULL CHECK (octet_length(content) <= 65536),
    author          text NOT NULL,
    written_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_key, task_id, map_index)
);
COMMENT ON TABLE flow.note IS 'What people wrote on a run (task_id empty) or a task of it; anyone may write, the last one stays.';

CREATE VIEW history.notes AS
    SELECT r.dag_id, r.run_id, nullif(n.task_id, '') AS task_id, n.map_index, n.content, n.author, n.written_at
    FROM flow.note AS n
    JOIN flow.dag_run AS r USING (run_key);
COMMENT ON VIEW history.notes IS 'One row a note; task_id is null for one on the run itself.';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cryptoflow_warehouse') THEN
        GRANT SELECT ON history.notes TO cryptoflow_warehouse;
    END IF;
END $$;
