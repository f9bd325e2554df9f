import CivilTime
import DAGModel
package import Execution
package import Logging
package import RunStore
import UnixSignals

/// Puts a worker together and runs it until a signal ends it: what every program that is a worker does.
package struct WorkerHost: Sendable {
    private let settings: WorkerSettings
    private let databaseURL: String
    private let warehouseURL: String
    private let logs: TaskLogDirectory
    private let environment: [String: String]
    private let version: String

    /// - Parameters:
    ///   - databaseURL: under the role that owns the tables.
    ///   - warehouseURL: what SQL tasks use; see ``warehouseURL(ownerURL:environment:)``.
    ///   - logs: the folder of task logs on this machine.
    ///   - environment: the program's own: connections and variables for tasks are read from it.
    package init(
        settings: WorkerSettings, databaseURL: String, warehouseURL: String, logs: String,
        environment: [String: String], version: String
    ) {
        self.settings = settings
        self.databaseURL = databaseURL
        self.warehouseURL = warehouseURL
        self.logs = TaskLogDirectory(
            root: logs, mask: SecretMask(environment: environment, warehouseURL: warehouseURL))
        self.environment = environment
        self.version = version
    }

    /// The way in of SQL tasks where the password of the warehouse's role is not at hand: `CRYPTOFLOW_CONN_WAREHOUSE`, else the
    /// owner's URL, whose sessions begin as that role.
    package static func warehouseURL(ownerURL: String, environment: [String: String]) -> String {
        if let given = environment["CRYPTOFLOW_CONN_WAREHOUSE"], !given.isEmpty { return given }
        let role = "options=-c%20role%3D\(DatabaseSetup.warehouseRole)"
        return ownerURL + (ownerURL.contains("?") ? "&" : "?") + role
    }

    /// Works until SIGTERM or SIGINT: the first drains, a second one stops what still runs.
    ///
    /// Throws a sentence when the database cannot be used.
    package func run(
        observer: any WorkerObserver, logger: Logger,
        registry: (Connections, PostgresRunStore) async throws -> OperatorRegistry
    ) async throws {
        ChildReaper.adoptOrphans()
        let store = try PostgresRunStore(url: databaseURL, logger: logger)
        let outcome: Result<Void, any Error>
        do {
            try await run(on: store, observer: observer, logger: logger, registry: registry)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await store.close()
        try outcome.get()
    }

    private func run(
        on store: PostgresRunStore, observer: any WorkerObserver, logger: Logger,
        registry: (Connections, PostgresRunStore) async throws -> OperatorRegistry
    ) async throws {
        try await store.checkWorkersAreKnown()
        let processGuard = try ProcessGuard()
        let processes = ProcessLauncher(
            instance: try await store.instanceID(), environment: environment, recorder: NoProcessRecorder(),
            grace: Worker.grace(ttl: settings.ttl), guarded: processGuard)
        let connections = Connections(environment: environment, warehouseURL: warehouseURL)
        let executor = LocalExecutor(
            registry: try await registry(connections, store), logs: logs, processes: processes, outputs: store,
            variables: EnvironmentVariables(environment: environment, store: store), connections: connections)
        let facts = WorkerFacts(
            name: settings.name, process: .own, version: version, queues: settings.queues,
            concurrency: settings.concurrency)
        let worker = Worker(
            facts,
            WorkerParts(
                settings: settings, store: store, executor: executor, logs: logs, processGuard: processGuard,
                observer: observer, logger: logger))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var isFirst = true
                for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                    if isFirst { worker.drain() } else { worker.stop() }
                    isFirst = false
                }
            }
            await worker.run()
            group.cancelAll()
        }
    }
}
