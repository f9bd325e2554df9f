import CivilTime
import Execution
import FoundationEssentials
import Logging
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
}
