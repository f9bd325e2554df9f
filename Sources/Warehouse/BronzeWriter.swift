import CivilTime
import Execution
import Markets
import PostgresClient

/// Writes replies to Bronze, each with its events and its coverage in one statement, so in one transaction and one
/// round trip.
struct BronzeWriter: Sendable {
    let pool: PostgresPool

    private static let timeout = Duration.seconds(30)
    /// Attempts to store a reply while the database is in passing trouble; then the try fails, and another asks anew.
    private static let attempts = 3
    /// What the landing table keeps of a body that is not JSON.
    static let bodyLimit = 1 << 20
    /// What it keeps of a reason, in characters.
    private static let failureLimit = 1000

    /// Stores a reply and returns its identity in the landing table.
    ///
    /// - Throws: ``TaskFailure`` when the reply is JSON that PostgreSQL cannot hold (it is then kept as bytes);
    ///   `PostgresError`, `CancellationError`.
    func store(_ reply: BronzeReply) async throws -> Int64 {
        let isJSON = reply.status != nil && (try? JSONReader.validate(reply.body)) != nil
        do {
            return try await insert(reply, isJSON: isJSON)
        } catch let error as PostgresError where isJSON && error.sqlState?.classCode == "22" {
            // jsonb has no \u0000 and bounds its numbers. Nothing may be lost: the bytes stay as evidence.
            var refused = reply
            refused.events = []
            refused.answered = []
            let reason = "the reply is JSON that PostgreSQL cannot hold (SQLSTATE \(error.sqlState?.rawValue ?? "22"))"
            refused.failure = reply.failure ?? reason
            let id = try await insert(refused, isJSON: false)
            throw TaskFailure("\(reply.exchange.displayName) \(reply.target): \(reason); see landing row \(id)")
        }
    }

    private func insert(_ reply: BronzeReply, isJSON: Bool) async throws -> Int64 {
        var attempt = 1
        while true {
            do {
                let result = try await pool.query(statement(reply, isJSON: isJSON), timeout: Self.timeout)
                guard let row = result.first else {
                    throw PostgresError(.misuse, "the landing row of \(reply.target) was not returned")
                }
                return try row.decode("id")
            } catch let error as PostgresError where error.isTransient && attempt < Self.attempts {
                attempt += 1
            }
        }
    }

    private func statement(_ reply: BronzeReply, isJSON: Bool) -> PostgresStatement {
        let payload = isJSON ? PostgresJSON(String(decoding: reply.body, as: UTF8.self)) : nil
        let body: [UInt8]? = isJSON || reply.status == nil ? nil : Array(reply.body.prefix(Self.bodyLimit))
        // PostgreSQL's text has no zero byte.
        let failure = reply.failure.map { String(String($0.prefix(Self.failureLimit)).filter { $0 != "\0" }) }
        // One order for all writers, so that two tries over the same hours wait for each other instead of deadlocking.
        let events = reply.events.sorted { ($0.symbol, $0.at) < ($1.symbol, $1.at) }
        let hours = reply.answered.sorted { ($0.market, $0.start) < ($1.market, $1.start) }
        return PostgresStatement(
            Self.sql,
            [
                reply.exchange.rawValue, reply.endpoint.rawValue, "GET " + reply.target, reply.hours.start,
                reply.hours.end, reply.status.map { Int32($0) }, payload, body, reply.derived, failure, reply.attempt,
                reply.callTime, events.map(\.symbol), events.map(\.at), events.map { PostgresJSON($0.payload) },
                Int32(reply.unit), hours.map(\.market), hours.map(\.start), hours.map { Int32($0.rows) },
                hours.map(\.isFinal),
            ])
    }

    /// An older request changes nothing of what is known about an hour.
    private static let sql = """
        WITH call AS (
            INSERT INTO warehouse.crypto_24hr_rawingest_landing (
                source, endpoint, request, interval_start, interval_end, http_status, payload, body, derived, failure,
                attempt, call_ts)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            RETURNING id
        ), event AS (
            INSERT INTO warehouse.crypto_24hr_rawingest_events (source, symbol, ts_event, payload, call_id)
            SELECT $1, e.symbol, e.at, e.payload, call.id
            FROM call, unnest($13, $14, $15) WITH ORDINALITY AS e (symbol, at, payload, place)
            ORDER BY e.place
            ON CONFLICT DO NOTHING
        ), coverage AS (
            INSERT INTO warehouse.market_coverage AS old (
                exchange, endpoint, unit, market, hour, rows, final, asked_at, call_id)
            SELECT $1, $2, $16, h.market, h.start, h.rows, h.final, $12, call.id
            FROM call, unnest($17, $18, $19, $20) WITH ORDINALITY AS h (market, start, rows, final, place)
            ORDER BY h.place
            ON CONFLICT (exchange, endpoint, unit, market, hour) DO UPDATE SET
                rows = excluded.rows, final = excluded.final, asked_at = excluded.asked_at, call_id = excluded.call_id
            WHERE old.asked_at <= excluded.asked_at
        )
        SELECT id FROM call
        """
}
