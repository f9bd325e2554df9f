package import CivilTime
import DAGDocument
package import DAGModel
package import Execution
package import HTTPClient
package import Logging
package import Markets
import Operators
package import PostgresClient
import RunStore
package import Scheduler
package import Warehouse

/// The operators of this product and what they need.
package struct OperatorKit: Sendable {
    package let registry: OperatorRegistry

    /// Every operator's signature, without what it would need to run: enough to check documents.
    package static let signatures: [OperatorSignature] =
        builtinSignatures + [MarketFetch.signature] + ModelOperator.Verb.allCases.map(\.signature)

    package init(connections: Connections, http: HTTPClient, markets: MarketGateway, runs: any RunInquiry) {
        self.init(connections: connections, http: http, markets: .success(markets), runs: runs)
    }

    /// - Parameter markets: a failure is what every task that fetches market data ends with.
    package init(
        connections: Connections, http: HTTPClient, markets: Result<MarketGateway, TaskFailure>, runs: any RunInquiry
    ) {
        var registry = OperatorRegistry()
        registerBuiltins(into: &registry, OperatorDependencies(connections: connections, http: http, runs: runs))
        switch markets {
        case .success(let gateway): MarketFetch.register(in: &registry, gateway: gateway)
        case .failure(let problem): registry.register(MarketFetch.signature) { _ in throw problem }
        }
        ModelOperator.register(in: &registry, connections: connections) {
            try Installation.program("cryptoflow-model", in: Installation.executableFolder())
        }
        self.registry = registry
    }
}

/// Where market data comes from.
package struct MarketSource: Sendable {
    /// The address that speaks Upbit's dialect; nil for Upbit itself.
    package var upbitURL: String?
    /// Whether it is our own recorded exchange, which needs no patience with its limits.
    package var isRecorded = false
    /// Where its clock stands still; nil for a clock that runs.
    package var standsAt: Timestamp?

    package init() {}

    /// The limiters of this process's requests: the exchange's own limits, or almost none for our recorded one.
    package var limiters: RateLimiters {
        guard isRecorded else { return .shared }
        return RateLimiters(settings: [.upbit: RateLimiterSettings(limit: RateLimit(requests: 2_000, per: .seconds(1)))]
        )
    }
}

/// Puts a scheduler together.
package enum SchedulerProgram {
    /// - Parameters:
    ///   - logs: the folder of task logs.
    ///   - environment: the program's own: connections and variables for tasks are read from it.
    ///   - guarded: what kills the tasks' processes when the program is killed.
    package static func service(
        backend: Backend, dags: String, logs: String, markets source: MarketSource, environment: [String: String],
        http: HTTPClient, settings: SchedulerSettings, observer: any SchedulerObserver, guarded: ProcessGuard? = nil,
        logger: Logger
    ) async throws -> SchedulerService {
        var settings = settings
        settings.hostName = ThisProcess.hostName()
        settings.stopsWithoutLease = !backend.isLocal
        let spawns = SpawnRecords()
        let connections = Connections(environment: environment, warehouseURL: backend.warehouseURL)
        let kit = OperatorKit(
            connections: connections, http: http, markets: gateway(backend.warehousePool, source, http),
            runs: StoreInquiry(backend.store))
        let instance = try await backend.store.instanceID()
        let variables = EnvironmentVariables(environment: environment, store: backend.store)
        var notifiers = NotifierRegistry()
        registerNotifiers(into: &notifiers, connections: connections, http: http)
        let notifications = LocalNotificationSender(
            registry: notifiers, instance: instance, outputs: backend.store, variables: variables,
            connections: connections)
        let processes = ProcessLauncher(
            instance: instance, environment: environment, recorder: spawns, grace: .seconds(2), guarded: guarded)
        let directory = TaskLogDirectory(
            root: logs, mask: SecretMask(environment: environment, warehouseURL: backend.warehouseURL))
        let local = LocalExecutor(
            registry: kit.registry,
            logs: directory,
            processes: processes,
            outputs: backend.store, variables: variables,
            connections: connections)
        let executor = HandOverExecutor(
            local: local, store: backend.store, settings: settings, isProcessDead: \.isCertainlyGone, logger: logger)
        let documents = FolderDocuments(
            loader: DocumentLoader(catalog: OperatorCatalog(OperatorKit.signatures), root: dags))
        return SchedulerService(
            store: backend.store, executor: executor, spawns: spawns, documents: documents,
            logs: directory,
            holder: ThisProcess.leaseHolder(), isHolderDead: ThisProcess.isDead, settings: settings, observer: observer,
            logger: logger, notifications: notifications)
    }

    package static func gateway(_ pool: PostgresPool, _ source: MarketSource, _ http: HTTPClient) -> MarketGateway {
        let standsAt = source.standsAt
        return MarketGateway(
            pool: pool, http: http, limiters: source.limiters,
            baseURLs: source.upbitURL.map { [.upbit: $0] } ?? [:], present: { standsAt })
    }
}
