import CivilTime
import PostgresClient

/// The limit that the scheduler is measured against: one libpq connection that writes the rows of a workload (runs, the
/// start and the end of each try, the task's state) with arrays of 1,000 and does nothing else.
///
/// A commit holds the ends of one thousand tries and the starts of the next, as a scheduler's does; the tables, their
/// columns and indexes are the project's own. Batches are made before the clock starts; encoding them is part of the loop.
struct RawLoop: Sendable {
    static let batchSize = 1_000

    let connection: PostgresConnection
    /// The numbers of the runs begin here: no two loops in one database may share them.
    let base: Int64
    let workload: Workload

    /// The session of a loop: planner settings as the scheduler's, so that no plan made on an empty table stays.
    static func connect(_ url: String) async throws -> PostgresConnection {
        var settings = try PostgresSettings(url: url)
        settings.applicationName = "cryptoflow bench raw loop"
        for name in ["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"] { settings.session[name] = "off" }
        settings.session["synchronous_commit"] = "on"
        return try await PostgresConnection.connect(settings)
    }

    /// Writes everything; the seconds it took.
    func run() async throws -> Double {
        let commits = makeCommits()
        let start = MonotonicClock.nanoseconds
        for commit in commits { _ = try await connection.pipeline(commit) }
        return MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds)
    }

    private struct Try {
        let attempt: Int64
        let run: Int64
        let number: Int
        let isFirst: Bool
        let isLast: Bool
    }

    private func makeCommits() -> [[PostgresStatement]] {
        let tries = (0..<workload.tasks).map { index in
            let number = index % workload.tasksPerRun
            return Try(
                attempt: base + 1_000_000 + Int64(index), run: base + Int64(index / workload.tasksPerRun),
                number: number,
                isFirst: number == 0, isLast: number == workload.tasksPerRun - 1)
        }
        var commits: [[PostgresStatement]] = []
        var ending: [Try] = []
        for start in stride(from: 0, through: tries.count, by: Self.batchSize) {
            let starting = Array(tries[start..<min(start + Self.batchSize, tries.count)])
            commits.append(commit(ending: ending, starting: starting))
            ending = starting
        }
        if !ending.isEmpty { commits.append(commit(ending: ending, starting: [])) }
        return commits
    }

    private func commit(ending: [Try], starting: [Try]) -> [PostgresStatement] {
        let now = Timestamp.now()
        var list: [PostgresStatement] = []
        let begun = starting.filter(\.isFirst).map(\.run)
        if !begun.isEmpty { list += runStarts(begun, now) }
        let over = ending.filter(\.isLast).map(\.run)
        if !over.isEmpty { list += runEnds(over, now) }
        if !ending.isEmpty {
            let none = [String?](repeating: nil, count: ending.count)
            let times = [Timestamp](repeating: now, count: ending.count)
            list.append(
                PostgresStatement(
                    Self.endAttempts,
                    [
                        ending.map(\.attempt), [String](repeating: "success", count: ending.count), times, none,
                        [Int32?](repeating: nil, count: ending.count),
                    ]))
            let ones = [Int](repeating: 1, count: ending.count)
            let zeros = [Int](repeating: 0, count: ending.count)
            list.append(
                PostgresStatement(
                    Self.setTasks,
                    [
                        ending.map(\.run), ending.map { "t\($0.number)" }, [Int](repeating: -1, count: ending.count),
                        [String](repeating: "success", count: ending.count), ones, zeros, zeros, times, times,
                        [Timestamp?](repeating: nil, count: ending.count), none,
                    ]))
        }
        if !starting.isEmpty {
            let none = [String?](repeating: nil, count: starting.count)
            let times = [Timestamp](repeating: now, count: starting.count)
            let ones = [Int](repeating: 1, count: starting.count)
            list.append(
                PostgresStatement(
                    Self.startAttempts,
                    [
                        starting.map(\.attempt), starting.map(\.run), starting.map { "t\($0.number)" },
                        [Int](repeating: -1, count: starting.count), ones, [Int](repeating: 0, count: starting.count),
                        times, times, [String](repeating: "default_pool", count: starting.count), ones, none, none,
                        [Int32?](repeating: nil, count: starting.count),
                        [Int64?](repeating: nil, count: starting.count),
                    ]))
        }
        return list
    }

    private func runStarts(_ runs: [Int64], _ now: Timestamp) -> [PostgresStatement] {
        func all<Value>(_ value: Value) -> [Value] { [Value](repeating: value, count: runs.count) }
        let dates = runs.map { Timestamp(seconds: 60 * ($0 - base)) }
        return [
            PostgresStatement(
                Self.insertRuns,
                [
                    runs, all("raw_\(base)"), dates.map { "scheduled__\($0.iso8601)" }, all("scheduled"),
                    all("running"),
                    dates, dates, all(now), all(now), all("raw-1"), all("{}"), all("schedule"),
                ]),
            PostgresStatement("INSERT INTO flow.live_run SELECT unnest($1::int8[]) ON CONFLICT DO NOTHING", [runs]),
        ]
    }

    private func runEnds(_ runs: [Int64], _ now: Timestamp) -> [PostgresStatement] {
        [
            PostgresStatement(
                """
                UPDATE flow.dag_run AS r SET state = u.state, end_date = u.end_date
                FROM unnest($1::int8[], $2::text[], $3::timestamptz[]) AS u(run_key, state, end_date)
                WHERE r.run_key = u.run_key
                """,
                [
                    runs, [String](repeating: "success", count: runs.count),
                    [Timestamp](repeating: now, count: runs.count),
                ]),
            PostgresStatement("DELETE FROM flow.live_run WHERE run_key = ANY($1::int8[])", [runs]),
        ]
    }

    private static let insertRuns = """
        INSERT INTO flow.dag_run (run_key, dag_id, run_id, run_type, state, logical_date, run_after, queued_at, start_date,
            version, conf, triggered_by)
        SELECT run_key, dag_id, run_id, run_type, state, logical_date, run_after, queued_at, start_date, version,
            conf::json, triggered_by
        FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
            $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[], $12::text[])
            AS u(run_key, dag_id, run_id, run_type, state, logical_date, run_after, queued_at, start_date, version, conf,
                triggered_by)
        """

    private static let attempt = """
        attempt, run_key, task_id, map_index, try_number, max_tries, queued_at, started_at, pool, pool_slots, host, \
        boot_id, pid, start_ticks
        """

    private static let startAttempts = """
        INSERT INTO flow.task_attempt_live (\(attempt))
        SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::timestamptz[],
            $8::timestamptz[], $9::text[], $10::int8[], $11::text[], $12::text[], $13::int4[], $14::int8[])
        """

    private static let endAttempts = """
        WITH gone AS (
            DELETE FROM flow.task_attempt_live AS l
            USING unnest($1::int8[], $2::text[], $3::timestamptz[], $4::text[], $5::int4[])
                AS u(attempt, state, ended_at, reason, exit_code)
            WHERE l.attempt = u.attempt
            RETURNING l.*, u.state, u.ended_at, u.reason, u.exit_code
        )
        INSERT INTO flow.task_attempt_past (\(attempt), state, ended_at, reason, exit_code)
        SELECT \(attempt), state, ended_at, reason, exit_code FROM gone
        """

    private static let setTasks = """
        INSERT INTO flow.task_instance (run_key, task_id, map_index, state, try_number, max_tries, lost_count, start_date,
            end_date, retry_at, reason)
        SELECT * FROM unnest($1::int8[], $2::text[], $3::int8[], $4::text[], $5::int8[], $6::int8[], $7::int8[],
            $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[])
        """
}
