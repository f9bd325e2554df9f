import CivilTime
import DAGModel
import RunStore

/// What `/health` says: scripts and monitors rely on its names.
struct HealthReport {
    let isHealthy: Bool
    let json: JSONValue

    /// Asks the database once, which answers for both.
    static func make(
        configuration: WebServerConfiguration, _ ask: @escaping @Sendable () async throws -> SchedulerHealth
    ) async -> HealthReport {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let health = try await within(configuration.patience, ask)
            let latency = Double((clock.now - start).wholeMicroseconds) / 1_000
            let database: JSONValue = ["status": "healthy", "latency_ms": .double(latency)]
            return HealthReport(health, database: database, version: configuration.version)
        } catch {
            let latency = Double((clock.now - start).wholeMicroseconds) / 1_000
            return HealthReport(
                isHealthy: false,
                json: [
                    "status": "unhealthy",
                    "database": ["status": "unhealthy", "latency_ms": .double(latency), "error": .string("\(error)")],
                    "scheduler": ["status": "unknown"],
                    "version": .string(configuration.version),
                ])
        }
    }

    private init(isHealthy: Bool, json: JSONValue) {
        self.isHealthy = isHealthy
        self.json = json
    }

    private init(_ health: SchedulerHealth, database: JSONValue, version: String) {
        var scheduler: [String: JSONValue] = [
            "status": health.isAlive ? "healthy" : "unhealthy",
            "pending_commands": .int(Int64(health.pendingCommands)),
        ]
        if let lease = health.lease {
            scheduler["holder"] = .string("\(lease.holder.host):\(lease.holder.pid)")
            scheduler["epoch"] = .int(lease.epoch)
            scheduler["lease_acquired_at"] = .string(lease.acquiredAt.iso8601)
            scheduler["latest_heartbeat"] = .string(lease.renewedAt.iso8601)
            scheduler["lease_expires_at"] = .string(lease.expiresAt.iso8601)
        } else {
            scheduler["error"] = "no scheduler has run on this database yet"
        }
        self.init(
            isHealthy: health.isAlive,
            json: [
                "status": health.isAlive ? "healthy" : "unhealthy", "database": database,
                "scheduler": .object(scheduler), "version": .string(version),
            ])
    }
}
