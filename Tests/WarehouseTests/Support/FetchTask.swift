import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import HTTPClient
import Markets
import PostgresClient
import Synchronization
import TestClocks
import TestSupport
import Timetables

@testable import Warehouse

/// A market task under test: a fake exchange, a database, a present that the test sets, and the runs it makes.
final class FetchTask: Sendable {
    let upbit: FakeUpbit
    let database: WarehouseDatabase
    let clock = ManualClock()
    private let gateway: MarketGateway
    private let folder: String
    private let attempts = Mutex<Int64>(0)

    /// - Parameters:
    ///   - now: the present when `clock` is at zero; it moves with it.
    ///   - standing: where the exchange's clock stands, if it does.
    init(
        _ database: WarehouseDatabase, upbit: FakeUpbit, now: Timestamp, standing: Timestamp? = nil,
        marketsAtOnce: Int = 4
    ) throws {
        self.database = database
        self.upbit = upbit
        folder = try TemporaryFolder.make(prefix: "cryptoflow-fetch")
        // No waiting for the limit: what is tested is not the limiter.
        let quick = RateLimiterSettings(
            limit: RateLimit(requests: 10_000, per: .milliseconds(1)), firstPause: .milliseconds(1),
            longestPause: .milliseconds(1), firstBlock: .seconds(600))
        gateway = MarketGateway(
            pool: database.pool, http: HTTPClient(), limiters: RateLimiters(settings: [.upbit: quick]),
            baseURLs: [.upbit: upbit.url], present: { standing }, clock: clock, marketsAtOnce: marketsAtOnce,
            now: { [clock] in now + clock.now.offset })
    }

    deinit { TemporaryFolder.remove(folder) }

    /// Runs one try with the arguments.
    @discardableResult
    func run(
        _ arguments: [String: JSONValue], interval: DataInterval? = nil, type: RunType = .scheduled,
        runAfter: Timestamp? = nil, outlets: [String] = ["bronze.candles_1h"], tryNumber: Int = 1
    ) async throws -> TaskResult {
        let place = SourcePlace(file: "test.yaml", line: 1, column: 1)
        var task = TaskSpec(id: TaskID("fetch"), place: place, body: .uses("market_fetch"))
        task.outlets = outlets
        let dag = DAG(id: DAGID("test"), place: place, timetable: .null, bounds: .none, tasks: [task])
        let key = RunKey(rawValue: 1)
        let facts = RunFacts(
            key: key, runID: "test", type: type, logicalDate: interval?.start, interval: interval,
            runAfter: runAfter ?? interval?.end ?? Timestamp(seconds: 0), startDate: nil, conf: .object([:]),
            events: nil)
        let attempt = attempts.withLock { number in
            number += 1
            return number
        }
        let launch = AttemptLaunch(
            attempt: AttemptID(rawValue: attempt), epoch: 1, dag: dag, task: task, run: facts, mapIndex: -1,
            tryNumber: tryNumber, maxTries: 8)
        let context = TaskContext(
            launch: launch, log: TaskLog(path: "\(folder)/\(attempt).log"),
            processes: ProcessLauncher(instance: "test", environment: [:], recorder: NoRecorder()))
        var registry = OperatorRegistry()
        MarketFetch.register(in: &registry, gateway: gateway)
        return try await registry.make("market_fetch", arguments: arguments).execute(context)
    }

    /// The failure of a try; nil when it did not fail so.
    func failure(_ arguments: [String: JSONValue], interval: DataInterval? = nil) async -> TaskFailure? {
        do {
            try await run(arguments, interval: interval)
            return nil
        } catch {
            return error as? TaskFailure
        }
    }

    /// The lines of the last try's log.
    var log: String {
        let path = attempts.withLock { "\(folder)/\($0).log" }
        return (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? ""
    }
}

private struct NoRecorder: ProcessRecorder {
    func spawned(_ process: ProcessRecord, for attempt: AttemptID) {}
}

/// `hours` hours from `start`, such as "2026-01-01T00:00:00Z".
func span(_ start: String, hours: Int64) -> DataInterval {
    let start = instant(start)
    return DataInterval(start: start, end: start + .seconds(hours * 3600))
}

/// An instant of a test's text; 1970 for a text that is none, which no test means.
func instant(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? Timestamp(seconds: 0) }
