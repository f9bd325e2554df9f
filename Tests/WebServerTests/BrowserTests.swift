import CivilTime
import Collecting
import Execution
import FoundationEssentials
import Logging
import NIOCore
import PrivateCluster
import RunStore
import TestSupport
import Testing

@testable import WebServer

/// The pages in a real browser: what the server sends, the style and security headers allow, and the script does.
@Suite("The pages in Chromium", .timeLimit(.minutes(2)))
struct BrowserTests {
    /// Shows a page for so many (virtual) milliseconds and returns its document as the browser then holds it.
    private func document(_ path: String, after milliseconds: Int, port: Int) async throws -> String {
        let folder = try TemporaryFolder.make(prefix: "browser")
        defer { TemporaryFolder.remove(folder) }
        let script = """
            browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || exit 77
            exec "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
              --user-data-dir="$1/profile" --virtual-time-budget=\(milliseconds) --dump-dom \
              "http://127.0.0.1:\(port)\(path)" > "$1/page.html" 2> "$1/messages"
            """
        let (status, _) = try await ChildProcess.run("/bin/sh", ["-c", script, "sh", folder])
        #expect("\(status)" != "exit code 77", "chromium is missing: scripts/setup.sh --tests installs it")
        return try String(contentsOfFile: folder + "/page.html", encoding: .utf8)
    }

    private func serving(_ body: (Int) async throws -> Void) async throws {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let service = try WebServerService(
            history: FakeHistory(details: [Sample.detail(Sample.dag("candles_1h"))], health: Sample.health()),
            markets: FakeMarkets(
                prices: [
                    MarketPrice(exchange: "upbit", market: "KRW-BTC", hour: Sample.now, price: "100", change24h: nil)
                ]),
            models: FakeModels(
                facts: [Sample.model()], latest: Sample.forecasts(after: Sample.now, count: 3, price: 100)),
            logs: TaskLogDirectory(root: "/nonexistent"),
            configuration: WebServerConfiguration(
                port: 0, version: "1", notice: "recorded data: a test", now: { Sample.now }),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { port in
            announce.yield(port)
            announce.finish()
        }
        // Awaited below, after it is cancelled.
        let server = Task {
            defer { announce.finish() }
            try await service.run()
        }
        var problem: (any Error)?
        for await port in ports {
            do { try await body(port) } catch { problem = error }
        }
        server.cancel()
        _ = await server.result
        if let problem { throw problem }
    }

    @Test("the home page shows its DAGs, and its script refreshes it under the security policy")
    func home() async throws {
        try await serving { port in
            let page = try await document("/", after: 6_000, port: port)
            #expect(page.contains("candles_1h"))
            #expect(page.contains("recorded data: a test"))
            // The script writes down what it has put in place of the first text.
            #expect(page.contains("data-text="))
        }
    }

    /// Lets something happen while a browser listens, until it has been sent to it; then the stream ends, so that the
    /// browser's time, which waits for it, goes on.
    private static func happening(
        _ site: WebSite, _ topic: LiveTopic, until text: String, _ body: () -> Void
    ) async {
        guard let hub = site.live?.hub else { return }
        while hub.figures.eventStreams == 0, !Task.isCancelled { await Task.yield() }
        guard let own = hub.join(topic, giveUp: {}) else { return }
        body()
        listening: for await _ in own.bell {
            switch hub.take(own) {
            // What happened before the path was subscribed to is in snapshots alone.
            case .resync: body()
            case .frames(let frames):
                if frames.contains(where: { String(buffer: $0.event).contains(text) }) { break listening }
            case .nothing, .over: break
            }
        }
        hub.leave(own)
        while hub.figures.behind > 0, !Task.isCancelled { await Task.yield() }
        hub.close()
    }

    @Test("plots of models and forecasts are parsed as SVG, and a refresh keeps them")
    func models() async throws {
        try await serving { port in
            let page = try await document("/models/2", after: 1_000, port: port)
            #expect(page.contains("<title id=\"windows-rmse-title\">"))
            #expect(page.split(separator: "<circle class=\"model\"").count > 12)
            let market = try await document("/market/KRW-BTC", after: 6_000, port: port)
            #expect(market.contains("data-text=") && market.contains("<circle class=\"forecast\""))
        }
    }

    @Test("a market's page shows what happens without being loaded again, and says when the connection is gone")
    func live() async throws {
        let live = LiveSample.path()
        try await withLiveServer(live) { port, site in
            async let happened: Void = Self.happening(site, .market(LiveSample.bitcoin), until: "145998000") {
                live.publish(
                    .trade(LiveSample.bitcoin, LiveSample.trade(900, "145999000.5", side: .ask)),
                    .ticker(LiveSample.bitcoin, LiveSample.ticker("145999000.5", rate: "-0.0234")),
                    .book(LiveSample.bitcoin, LiveSample.book(145_998_000, levels: 4)))
            }
            let page = try await document("/live/KRW-BTC", after: 4_000, port: port)
            await happened
            #expect(page.contains("<b data-f=\"price\">145,999,000.5</b>"))
            #expect(page.contains("<span class=\"down\" data-f=\"rate\">-2.34 %</span>"))
            #expect(page.contains("data-trade=\"17000000000000900\""))
            #expect(page.contains("<td>145,998,000</td>"))
            #expect(page.contains("No connection to CryptoFlow"))
        }
    }

    @Test("the list of prices updates itself too")
    func list() async throws {
        let live = LiveSample.path()
        try await withLiveServer(live) { port, site in
            async let happened: Void = Self.happening(site, .prices, until: "5200000") {
                live.publish(.ticker(LiveSample.ether, LiveSample.ticker("5200000", rate: "0.05")))
            }
            let page = try await document("/live", after: 4_000, port: port)
            await happened
            #expect(page.contains("<b data-f=\"price\">5,200,000</b>"))
            #expect(page.contains("+5.00 %"))
        }
    }

    @Test("the collectors' page updates itself too")
    func collectors() async throws {
        let live = LiveSample.path()
        try await withLiveServer(live) { port, site in
            async let happened: Void = Self.happening(site, .board, until: "it was refused") {
                live.change { $0.collectors = [LiveSample.collector(.failing, reason: "it was refused")] }
            }
            let page = try await document("/collectors", after: 4_000, port: port)
            await happened
            #expect(page.contains("it was refused"))
        }
    }
}
