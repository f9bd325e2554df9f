import CivilTime
import DAGModel
import RunStore

/// What the run history says of the scheduler.
struct SchedulerMetrics: MetricsSource {
    let history: any RunHistory

    func families() async throws -> [MetricFamily] {
        async let asked = history.runCounts()
        let health = try await history.schedulerHealth()
        let counts = try await asked
        let states: [RunState] = [.queued, .running, .success, .failed]
        var families = [
            MetricFamily(
                "cryptoflow_scheduler_up", .gauge, help: "Whether a scheduler leads.", health.isAlive ? 1 : 0),
            MetricFamily(
                "cryptoflow_scheduler_pending_commands", .gauge, help: "Commands that wait for the leader.",
                Double(health.pendingCommands)),
            MetricFamily(
                "cryptoflow_scheduler_runs", .gauge,
                help: "Runs by state: active ones, and those that ended in the last 24 hours (of the newest 20,000).",
                states.map { .init(Double(counts[$0] ?? 0), labels: [.init("state", $0.rawValue)]) }),
        ]
        if let lease = health.lease {
            families += [
                MetricFamily(
                    "cryptoflow_scheduler_lease_epoch", .gauge, help: "How often the lead has changed hands.",
                    Double(lease.epoch)),
                MetricFamily(
                    "cryptoflow_scheduler_heartbeat_age_seconds", .gauge,
                    help: "Since the leader renewed its lease, by the database's clock.",
                    max(0, (health.askedAt - lease.renewedAt).inSeconds)),
            ]
        }
        return families
    }
}
