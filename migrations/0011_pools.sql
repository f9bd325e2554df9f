-- Pools that are changed while a scheduler leads, and backfills from the newest date on.

-- A pool without a limit has -1 slots.
ALTER TABLE flow.pool DROP CONSTRAINT pool_slots_check;
ALTER TABLE flow.pool ADD CONSTRAINT pool_slots_check CHECK (slots >= -1);
COMMENT ON COLUMN flow.pool.slots IS
    'Slots of tries at once; 0 holds every task of the pool back, -1 stands for no limit.';

CREATE FUNCTION flow.tell_pool() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('cryptoflow_command', '');
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION flow.tell_pool() IS 'Has the leading scheduler read the pools again.';
CREATE TRIGGER tell_pool AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON flow.pool
    FOR EACH STATEMENT EXECUTE FUNCTION flow.tell_pool();

ALTER TABLE flow.backfill ADD COLUMN backwards boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN flow.backfill.backwards IS 'Whether it goes from the newest date to the oldest.';

-- How the runs of a backfill stand. A run changes its backfill only where one makes it run again.
CREATE INDEX dag_run_of_backfill ON flow.dag_run (backfill) WHERE backfill IS NOT NULL;
