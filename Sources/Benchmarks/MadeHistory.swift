import DAGModel
import PostgresClient

/// A past that never was: runs of 100 DAGs, ten tasks each, all successful, straight into the tables.
enum MadeHistory {
    /// One of its DAGs.
    static let dag = DAGID("past_7")

    /// Writes so many rows of tries, with their tasks and runs.
    static func write(tasks: Int, over connection: PostgresConnection) async throws {
        // A transaction each, so that autovacuum and checkpoints go on as they would.
        let step = 50_000
        for first in stride(from: 0, to: tasks / 10, by: step) {
            let last = min(first + step, tasks / 10) - 1
            _ = try await connection.pipeline([
                PostgresStatement(runs, [first, last]), PostgresStatement(instances, [first, last]),
                PostgresStatement(attempts, [first, last]),
            ])
        }
        _ = try await connection.script("ANALYZE flow.dag_run, flow.task_instance, flow.task_attempt_past")
    }

    private static let instant = "timestamptz '2020-01-01 00:00Z' + n * interval '1 minute'"

    private static let runs = """
        INSERT INTO flow.dag_run (run_key, dag_id, run_id, run_type, state, logical_date, run_after, queued_at, start_date,
            end_date, version, conf, triggered_by)
        SELECT n, 'past_' || n % 100, 'scheduled__' || n, 'scheduled', 'success', t, t, t, t, t + interval '1 second', 'past-1',
            '{}', 'schedule'
        FROM generate_series($1::int8, $2::int8) AS n, LATERAL (SELECT \(instant)) AS at(t)
        """

    private static let instances = """
        INSERT INTO flow.task_instance (run_key, task_id, map_index, state, try_number, max_tries, lost_count, start_date,
            end_date)
        SELECT n, 't' || task, -1, 'success', 1, 0, 0, t, t + interval '1 second'
        FROM generate_series($1::int8, $2::int8) AS n, generate_series(0, 9) AS task, LATERAL (SELECT \(instant)) AS at(t)
        """

    private static let attempts = """
        INSERT INTO flow.task_attempt_past (attempt, run_key, task_id, map_index, try_number, max_tries, queued_at,
            started_at, pool, pool_slots, state, ended_at)
        SELECT n * 10 + task, n, 't' || task, -1, 1, 0, t, t, 'default_pool', 1, 'success', t + interval '1 second'
        FROM generate_series($1::int8, $2::int8) AS n, generate_series(0, 9) AS task, LATERAL (SELECT \(instant)) AS at(t)
        """
}
