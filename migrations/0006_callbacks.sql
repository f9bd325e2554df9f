-- What callbacks tell people, missed deadlines.

CREATE TABLE flow.notification (
    id              bigint PRIMARY KEY,
    dag_id          text NOT NULL,
    run_key         bigint NOT NULL,
    task_id         text,
    map_index       integer,
    is_of_dag       boolean NOT NULL,
    try_number      integer NOT NULL,
    max_tries       integer NOT NULL,
    event           text NOT NULL CHECK (event IN ('execute', 'retry', 'success', 'failure', 'skipped', 'deadline')),
    notifier        text NOT NULL,
    arguments       json NOT NULL,
    reason          text,
    deadline        timestamptz,
    created_at      timestamptz NOT NULL,
    state           text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    deliveries      integer NOT NULL,
    next_at         timestamptz,
    ended_at        timestamptz,
    last_error      text
) WITH (fillfactor = 70);
-- A notification ends once in its life, so this index costs one update each; other updates stay HOT.
CREATE INDEX notification_pending ON flow.notification (id) WHERE ended_at IS NULL;
CREATE INDEX notification_by_run ON flow.notification (run_key);
COMMENT ON TABLE flow.notification IS
    'Calls of notifiers, each written with the change that is its cause and delivered afterwards, at least once.';
COMMENT ON COLUMN flow.notification.arguments IS 'As the document says; templates are rendered at each delivery.';
COMMENT ON COLUMN flow.notification.next_at IS 'When the next delivery is due; null when it is under way or none follows.';

CREATE VIEW history.notifications AS
    SELECT n.id, n.dag_id, r.run_id, n.task_id, n.map_index, n.try_number, n.event, n.notifier, n.state, n.deliveries,
        n.created_at, n.next_at, n.ended_at, n.last_error, n.reason, n.deadline
    FROM flow.notification AS n
    JOIN flow.dag_run AS r USING (run_key);

ALTER TABLE flow.dag_run ADD COLUMN missed_deadlines json;
COMMENT ON COLUMN flow.dag_run.missed_deadlines IS
    'The deadlines that passed before the run''s end, each with when that was noticed; null for none.';
