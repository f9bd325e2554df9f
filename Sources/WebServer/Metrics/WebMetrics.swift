import Synchronization

/// What the web server does, counted.
final class WebMetrics: MetricsSource {
    private struct Key: Hashable {
        let route: String
        let status: Int
    }

    private struct Counts {
        var requests: [Key: Int] = [:]
        var seconds: [String: (count: Int, sum: Double)] = [:]
    }

    private let counts = Mutex(Counts())
    private let listening: @Sendable () -> LiveHub.Figures?

    /// - Parameter listening: how live updates go; nil without any.
    init(listening: @escaping @Sendable () -> LiveHub.Figures?) { self.listening = listening }

    func count(_ route: String, status: Int, took: Duration) {
        counts.withLock { counts in
            counts.requests[Key(route: route, status: status), default: 0] += 1
            let known = counts.seconds[route] ?? (0, 0)
            counts.seconds[route] = (known.count + 1, known.sum + took.inSeconds)
        }
    }

    func families() async throws -> [MetricFamily] {
        let counts = counts.withLock { $0 }
        let requests = counts.requests.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }
        var families = [
            MetricFamily(
                "cryptoflow_web_requests_total", .counter, help: "Requests by route and status.",
                requests.map { key, count in
                    .init(Double(count), labels: [.init("route", key.route), .init("status", String(key.status))])
                }),
            MetricFamily(
                "cryptoflow_web_request_seconds", .summary, help: "Until an answer was ready to be sent.",
                counts.seconds.sorted { $0.key < $1.key }.flatMap { route, known in
                    [
                        MetricFamily.Sample(known.sum, labels: [.init("route", route)], suffix: "_sum"),
                        MetricFamily.Sample(Double(known.count), labels: [.init("route", route)], suffix: "_count"),
                    ]
                }),
        ]
        if let figures = listening() {
            families += [
                MetricFamily(
                    "cryptoflow_web_listeners", .gauge, help: "Who listens to live updates, by transport.",
                    [
                        .init(Double(figures.eventStreams), labels: [.init("transport", "events")]),
                        .init(Double(figures.sockets), labels: [.init("transport", "websocket")]),
                    ])
            ]
            families += MetricFamily.counts(
                "cryptoflow_web_",
                [
                    ("listeners_behind", .gauge, "Of them, those who have not had everything yet.", figures.behind),
                    ("sent_frames_total", .counter, "Frames that listeners got.", figures.sentFrames),
                    ("shed_frames_total", .counter, "Frames that slow listeners did not get.", figures.shedFrames),
                    ("shed_trades_total", .counter, "Trades merged away between two frames.", figures.shedTrades),
                    (
                        "given_up_total", .counter, "Listeners cut off because they took nothing for too long.",
                        figures.givenUp
                    ),
                ])
        }
        return families
    }
}

/// An address without its ids: bounded in number, whatever is asked for.
enum RouteName {
    /// Addresses of one segment.
    private static let plain: Set<String> = [
        "dags", "market", "models", "live", "collectors", "backfills", "logs", "health", "metrics", "style.css",
        "page.js",
        "live.js", "favicon.svg", "favicon.ico",
    ]

    static func of(_ segments: [String]) -> String {
        guard let first = segments.first else { return "/" }
        switch (first, segments.count) {
        case ("dags", 2): return "/dags/{dag}"
        case ("dags", 4): return "/dags/{dag}/runs/{run}"
        case ("dags", 6): return "/dags/{dag}/runs/{run}/tasks/{task}"
        case ("dags", 7): return "/dags/{dag}/runs/{run}/tasks/{task}/log"
        case ("market", 2): return "/market/{market}"
        case ("live", 2): return "/live/{market}"
        case ("models", 2): return "/models/{model}"
        case (_, 1) where plain.contains(first): return "/\(first)"
        case ("events", 2) where ["live", "collectors"].contains(segments[1]): return "/events/\(segments[1])"
        case ("ws", 2) where segments[1] == "prices": return "/ws/prices"
        case ("api", 2) where segments[1] == "openapi.json": return "/api/openapi.json"
        case ("api", 3) where segments[1] == "market" && APIRoutes.marketNames.contains(segments[2]):
            return "/api/market/\(segments[2])"
        case ("api", 3) where segments[1] == "ai" && APIRoutes.modelNames.contains(segments[2]):
            return "/api/ai/\(segments[2])"
        case ("api", 4) where segments[1] == "ai" && segments[2] == "models": return "/api/ai/models/{model}"
        default: return "other"
        }
    }
}
