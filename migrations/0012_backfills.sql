-- Backfills from the newest date on, and how their runs stand.

ALTER TABLE flow.backfill ADD COLUMN backwards boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN flow.backfill.backwards IS 'Whether it goes from the newest date to the oldest.';

-- How the runs of a backfill stand. A run changes its backfill only where one makes it run again.
CREATE INDEX dag_run_of_backfill ON flow.dag_run (backfill) WHERE backfill IS NOT NULL;
