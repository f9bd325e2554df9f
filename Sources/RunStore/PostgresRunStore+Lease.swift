import CivilTime
import PostgresClient

extension PostgresRunStore {
    package func acquireLease(holder: LeaseHolder, ttl: Duration, provenDead: Int64?) async throws -> Lease? {
        // The row's lock waits for a commit under way; the condition is looked at after it.
        let rows = try await reader.query(
            """
            INSERT INTO flow.scheduler_lease AS l (epoch, host, pid, boot_id, start_ticks, acquired_at, renewed_at, expires_at)
            VALUES (1, $1, $2, $3, $4, clock_timestamp(), clock_timestamp(), clock_timestamp() + \(Self.ttl("$5")))
            ON CONFLICT (only_row) DO UPDATE SET epoch = l.epoch + 1, last_batch = 0, host = excluded.host,
                pid = excluded.pid, boot_id = excluded.boot_id, start_ticks = excluded.start_ticks,
                acquired_at = clock_timestamp(), renewed_at = clock_timestamp(),
                expires_at = clock_timestamp() + \(Self.ttl("$5"))
            WHERE l.expires_at <= clock_timestamp() OR l.epoch = $6
            RETURNING epoch
            """,
            [
                holder.host, holder.pid, holder.bootID, Int64(bitPattern: holder.startTicks), ttl.wholeMicroseconds,
                provenDead,
            ])
        return try rows.first.map { Lease(epoch: try $0.decode(0)) }
    }

    /// A parameter of whole microseconds as an interval.
    private static func ttl(_ parameter: String) -> String { "\(parameter)::int8 * interval '1 microsecond'" }

    package func currentLease() async throws -> LeaseStatus? {
        try await reader.query("SELECT \(Self.leaseColumns) FROM flow.scheduler_lease").first.map(LeaseStatus.init)
    }

    static let leaseColumns = """
        epoch, host, pid, boot_id, start_ticks, expires_at > clock_timestamp(), acquired_at, renewed_at, expires_at, \
        (extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::int8
        """

    package func renewLease(epoch: Int64, ttl: Duration) async throws -> Bool {
        try await reader.execute(
            """
            UPDATE flow.scheduler_lease SET renewed_at = clock_timestamp(),
                expires_at = clock_timestamp() + \(Self.ttl("$2"))
            WHERE epoch = $1
            """, [epoch, ttl.wholeMicroseconds]) == 1
    }

    package func releaseLease(epoch: Int64) async throws {
        _ = try await reader.execute(
            "UPDATE flow.scheduler_lease SET expires_at = clock_timestamp() WHERE epoch = $1", [epoch])
    }
}

extension LeaseStatus {
    init(_ row: PostgresRow) throws {
        var reader = RowReader(row)
        let epoch: Int64 = try reader.next()
        let host: String = try reader.next()
        let pid: Int32 = try reader.next()
        let boot: String = try reader.next()
        let ticks: Int64 = try reader.next()
        self.init(
            epoch: epoch,
            holder: LeaseHolder(host: host, pid: pid, bootID: boot, startTicks: UInt64(bitPattern: ticks)),
            isAlive: try reader.next(), acquiredAt: try reader.next(), renewedAt: try reader.next(),
            expiresAt: try reader.next(), remaining: .microseconds(try reader.next(Int64.self)))
    }
}
