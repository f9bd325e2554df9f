import CivilTime
import Collecting
import Testing

@testable import WebServer

@Suite("Metrics", .timeLimit(.minutes(1)))
struct MetricsTests {
    /// A sample of the text format as its description demands it; nil for a line that is none.
    private struct Line {
        let name: String
        let labels: [String: String]
        let value: Double

        private static var label: Regex<(Substring, Substring, Substring)> {
            #/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\\\|\\"|\\n)*)"(?:,|$)/#.matchingSemantics(.unicodeScalar)
        }

        init?(_ text: Substring) {
            guard
                let match = text.wholeMatch(
                    of: #/([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/#.matchingSemantics(.unicodeScalar)),
                let value = Double(String(match.3).replacing("+Inf", with: "inf"))
            else { return nil }
            name = String(match.1)
            self.value = value
            var labels: [String: String] = [:]
            var rest = match.2 ?? ""
            while !rest.isEmpty {
                guard let label = rest.prefixMatch(of: Self.label),
                    labels[String(label.1)] == nil
                else { return nil }
                labels[String(label.1)] = String(label.2)
                rest = rest[label.range.upperBound...]
            }
            self.labels = labels
        }
    }

    private func lines(_ text: String) throws -> [Line] {
        #expect(text.hasSuffix("\n"))
        var types: [String: String] = [:]
        var current = ""
        var seen: Set<String> = []
        var lines: [Line] = []
        for text in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let help = text.wholeMatch(of: #/# HELP (\S+) (.+)/#) {
                current = String(help.1)
                #expect(types[current] == nil, "\(current) comes twice")
                continue
            }
            if let type = text.wholeMatch(of: #/# TYPE (\S+) (counter|gauge|summary)/#) {
                #expect(String(type.1) == current)
                types[current] = String(type.2)
                continue
            }
            let line = try #require(Line(text), "no sample: \(text)")
            let suffixes = types[current] == "summary" ? ["", "_sum", "_count"] : [""]
            #expect(suffixes.contains { current + $0 == line.name }, "\(line.name) is not of \(current)")
            #expect(line.name.hasPrefix("cryptoflow_"))
            if types[current] == "counter" { #expect(current.hasSuffix("_total") && line.value >= 0) }
            #expect(seen.insert("\(line.name)\(line.labels.sorted { $0.key < $1.key })").inserted, "twice: \(text)")
            lines.append(line)
        }
        return lines
    }

    @Test("every part's figures are there, in the text format")
    func all() async throws {
        let live = LiveSample.path()
        let site = try TestSite(FakeHistory(health: Sample.health()), live: live)
        _ = try await site.get("/collectors")
        _ = try await site.get("/dags/none")
        let reply = try await site.get("/metrics")
        #expect(reply.status == 200)
        #expect(reply.contentType == "text/plain; version=0.0.4; charset=utf-8")
        let lines = try lines(reply.text)
        let value = { (name: String, labels: [String: String]) in
            lines.first { line in
                line.name == name && labels.allSatisfy { key, value in line.labels[key] == value }
            }?.value
        }
        let find = { (name: String) in value(name, [:]) }
        #expect(find("cryptoflow_scheduler_lease_epoch") == 12)
        #expect(find("cryptoflow_scheduler_heartbeat_age_seconds") == 1)
        #expect(find("cryptoflow_scheduler_pending_commands") == 0)
        #expect(find("cryptoflow_stream_commits_total") == 40)
        #expect(find("cryptoflow_stream_duplicate_trades_total") == 10)
        #expect(find("cryptoflow_stream_dead_letters_total") == 3)
        #expect(find("cryptoflow_process_resident_memory_bytes") ?? 0 > 1_000_000)
        #expect(find("cryptoflow_process_open_fds") ?? 0 >= 3)
        #expect(find("cryptoflow_process_start_time_seconds") ?? 0 > 1_600_000_000)
        #expect(find("cryptoflow_process_cpu_seconds_total") != nil)
        #expect(value("cryptoflow_web_requests_total", ["route": "/dags/{dag}", "status": "404"]) == 1)
        #expect(value("cryptoflow_stream_messages_total", ["exchange": "upbit", "kind": "orderbook"]) == 200)
        #expect(value("cryptoflow_stream_collector_state", ["state": "running"]) == 1)
        #expect(value("cryptoflow_stream_collector_state", ["state": "failing"]) == 0)
    }

    @Test("a source that fails is said to, and the others still speak")
    func failing() async throws {
        let live = LiveSample.path()
        live.change { $0.failure = Outage() }
        var history = FakeHistory(health: Sample.health())
        history.failure = Outage()
        let text = try await TestSite(history, live: live).get("/metrics").text
        #expect(text.contains("cryptoflow_metrics_source_up{source=\"stream\"} 0"))
        #expect(text.contains("cryptoflow_metrics_source_up{source=\"scheduler\"} 0"))
        #expect(text.contains("cryptoflow_process_open_fds"))
        _ = try lines(text)
    }

    @Test("hostile names stay within their label, and addresses do not make new ones")
    func hostile() async throws {
        let live = LiveSample.path()
        live.change { state in
            for text in HostileTextTests.texts {
                state.collectors.append(LiveSample.collector(exchange: text + "\n\"} 1\n", markets: [text]))
            }
        }
        let site = try TestSite(FakeHistory(health: Sample.health()), live: live)
        for number in 0..<50 { _ = try await site.get("/nothing/\(number)") }
        let text = try await site.get("/metrics").text
        _ = try lines(text)
        #expect(text.contains("cryptoflow_web_requests_total{route=\"other\",status=\"404\"} 50"))
    }

    @Test(
        "every page has a route of its own, without its ids",
        arguments: [
            ("/", "/"), ("/models", "/models"), ("/models/7", "/models/{model}"), ("/live/KRW-BTC", "/live/{market}"),
            ("/api/ai/models", "/api/ai/models"), ("/api/ai/models/two", "/api/ai/models/{model}"),
            ("/api/ai/predictions", "/api/ai/predictions"), ("/api/ai/else", "other"),
            ("/api/market/prices", "/api/market/prices"), ("/dags/a/runs/b", "/dags/{dag}/runs/{run}"),
        ])
    func routes(target: String, route: String) throws {
        let request = try #require(PageRequest(method: .get, target: target, host: nil))
        #expect(RouteName.of(request.segments) == route)
    }
}
