import Execution
import Logging
import RunStore
import WebServer

/// From the publication of a trade to its arrival at a browser's event stream and at a WebSocket, through the real web
/// server on loopback.
struct BrowserBenchmark: Sendable {
    let settings: BenchmarkSettings

    static let perSecond = 5_000

    struct Outcome: Sendable {
        /// Milliseconds.
        var events = Spread([])
        var socket = Spread([])
        /// Trades published.
        var trades = 0
    }

    func run() async throws -> Outcome {
        let feed = BrowserFeed()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let service = try WebServerService(
            history: InMemoryRunStore(), markets: nil, logs: TaskLogDirectory(root: settings.folder), live: feed,
            configuration: WebServerConfiguration(port: 0, version: "benchmark"),
            logger: Logger(label: "web", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { port in
            announce.yield(port)
            announce.finish()
        }
        // Awaited below, after it is cancelled.
        let server = Task {
            defer { announce.finish() }
            try await service.run()
        }
        var outcome: Outcome?
        for await port in ports { outcome = try await measure(feed, port) }
        server.cancel()
        _ = await server.result
        guard let outcome else { throw BenchmarkFailure("the web server did not start") }
        return outcome
    }

    private func measure(_ feed: BrowserFeed, _ port: Int) async throws -> Outcome {
        let events = try BrowserListener(port: port, name: "events", request: BrowserListener.eventRequest())
        let socket = try BrowserListener(port: port, name: "socket", request: BrowserListener.socketRequest())
        async let eventLatencies = events.latencies(feed)
        async let socketLatencies = socket.latencies(feed)
        // Until both listen.
        try await Task.sleep(for: .seconds(1))
        let seconds = settings.isQuick ? 5 : 20
        try await feed.run(perSecond: Self.perSecond, seconds: seconds)
        try await Task.sleep(for: .milliseconds(500))
        events.hangUp()
        socket.hangUp()
        let trades = Self.perSecond * seconds * 3 / 5
        return Outcome(
            events: Spread(await eventLatencies), socket: Spread(await socketLatencies), trades: trades)
    }
}
