import CivilTime
package import Commands
import DAGModel
import Execution
import FoundationEssentials
import Glibc
import HTTPClient
import Hosting
import Logging
import PostgresClient
import PrivateCluster
import RunStore
import Scheduler
import SchedulerCore
import ServiceLifecycle
import Synchronization
import Timetables
import UnixSignals
import Warehouse

/// Runs one DAG with a real scheduler and real operators, on a history in memory that is gone afterwards.
package struct ProgramTester: DAGTester {
    package init() {}

    package func folder() throws -> String { try Installation().dags() }

    package func run(
        _ request: DAGTestRequest, report: @escaping @Sendable (DAGTestEvent) -> Void
    ) async throws -> DAGTestResult {
        let logs = try Self.makeFolder(request.environment["TMPDIR"] ?? "/tmp")
        defer { try? FileManager.default.removeItem(atPath: logs) }
        ChildReaper.adoptOrphans()
        let http = HTTPClient()
        let database = TestDatabase(request)
        let ends = RunEnds(report: report)
        let name = "test-\(UInt64.random(in: .min ... .max))"
        let store = InMemoryRunStore(instanceID: name)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let service = scheduler(
            request, name: name, store: store, logs: logs, database: database, http: http, observer: ends,
            logger: logger)
        let outcome = Mutex<Result<DAGTestResult, any Error>>(.success(.interrupted))
        let body = TestBody {
            let result: Result<DAGTestResult, any Error>
            do {
                result = .success(try await Self.follow(request, store, ends))
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
        }
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: service), .init(service: body, successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(9)
        let ended: Result<Void, any Error>
        do {
            ended = .success(try await ServiceGroup(configuration: configuration).run())
        } catch {
            ended = .failure(error)
        }
        await database.pool?.close()
        await http.shutDown()
        try ended.get()
        return try outcome.withLock { try $0.get() }
    }

    /// Asks for the run and waits for its end.
    private static func follow(
        _ request: DAGTestRequest, _ store: InMemoryRunStore, _ ends: RunEnds
    ) async throws -> DAGTestResult {
        let id = request.dag.dag.id
        // The pools are the database's: here nothing else runs that they would hold back.
        for pool in Set(request.dag.dag.tasks.map(\.pool)) where pool != PoolUse.defaultName {
            await store.setPool(pool, slots: -1)
        }
        let number = try await store.submit(
            .trigger(dag: id, runID: nil, logicalDate: request.logicalDate, conf: request.conf), actor: "dag test",
            idempotencyKey: nil)
        var answer: CommandOutcome?
        while answer == nil, !Task.isShuttingDownGracefully {
            answer = try await store.waitForOutcome(of: number, timeout: .milliseconds(500))
        }
        switch answer {
        case .refused(let reason)?: throw Refusal(reason)
        case .run(_, let runID, let key)?:
            let isOver = await cancelWhenGracefulShutdown {
                for await ended in ends.keys where ended == key { return true }
                return false
            }
            guard isOver == true, let detail = try await store.run(dag: id, runID: runID) else { return .interrupted }
            return .ended(detail)
        default: return .interrupted
        }
    }

    private func scheduler(
        _ request: DAGTestRequest, name: String, store: InMemoryRunStore, logs: String, database: TestDatabase,
        http: HTTPClient,
        observer: RunEnds, logger: Logger
    ) -> SchedulerService {
        let environment = database.environment
        let connections = Connections(environment: environment)
        let registry = OperatorKit(
            connections: connections, http: http, markets: database.markets(http),
            runs: TestInquiry(dag: request.dag.dag.id, memory: StoreInquiry(store))
        ).registry
        let spawns = SpawnRecords()
        let directory = TaskLogDirectory(root: logs, mask: SecretMask(environment: environment))
        let local = LocalExecutor(
            registry: registry, logs: directory,
            processes: ProcessLauncher(
                instance: name, environment: environment, recorder: spawns, grace: .seconds(2)),
            outputs: store, variables: EnvironmentVariables(environment: environment, store: store),
            connections: connections)
        return SchedulerService(
            store: store, executor: ShowingExecutor(executor: local, logs: directory, report: observer.report),
            spawns: spawns, documents: OneDocument(request.dag), holder: ThisProcess.leaseHolder(),
            isHolderDead: { _ in false }, settings: SchedulerSettings(), observer: observer, logger: logger)
    }

    private static func makeFolder(_ parent: String) throws -> String {
        var template = Array("\(parent)/cryptoflow-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Refusal("no folder for logs can be made in \(parent): \(String(cString: strerror(errno)))")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// What waits for the run's end, beside the scheduler.
private struct TestBody: Service {
    let body: @Sendable () async -> Void

    func run() async { await body() }
}

/// The DAG under test alone, with a schedule that makes no runs.
private struct OneDocument: DocumentSource {
    let record: DAGRecord

    init(_ given: DAGRecord) {
        var dag = given.dag
        dag.isPausedUponCreation = false
        dag.bounds = ScheduleBounds(start: nil, end: .distantPast)
        record = DAGRecord(dag: dag, version: given.version, sourceText: given.sourceText)
    }

    func scan(afresh: Bool) async throws -> DocumentChanges {
        DocumentChanges(
            loaded: afresh ? [record] : [], present: [record.dag.id], problems: nil, brokenFiles: [])
    }
}

/// Tells what is committed, and which runs have ended.
private final class RunEnds: SchedulerObserver {
    let report: @Sendable (DAGTestEvent) -> Void
    let keys: AsyncStream<RunKey>
    private let ended: AsyncStream<RunKey>.Continuation

    init(report: @escaping @Sendable (DAGTestEvent) -> Void) {
        self.report = report
        // A run ends once, and there are few.
        (keys, ended) = AsyncStream.makeStream(of: RunKey.self, bufferingPolicy: .unbounded)
    }

    func committed(_ changes: [Change]) {
        for change in changes {
            switch change {
            case .insertRun(let run): report(.runBegan(run))
            case .startAttempt(let start): report(.tryBegan(start))
            case .setTask(let task, _): report(.task(task))
            case .updateRun(let run) where run.state.isFinished: ended.yield(run.key)
            default: break
            }
        }
    }

    func changed(_ status: SchedulerStatus) {}
}

/// Other DAGs are not there in a test.
private struct TestInquiry: RunInquiry {
    let dag: DAGID
    let memory: StoreInquiry

    func standing(of dag: DAGID, logicalDate: Timestamp) async throws -> RunStanding? {
        try await memory.standing(of: dag, logicalDate: logicalDate)
    }

    func standing(of dag: DAGID, runID: String) async throws -> RunStanding? {
        try await memory.standing(of: dag, runID: runID)
    }

    func tasks(of dag: DAGID) async throws -> Set<TaskID>? { try await memory.tasks(of: dag) }

    func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventFacts] { try await memory.assetEvents(query) }

    func request(_ request: RunRequest, key: String) async throws -> RunAnswer {
        guard request.dag == dag else {
            return .refused("`dag test` runs DAG \"\(dag)\" alone: it does not trigger \"\(request.dag)\"")
        }
        return try await memory.request(request, key: key)
    }
}
