import Testing

/// What must hold in a database whose work is done, each as a query for what breaks it.
enum Rules {
    /// The run history: every run has ended, every try is accounted for, nothing is there twice.
    static let history: [(rule: String, sql: String)] = [
        ("every run has ended", "SELECT dag_id || ' ' || run_id FROM dag_run WHERE state NOT IN ('success', 'failed')"),
        ("no run is listed as live", "SELECT run_key FROM live_run"),
        (
            "no try is under way",
            "SELECT dag_id || ' ' || run_id || ' ' || task_id FROM task_attempt WHERE ended_at IS NULL"
        ),
        (
            "the tries of a task are numbered from 1 without gaps",
            """
            SELECT dag_id || ' ' || run_id || ' ' || task_id || ': ' || string_agg(try_number::text, ',' ORDER BY try_number)
            FROM task_attempt GROUP BY dag_id, run_id, task_id, map_index
            HAVING min(try_number) <> 1 OR max(try_number) <> count(*) OR count(DISTINCT try_number) <> count(*)
            """
        ),
        (
            "a task's state is that of its last try",
            """
            SELECT dag_id || ' ' || run_id || ' ' || task_id || ': ' || t.state || ', try ' || t.try_number
            FROM task_instance AS t JOIN dag_run USING (run_key) LEFT JOIN LATERAL (
                SELECT state, try_number FROM task_attempt AS a
                WHERE (a.run_key, a.task_id, a.map_index) = (t.run_key, t.task_id, t.map_index)
                ORDER BY try_number DESC LIMIT 1) AS last ON true
            WHERE t.try_number IS DISTINCT FROM coalesce(last.try_number, 0)
                OR CASE t.state WHEN 'success' THEN last.state IS DISTINCT FROM 'success'
                    WHEN 'failed' THEN last.state NOT IN ('failed', 'lost')
                    WHEN 'skipped' THEN last.state <> 'skipped'
                    WHEN 'upstream_failed' THEN last.state IS NOT NULL
                    ELSE true END
            """
        ),
        (
            "every try belongs to a task",
            """
            SELECT attempt FROM task_attempt AS a WHERE NOT EXISTS (SELECT FROM task_instance AS t
                WHERE (a.run_key, a.task_id, a.map_index) = (t.run_key, t.task_id, t.map_index))
            """
        ),
        (
            "what did not succeed says why, and no try ends before it starts",
            """
            SELECT attempt || ' ' || state FROM task_attempt
            WHERE (state <> 'success' AND coalesce(reason, '') = '') OR ended_at < started_at OR started_at < queued_at
            """
        ),
        (
            "a run's state follows from its tasks, and none is missing",
            """
            SELECT r.dag_id || ' ' || run_id || ' ' || r.state FROM dag_run AS r LEFT JOIN task_instance AS t USING (run_key)
            GROUP BY r.run_key
            HAVING (r.state = 'success') <> bool_and(coalesce(t.state, 'none') IN ('success', 'skipped'))
                OR count(DISTINCT t.task_id) <> (SELECT task_count FROM dag WHERE dag_id = r.dag_id)
            """
        ),
        (
            "(dag_id, run_id) names one run",
            "SELECT dag_id || ' ' || run_id FROM dag_run GROUP BY dag_id, run_id HAVING count(*) > 1"
        ),
        (
            "(dag_id, logical_date) names one run",
            """
            SELECT dag_id || ' ' || logical_date FROM dag_run WHERE logical_date IS NOT NULL
            GROUP BY dag_id, logical_date HAVING count(*) > 1
            """
        ),
        ("every command has an outcome", "SELECT id FROM command WHERE finished_at IS NULL"),
        (
            "every backfill has made its runs",
            """
            SELECT b.id || ' ' || b.state FROM backfill AS b
            WHERE state <> 'completed' OR created + skipped <> total
            """
        ),
        ("no event of an asset waits", "SELECT dag_id || ' ' || event FROM asset_event_queue"),
    ]

    /// The warehouse after a first fill: all hours, once, through all layers.
    static let warehouse: [(rule: String, sql: String)] = [
        (
            "every hour was fetched, is final and is refined",
            "SELECT market || ' ' || hour || ' ' || state FROM market_hour WHERE state NOT IN ('candle', 'no trade')"
        ),
        (
            "no hour is there for some of the markets only",
            """
            SELECT hour FROM market_coverage WHERE endpoint = 'candles' AND final GROUP BY hour HAVING count(*) <> 5
            """
        ),
        (
            "a run that succeeded has fetched its hour for every market",
            """
            SELECT run_id FROM dag_run AS r JOIN task_instance AS t USING (run_key)
            WHERE r.dag_id = 'candles_1h' AND t.state = 'success' AND 5 <> (SELECT count(*) FROM market_coverage AS c
                WHERE c.endpoint = 'candles' AND c.final AND c.hour = r.data_interval_start)
            """
        ),
        ("nothing waits for Silver", "SELECT call_id FROM silver_due"),
        ("nothing waits for Gold", "SELECT market FROM gold_due"),
        (
            "Gold has the hours of Silver",
            """
            SELECT market || ' ' || open_time FROM (SELECT * FROM silver_candle WHERE unit = 60) AS s
            FULL JOIN gold_trend_volatility AS g USING (exchange, market, open_time)
            WHERE s.open_time IS NULL OR g.open_time IS NULL OR s.close <> g.close
            """
        ),
        (
            "no event is there twice",
            """
            SELECT symbol || ' ' || ts_event FROM crypto_24hr_rawingest_events
            GROUP BY source, symbol, ts_event, payload_hash HAVING count(*) > 1
            """
        ),
        (
            "no candle is there twice",
            """
            SELECT market || ' ' || open_time FROM silver_candle
            GROUP BY exchange, market, unit, open_time HAVING count(*) > 1
            """
        ),
        (
            "no reply that failed was used",
            """
            SELECT l.id FROM crypto_24hr_rawingest_landing AS l WHERE failure IS NOT NULL AND (
                EXISTS (SELECT FROM crypto_24hr_rawingest_events WHERE call_id = l.id)
                OR EXISTS (SELECT FROM market_coverage WHERE call_id = l.id))
            """
        ),
    ]

    /// Records an issue for each rule that does not hold.
    static func check(
        _ rules: [(rule: String, sql: String)], in database: Database, _ note: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for (rule, sql) in rules {
            let broken = try await database.column(sql)
            guard !broken.isEmpty else { continue }
            Issue.record(
                "not so: \(rule) (\(broken.count) times): \(broken.prefix(5).joined(separator: "; ")) \(note)",
                sourceLocation: sourceLocation)
        }
    }

    /// Answers true when nothing is left to do in a home that has been filled.
    static let isIdle = """
        SELECT NOT EXISTS (SELECT FROM live_run) AND NOT EXISTS (SELECT FROM silver_due)
            AND NOT EXISTS (SELECT FROM gold_due) AND NOT EXISTS (SELECT FROM asset_event_queue)
            AND NOT EXISTS (SELECT FROM command WHERE finished_at IS NULL)
            AND NOT EXISTS (SELECT FROM backfill WHERE ended_at IS NULL)
        """
}
