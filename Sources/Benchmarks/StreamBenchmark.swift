import CivilTime
import Collecting
import FoundationEssentials
import Glibc
import HTTPClient
import Lab
import Logging
import Markets
import PostgresClient
import ServiceLifecycle
import Streaming
import Synchronization

/// The real-time path: what the bus costs, how fast trades become durable, and how long a message takes from the socket
/// to the commit.
struct StreamBenchmark {
    let lab: DatabaseLab
    let settings: BenchmarkSettings

    struct Outcome: Sendable {
        /// Nanoseconds for one message and one subscriber, publishing and reading together.
        var busNanoseconds: [Double] = []
        /// Trades a second into PostgreSQL, as fast as it takes them.
        var storedPerSecond: [Double] = []
        /// Resident memory in MB after a warm-up, and at the end.
        var memory: (before: Double, after: Double) = (.nan, .nan)
        /// From the socket's read to the answered commit, in milliseconds, at the steady rate.
        var latencies = Spread([])
        /// Messages a second that came at the steady rate.
        var cameRate = Double.nan
        /// Trades a commit, on average, at the steady rate.
        var tradesPerCommit = Double.nan
    }

    private var storedTrades: Int { settings.isQuick ? 100_000 : 400_000 }
    private var steadySeconds: Int { settings.isQuick ? 10 : 30 }

    func run() async throws -> Outcome {
        var outcome = Outcome()
        for _ in 0..<settings.repetitions { outcome.busNanoseconds.append(try await bus()) }
        let url = try await lab.makeDatabase("stream")
        let pool = PostgresPool(try PostgresSettings(url: url), options: PostgresPoolOptions(connectPatience: .zero))
        do {
            // The first only warms up.
            _ = try await store(storedTrades / 4, from: 0, pool)
            outcome.memory.before = ProcessFacts.megabytes("VmRSS", of: getpid()) ?? .nan
            for round in 0..<settings.repetitions {
                outcome.storedPerSecond.append(try await store(storedTrades, from: (round + 1) * 10_000_000, pool))
            }
            outcome.memory.after = ProcessFacts.megabytes("VmRSS", of: getpid()) ?? .nan
            try await steady(pool, &outcome)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
        return outcome
    }

    private func message(_ trade: Trade, _ now: Timestamp) -> StreamMessage {
        StreamMessage(
            exchange: .upbit, event: .trade(trade), origin: .realtime, receivedAt: now,
            receivedNanoseconds: MonotonicClock.nanoseconds)
    }

    // MARK: - The bus alone

    private func bus() async throws -> Double {
        let bus = InProcessEventBus()
        let (subscribers, batches, size) = (4, 2_000, 100)
        var subscriptions: [any BusSubscription] = []
        for number in 0..<subscribers {
            subscriptions.append(
                try await bus.subscribe(SubscriptionRequest(name: "\(number)", capacity: 4_096, overflow: .wait)))
        }
        let now = Timestamp.now()
        let batch = try (0..<size).map { message(try MadeMessage.trade($0, at: now), now) }
        let start = MonotonicClock.nanoseconds
        try await withThrowingTaskGroup(of: Int.self) { group in
            for subscription in subscriptions { group.addTask { try await Self.count(subscription) } }
            for _ in 0..<batches { try await bus.publish(batch) }
            for subscription in subscriptions { subscription.finish() }
            for try await count in group where count != batches * size {
                throw LabFailure("the bus lost messages: \(count) of \(batches * size) came")
            }
        }
        let seconds = MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds)
        return seconds * 1e9 / Double(batches * size * subscribers)
    }

    private static func count(_ subscription: some BusSubscription) async throws -> Int {
        var count = 0
        for try await batch in subscription { count += batch.count }
        return count
    }

    // MARK: - Into PostgreSQL

    /// Trades a second from the bus to the last commit.
    private func store(_ count: Int, from first: Int, _ pool: PostgresPool) async throws -> Double {
        let bus = InProcessEventBus()
        let sink = try await TradeSink(
            bus: bus, store: TradeStore(pool: pool), capacity: 8_192, logger: DatabaseLab.logger)
        let begin = Timestamp.now()
        let start = MonotonicClock.nanoseconds
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sink.run() }
            var number = 0
            while number < count {
                let end = min(number + 500, count)
                // Twenty trades a millisecond of the exchange's time.
                let batch = try (number..<end).map { index in
                    message(try MadeMessage.trade(first + index, at: begin + .microseconds(index * 50)), begin)
                }
                try await bus.publish(batch)
                number = end
            }
            sink.finish()
            try await group.waitForAll()
        }
        guard sink.status.stored == count else {
            throw LabFailure("\(sink.status.stored) of \(count) trades were stored")
        }
        return Double(count) / MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds)
    }

    // MARK: - From the socket

    private func steady(_ pool: PostgresPool, _ outcome: inout Outcome) async throws {
        let program = try Program.start(
            settings.ownProgram, ["stream-feed", "--rate", "\(StreamFeeder.steadyRate)"], in: lab.folder)
        do {
            try await steady(StreamFeeder.port(of: program), pool, &outcome)
        } catch {
            await program.end()
            throw error
        }
        await program.end()
    }

    private func steady(_ port: Int, _ pool: PostgresPool, _ outcome: inout Outcome) async throws {
        let bus = InProcessEventBus()
        let latencies = Latencies()
        let sink = try await TradeSink(bus: bus, store: TradeStore(pool: pool), logger: DatabaseLab.logger) {
            batch, _ in
            latencies.add(batch)
        }
        let books = try await BookSink(bus: bus, pool: pool, logger: DatabaseLab.logger)
        let latest = try await LatestSink(bus: bus, latest: InMemoryLatestValues())
        let http = HTTPClient()
        var collecting = CollectorSettings()
        collecting.checkInterval = .seconds(86_400)
        let markets = MadeMessage.codes.compactMap { MarketCode($0) }
        let collector = CollectorService(
            name: "bench", markets: markets,
            parts: CollectorService.Parts(
                dialect: UpbitStreamDialect(), rest: .upbit(http: http, baseURL: "http://127.0.0.1:9"), bus: bus,
                url: "ws://127.0.0.1:\(port)/websocket/v1"),
            settings: collecting, logger: DatabaseLab.logger)
        let services = ServiceGroup(services: [sink, books, latest, collector], logger: DatabaseLab.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            // The connection, the first commits and the first partitions are not counted.
            try await Task.sleep(for: .seconds(3))
            latencies.begin()
            let before = await collector.status().messages
            let commits = sink.status.commits
            let start = MonotonicClock.nanoseconds
            try await Task.sleep(for: .seconds(steadySeconds))
            let seconds = MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds)
            outcome.cameRate = Double(await collector.status().messages - before) / seconds
            outcome.latencies = Spread(latencies.end())
            outcome.tradesPerCommit =
                Double(outcome.latencies.values.count) / Double(max(1, sink.status.commits - commits))
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        await http.shutDown()
    }
}

/// Times from the socket to the commit, in milliseconds.
private final class Latencies: Sendable {
    private let state = Mutex((isCounting: false, values: [Double]()))

    func begin() { state.withLock { $0 = (true, []) } }

    func add(_ batch: [StreamMessage]) {
        let now = MonotonicClock.nanoseconds
        state.withLock { state in
            guard state.isCounting else { return }
            for message in batch {
                state.values.append(MonotonicClock.seconds(from: message.receivedNanoseconds, to: now) * 1e3)
            }
        }
    }

    func end() -> [Double] {
        state.withLock { state in
            state.isCounting = false
            return state.values
        }
    }
}
