import DAGModel
import Execution
import Glibc
import Lab
import Operators
import PostgresClient
import RunStore
import Scheduler
import SchedulerCore
import ServiceLifecycle

/// A scheduler as the programs put it together (service, leader, PostgreSQL store, local executor), in this process, and
/// what the benchmark sees of it.
struct SchedulerRig: Sendable {
    let store: PostgresRunStore
    let watch: CommitWatch
    let records: CallRecords
    /// A connection beside the scheduler's, for questions between the measurements.
    let observer: PostgresConnection
    let url: String

    /// Settings under which neither `parallelism` nor the default pool holds no-op tasks back.
    static var wide: SchedulerSettings {
        var settings = SchedulerSettings()
        settings.core.parallelism = 1_000
        return settings
    }

    /// Leads while `body` runs, then stops gracefully.
    static func lead<Value: Sendable>(
        _ url: String, documents: any DocumentSource, settings: SchedulerSettings, logs: String,
        _ body: @Sendable (SchedulerRig) async throws -> Value
    ) async throws -> Value {
        let logger = DatabaseLab.logger
        let store = try PostgresRunStore(url: url, logger: logger)
        let observer = try await PostgresConnection.connect(PostgresSettings(url: url))
        if settings.core.parallelism > SchedulerSettings().core.parallelism {
            _ = try await observer.script("UPDATE flow.pool SET slots = 1000000 WHERE name = 'default_pool'")
        }
        let records = CallRecords()
        var registry = OperatorRegistry()
        registry.register(NoOperation.signature) { _ in NoOperation(records: records) }
        registry.register(ShellOperator.signature) { try ShellOperator(arguments: $0) }
        let spawns = SpawnRecords()
        let processes = ProcessLauncher(
            instance: try await store.instanceID(), environment: ["PATH": "/usr/bin:/bin"], recorder: spawns)
        let executor = LocalExecutor(
            registry: registry, logs: TaskLogDirectory(root: logs), processes: processes, outputs: store,
            variables: store)
        let watch = CommitWatch()
        let service = SchedulerService(
            store: store, executor: executor, spawns: spawns, documents: documents,
            holder: LeaseHolder(host: "bench", pid: getpid(), bootID: "bench", startTicks: 0),
            isHolderDead: { _ in false }, settings: settings, observer: watch, logger: logger)
        let rig = SchedulerRig(store: store, watch: watch, records: records, observer: observer, url: url)
        let group = ServiceGroup(services: [service], logger: logger)
        let value = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            _ = try await watch.wait(for: .leading, 1)
            let value = try await body(rig)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        }
        await store.close()
        await observer.close()
        guard watch.count(.failedRuns) == 0 else {
            throw LabFailure("\(watch.count(.failedRuns)) runs failed: the figures mean nothing")
        }
        return value
    }

    /// How far the write-ahead log has come, in bytes.
    func walPosition() async throws -> Int64 {
        let rows = try await observer.query("SELECT (pg_current_wal_insert_lsn() - '0/0')::int8")
        return try rows.first?.decode(0) ?? 0
    }

    /// The tries of a DAG that are in the history as successes.
    func recordedSuccesses(of dag: DAGID) async throws -> Int {
        let rows = try await observer.query(
            """
            SELECT count(*) FROM flow.task_attempt_past AS a JOIN flow.dag_run AS r USING (run_key)
            JOIN flow.task_instance AS t USING (run_key, task_id, map_index)
            WHERE r.dag_id = $1 AND r.state = 'success' AND a.state = 'success' AND t.state = 'success'
            """, [dag.rawValue])
        return try rows.first?.decode(0) ?? 0
    }

    /// Seconds of processor time: this process, and the server's process for the scheduler's commits.
    func processorSeconds() async throws -> (own: Double, server: Double) {
        let rows = try await observer.query(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'cryptoflow scheduler' AND datname = current_database()"
        )
        let server: Int32 = try rows.first?.decode(0) ?? 0
        return (ProcessFacts.processorSeconds(of: getpid()), ProcessFacts.processorSeconds(of: server))
    }
}
