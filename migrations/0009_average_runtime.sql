-- Deadlines by the average runtime of the runs before.

ALTER TABLE flow.dag_run ADD COLUMN average_runtimes json;
COMMENT ON COLUMN flow.dag_run.average_runtimes IS
    'For each deadline by average_runtime how many runs were counted when the run was asked for, and what they took on average, in microseconds; null for no such deadline.';
