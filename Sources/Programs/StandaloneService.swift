import CivilTime
import Commands
import DAGModel
import FoundationEssentials
import Glibc
import HTTPClient
package import Hosting
package import Logging
import Markets
import PostgresClient
import PrivateCluster
import RecordedExchange
import RunStore
import Scheduler
import SchedulerCore
import ServiceLifecycle
import Warehouse

/// Everything on one machine: a private PostgreSQL, the scheduler, the web page, and the recorded exchange where the real one
/// cannot be reached.
package struct StandaloneService: Service {
    let options: StandaloneOptions
    let terminal: Terminal
    let logger: Logger

    package init(options: StandaloneOptions, terminal: Terminal, logger: Logger) {
        self.options = options
        self.terminal = terminal
        self.logger = logger
    }

    /// Runs until the service group shuts down gracefully.
    ///
    /// Throws what keeps it from starting, or from going on.
    package func run() async throws {
        let home = try CryptoflowHome(path: options.home)
        try home.prepare()
        let environment = ProcessInfo.processInfo.environment
        // Before anything is started.
        _ = try options.retention.settings(environment: environment)
        let given = environment["CRYPTOFLOW_DATABASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
        let cluster = given == nil ? PrivateCluster(home: home, logger: logger) : nil
        do {
            try await runOpened(home: home, cluster: cluster, givenURL: given, environment: environment)
        } catch {
            await shutDown(cluster)
            throw error
        }
        await shutDown(cluster)
        terminal.event("stopped", tone: .quiet)
    }

    /// Shielded: the database is stopped in order although the task may be cancelled.
    private func shutDown(_ cluster: PrivateCluster?) async {
        await Task { await cluster?.stop() }.value
    }

    private func runOpened(
        home: CryptoflowHome, cluster: PrivateCluster?, givenURL: String?, environment: [String: String]
    ) async throws {
        let installation = try options.folders.installation()
        let (dags, migrations) = (try installation.dags(), try installation.migrations())
        let http = HTTPClient()
        var state = try HomeState.load(home)
        let (feed, note) = await options.feed.settle(
            remembered: state.feed, exchange: options.exchange.rest ?? "https://api.upbit.com", client: http)
        if let note { terminal.line(note, tone: .warning) }
        state.feed = feed
        let recording = try feed == .recorded ? recording(installation, home: home, state: &state) : nil
        try state.save(home)

        let url: String
        if let cluster {
            terminal.line("starting the database in \(home.path)", tone: .quiet)
            let address = try await cluster.start()
            try await createDatabase(feed.database, at: address)
            url = address.url(database: feed.database)
        } else {
            url = givenURL ?? ""
        }
        let backend = try await Backend.open(
            ownerURL: url, access: WarehouseAccess(home: home, environment: environment),
            migrations: migrations, logger: logger)
        try await runServices(
            Opened(
                home: home, dags: dags, state: state, feed: feed, cluster: cluster, backend: backend,
                http: http, environment: environment, recording: recording))
        await backend.close()
        await http.shutDown()
    }

    /// What is open once the database and the feed are settled.
    struct Opened {
        let home: CryptoflowHome
        let dags: String
        let state: HomeState
        let feed: HomeState.Feed
        let cluster: PrivateCluster?
        let backend: Backend
        let http: HTTPClient
        let environment: [String: String]
        let recording: (recording: Recording, clock: RecordedClock)?
    }

    private func runServices(_ opened: Opened) async throws {
        var source = MarketSource()
        source.upbitURL = options.exchange.rest
        source.standsAt = opened.state[opened.feed].recordedNow
        var exchange: ServiceGroup?
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        if let recording = opened.recording, options.exchange.rest == nil {
            let service = RecordedExchangeService(
                recording: recording.recording, clock: recording.clock,
                configuration: ExchangeConfiguration(host: "127.0.0.1", port: 0, limits: .none, faults: []),
                logger: logger
            ) { port.yield($0) }
            exchange = ServiceGroup(services: [service], logger: logger)
            source.isRecorded = true
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let exchange {
                group.addTask {
                    defer { port.finish() }
                    try await exchange.run()
                }
                for await number in ports {
                    source.upbitURL = "http://127.0.0.1:\(number)"
                    break
                }
                if source.upbitURL == nil { try await group.next() }
            }
            let stream = try await openStream(opened, source)
            let services = try await makeServices(opened, source, stream)
            try await services.run()
            await stream?.close()
            await exchange?.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    /// The real-time path; nil when it is not wanted.
    ///
    /// Where the recorded clock stands still nothing happens, so there is nothing to collect.
    private func openStream(_ opened: Opened, _ source: MarketSource) async throws -> StreamProgram.Parts? {
        guard !options.skipsStream, source.standsAt == nil else { return nil }
        var settings = StreamProgram.Settings()
        settings.webSocketURL = options.exchange.webSocket
        return try await StreamProgram.open(
            warehouseURL: opened.backend.warehouseURL, source: source, http: opened.http, settings: settings,
            logger: Logger(label: "collector"))
    }

    private func makeServices(
        _ opened: Opened, _ source: MarketSource, _ stream: StreamProgram.Parts?
    ) async throws -> ServiceGroup {
        let fills = !options.skipsFill && !opened.state[opened.feed].isFilled
        var settings = SchedulerSettings()
        settings.retention = try options.retention.settings(environment: opened.environment)
        settings.core.ownQueues = try options.queues.names
        if fills { settings.core.heldDAGs = Set(FirstFillPlan.heldBack + FirstFillService.afterwards) }
        let scheduler = try await SchedulerProgram.service(
            backend: opened.backend, dags: opened.dags, logs: opened.home.taskLogs, markets: source,
            environment: opened.environment, http: opened.http, settings: settings,
            observer: EventLines(terminal: terminal), logger: logger)
        var configurations: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let cluster = opened.cluster {
            configurations.append(.init(service: ClusterSupervision(cluster: cluster, terminal: terminal)))
        }
        configurations.append(.init(service: scheduler))
        let live = stream.map { LivePath(parts: $0, counter: MessageCounter(bus: $0.bus)) }
        if let live { configurations.append(.init(service: live.counter, successTerminationBehavior: .ignore)) }
        if let stream {
            configurations += stream.services.map { .init(service: $0) }
            configurations.append(.init(service: CollectorLines(parts: stream, terminal: terminal)))
        }
        configurations.append(.init(service: try webService(opened, live)))
        if fills {
            configurations.append(
                .init(
                    service: FirstFillService(
                        backend: opened.backend, home: opened.home, feed: opened.feed, terminal: terminal),
                    successTerminationBehavior: .ignore))
        }
        configurations.append(
            .init(
                service: LastResort(patience: .seconds(10), terminal: terminal),
                successTerminationBehavior: .ignore))
        var group = ServiceGroupConfiguration(services: configurations, logger: logger)
        group.maximumGracefulShutdownDuration = .milliseconds(3_500)
        return ServiceGroup(configuration: group)
    }

    // MARK: - The feed

    private func recording(
        _ installation: Installation, home: CryptoflowHome, state: inout HomeState
    ) throws -> (Recording, RecordedClock) {
        let recording = try Recording.load(from: URL(filePath: installation.recorded))
        var kept = state[.recorded]
        if let asked = options.recordedNow {
            if let known = kept.recordedNow, known != asked {
                throw Refusal(
                    "this home's recorded clock stands at \(known.iso8601), not at \(asked.iso8601): use another --home"
                )
            }
            if kept.recordedNow == nil, kept.shiftWeeks != nil {
                throw Refusal("this home's recorded clock runs already: --recorded-now needs another --home")
            }
            kept.recordedNow = asked
        }
        let present = kept.recordedNow ?? .now()
        let shift = kept.shiftWeeks ?? RecordedClock.chooseShift(realNow: present, span: recording.span)
        kept.shiftWeeks = shift
        if kept.fillEnd == nil {
            kept.fillEnd = Timestamp(seconds: present.seconds.flooredQuotient(3_600) * 3_600)
        }
        state[.recorded] = kept
        let clock =
            if let pinned = kept.recordedNow {
                RecordedClock.pinned(at: pinned, shiftWeeks: shift, span: recording.span)
            } else {
                RecordedClock.running(shiftWeeks: shift, span: recording.span)
            }
        return (recording, clock)
    }

    // MARK: - The database

    private func createDatabase(_ name: String, at address: ClusterAddress) async throws {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: address.url(database: "postgres")))
        do {
            let isThere = try await !connection.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]).isEmpty
            if !isThere {
                _ = try await connection.script(
                    "CREATE DATABASE \(PostgresConnection.quoted(name)) TEMPLATE template0 ENCODING 'UTF8'")
            }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}

/// Something the user asked for that cannot be.
struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Keeps the private cluster running.
struct ClusterSupervision: Service {
    let cluster: PrivateCluster
    let terminal: Terminal

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await cluster.supervise { event in
                switch event {
                case .ended(let status): terminal.event("database  ended unexpectedly (\(status))", tone: .bad)
                case .restarted: terminal.event("database  is back", tone: .good)
                case .restartFailed(let error): terminal.event("database  cannot be restarted: \(error)", tone: .bad)
                }
            }
        }
    }
}
