/// The SQL of workers and of what the leader asks about them.
///
/// Planned like a commit's: by key, whatever the tables held when they were first planned.
enum WorkerSQL {
    /// The workers that may write: locked against being declared lost, or having a heartbeat, meanwhile.
    private static func alive(_ states: String) -> String {
        """
        me AS MATERIALIZED (
            SELECT FROM flow.worker
            WHERE worker = $1 AND state IN (\(states)) AND expires_at > clock_timestamp() FOR SHARE
        )
        """
    }

    private static func ttl(_ parameter: String) -> String { "\(parameter)::int8 * interval '1 microsecond'" }

    static let register = """
        INSERT INTO flow.worker (name, host, pid, boot_id, start_ticks, version, queues, concurrency, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + \(ttl("$9")))
        RETURNING worker
        """

    /// Old starts of workers are worth nothing after a week.
    static let forgetOld = """
        DELETE FROM flow.worker WHERE ended_at < clock_timestamp() - interval '7 days'
            AND NOT EXISTS (SELECT FROM flow.attempt_claim AS c WHERE c.worker = worker.worker)
        """

    static let heartbeat = """
        UPDATE flow.worker SET heartbeat_at = clock_timestamp(), expires_at = clock_timestamp() + \(ttl("$2")),
            running = $3, state = CASE WHEN $4 THEN 'draining' ELSE state END
        WHERE worker = $1 AND state IN ('running', 'draining') AND expires_at > clock_timestamp()
        """

    /// The rows are locked in the order of the index, and those that another worker is taking are passed over.
    static let claim = """
        WITH \(alive("'running'")),
        next AS MATERIALIZED (
            SELECT queue, attempt FROM flow.attempt_queue WHERE queue = $2 AND EXISTS (SELECT FROM me)
            ORDER BY attempt LIMIT $3 FOR UPDATE SKIP LOCKED
        ),
        taken AS (
            DELETE FROM flow.attempt_queue AS q USING next WHERE q.queue = next.queue AND q.attempt = next.attempt
            RETURNING q.attempt
        ),
        claimed AS (
            INSERT INTO flow.attempt_claim (attempt, worker) SELECT attempt, $1 FROM taken RETURNING attempt, claimed_at
        )
        SELECT l.\(Columns.liveAttempt.replacing(", ", with: ", l.")), \(Columns.run("r")), claimed.claimed_at, coalesce((
            SELECT t.start + octet_length(t.content) FROM flow.task_log AS t
            WHERE t.run_key = l.run_key AND t.task_id = l.task_id AND t.map_index = l.map_index
                AND t.try_number = l.try_number
            ORDER BY t.start DESC LIMIT 1), 0)
        FROM claimed JOIN flow.task_attempt_live AS l ON l.attempt = claimed.attempt
        JOIN flow.dag_run AS r ON r.run_key = l.run_key
        ORDER BY l.attempt
        """

    static let stopping = "SELECT attempt FROM flow.attempt_claim WHERE worker = $1 AND is_stopping"

    /// A second report of the same end changes nothing and is answered like the first, unless the leader has dealt with it.
    static let report = """
        WITH \(alive("'running', 'draining'"))
        INSERT INTO flow.attempt_result (attempt, result)
        SELECT u.attempt, u.result::json FROM unnest($2::int8[], $3::text[]) AS u(attempt, result)
        JOIN flow.attempt_claim AS c ON c.attempt = u.attempt AND c.worker = $1
        WHERE EXISTS (SELECT FROM me)
        ON CONFLICT (attempt) DO UPDATE SET result = excluded.result
        RETURNING attempt
        """

    static let notifyResults = "SELECT pg_notify('cryptoflow_result', '')"

    static let ship = """
        INSERT INTO flow.task_log (run_key, task_id, map_index, try_number, start, content)
        SELECT l.run_key, l.task_id, l.map_index, l.try_number, u.start, u.content
        FROM unnest($2::int8[], $3::int8[], $4::bytea[]) AS u(attempt, start, content)
        JOIN flow.attempt_claim AS c ON c.attempt = u.attempt AND c.worker = $1
        JOIN flow.task_attempt_live AS l ON l.attempt = u.attempt
        ON CONFLICT (run_key, task_id, map_index, try_number, start) DO UPDATE SET content = excluded.content
        """

    static let giveUpLogs = """
        DELETE FROM flow.task_log AS t
        USING unnest($2::int8[], $3::int8[], $4::int8[]) AS u(attempt, first, last)
        JOIN flow.attempt_claim AS c ON c.attempt = u.attempt AND c.worker = $1
        JOIN flow.task_attempt_live AS l ON l.attempt = u.attempt
        WHERE t.run_key = l.run_key AND t.task_id = l.task_id AND t.map_index = l.map_index
            AND t.try_number = l.try_number AND t.start >= u.first AND t.start + octet_length(t.content) <= u.last
        """

    static let leave = """
        UPDATE flow.worker SET state = 'stopped', running = 0, ended_at = clock_timestamp()
        WHERE worker = $1 AND state IN ('running', 'draining')
        """

    // The leader's.

    static let results = "SELECT attempt, result::text FROM flow.attempt_result ORDER BY attempt LIMIT $1"

    static let takeBack = """
        DELETE FROM flow.attempt_queue AS q USING unnest($1::int8[], $2::text[]) AS u(attempt, queue)
        WHERE q.queue = u.queue AND q.attempt = u.attempt RETURNING q.attempt
        """

    static let stop = "UPDATE flow.attempt_claim SET is_stopping = true WHERE attempt = ANY($1::int8[])"

    static let notifyStops = "SELECT pg_notify('cryptoflow_worker', '')"

    /// One whose report is under way, which holds its row, is left to the next look: a machine that froze in the middle of
    /// it must not keep the others from being judged.
    static let expire = """
        UPDATE flow.worker SET state = 'lost', ended_at = clock_timestamp()
        WHERE worker IN (
            SELECT worker FROM flow.worker
            WHERE state IN ('running', 'draining') AND (expires_at <= clock_timestamp() OR worker = ANY($1::int8[]))
            FOR UPDATE SKIP LOCKED
        )
        """

    static let columns = """
        w.worker, w.name, w.host, w.boot_id, w.pid, w.start_ticks, w.version, w.queues, w.concurrency, \
        CASE WHEN w.state IN ('running', 'draining') AND w.expires_at <= clock_timestamp() THEN 'lost' ELSE w.state END, \
        w.running, w.started_at, w.heartbeat_at, w.ended_at
        """

    static let lostClaims = """
        SELECT c.attempt, \(columns) FROM flow.attempt_claim AS c JOIN flow.worker AS w ON w.worker = c.worker
        WHERE w.state IN ('lost', 'stopped') AND NOT EXISTS (SELECT FROM flow.attempt_result AS r WHERE r.attempt = c.attempt)
        ORDER BY c.attempt
        """

    static let living = """
        SELECT \(columns) FROM flow.worker AS w WHERE w.state IN ('running', 'draining') ORDER BY w.worker
        """

    static let recent = """
        SELECT \(columns) FROM flow.worker AS w
        WHERE w.state IN ('running', 'draining') OR w.ended_at > clock_timestamp() - interval '1 day'
        ORDER BY w.worker DESC LIMIT 1000
        """

    /// What is asked with every task or heartbeat, for a test of the plans; the table of workers itself is small, and read as
    /// a whole only by the leader's look at them.
    static let byKey: [String] = [
        heartbeat, claim, stopping, report, ship, giveUpLogs, leave, takeBack, stop, results,
    ]
}
