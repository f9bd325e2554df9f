package import Collecting
package import Markets
package import PostgresClient

/// The status of every worker's collectors, in the database: for pages and commands of other processes.
package struct CollectorBoard: Sendable {
    private static let timeout = Duration.seconds(5)
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Writes this worker's rows, and removes those not written for a day.
    package func write(
        worker: String, statuses: [CollectorStatus], restURL: [Exchange: String], trades: SinkStatus
    ) async throws {
        guard !statuses.isEmpty else { return }
        var statements = [
            // A status lost in a crash is written again within a second: no need to wait for the disk.
            PostgresStatement("SET LOCAL synchronous_commit = off", prepared: false)
        ]
        statements += statuses.map { status in
            statement(worker, status, Exchange(rawValue: status.exchange).flatMap { restURL[$0] } ?? "", trades)
        }
        statements.append(
            PostgresStatement(
                "DELETE FROM warehouse.stream_collector WHERE updated_at < clock_timestamp() - interval '1 day'"))
        try await pool.pipeline(statements, timeout: Self.timeout)
    }

    private func statement(
        _ worker: String, _ status: CollectorStatus, _ restURL: String, _ trades: SinkStatus
    ) -> PostgresStatement {
        PostgresStatement(
            Self.sql,
            [
                worker, status.exchange, status.name, status.markets, status.state.rawValue, status.reason,
                status.since, status.lastMessageAt, status.rate,
                status.lagSeconds, status.messages, status.reconnects, status.gaps, status.filledTrades,
                status.malformed, status.shed, status.history.map { Int32(clamping: $0) }, restURL, trades.stored,
                trades.duplicates, trades.lastCommitSeconds,
            ])
    }

    private static let sql = """
        INSERT INTO warehouse.stream_collector (
            worker, exchange, name, markets, state, reason, since, last_message_at, rate, lag_seconds, messages,
            reconnects, gaps, filled_trades, malformed, shed, history, rest_url, stored, duplicates, commit_seconds,
            updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                clock_timestamp())
        ON CONFLICT (worker, exchange, name) DO UPDATE SET
            markets = excluded.markets, state = excluded.state, reason = excluded.reason, since = excluded.since,
            last_message_at = excluded.last_message_at, rate = excluded.rate, lag_seconds = excluded.lag_seconds,
            messages = excluded.messages, reconnects = excluded.reconnects, gaps = excluded.gaps,
            filled_trades = excluded.filled_trades, malformed = excluded.malformed, shed = excluded.shed,
            history = excluded.history, rest_url = excluded.rest_url, stored = excluded.stored,
            duplicates = excluded.duplicates, commit_seconds = excluded.commit_seconds,
            updated_at = excluded.updated_at
        """

    /// The rows of all workers, those that write before those that are silent, in the order of their names.
    package func entries() async throws -> [CollectorReading] {
        let rows = try await pool.query(
            """
            SELECT *, updated_at < clock_timestamp() - interval '10 seconds' AS is_silent
            FROM warehouse.stream_collector ORDER BY is_silent, exchange, worker, name
            """, timeout: Self.timeout)
        return try rows.compactMap { row in
            guard let state = CollectorState(rawValue: try row.decode("state")) else { return nil }
            let status = CollectorStatus(
                exchange: try row.decode("exchange"), name: try row.decode("name"), markets: try row.decode("markets"),
                state: state,
                reason: try row.decode("reason"), since: try row.decode("since"),
                lastMessageAt: try row.decode("last_message_at"), rate: try row.decode("rate"),
                lagSeconds: try row.decode("lag_seconds"), messages: try row.decode("messages"),
                reconnects: try row.decode("reconnects"), gaps: try row.decode("gaps"),
                filledTrades: try row.decode("filled_trades"), malformed: try row.decode("malformed"),
                shed: try row.decode("shed"), history: try row.decode("history", as: [Int32].self).map { Int($0) })
            return CollectorReading(
                worker: try row.decode("worker"), status: status, restURL: try row.decode("rest_url"),
                stored: try row.decode("stored"), duplicates: try row.decode("duplicates"),
                commitSeconds: try row.decode("commit_seconds"), updatedAt: try row.decode("updated_at"),
                isSilent: try row.decode("is_silent"))
        }
    }
}
