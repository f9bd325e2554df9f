import CivilTime
import DAGModel
import Execution
import LogFiles
import Logging
import RunStore
import SchedulerCore

/// The pages: a request in, an answer out.
///
/// Knows nothing of sockets.
struct WebSite: Sendable {
    let history: any RunHistory
    let markets: (any MarketPages)?
    let models: (any ModelPages)?
    let logs: TaskLogDirectory
    let configuration: WebServerConfiguration
    let logger: Logger
    /// The real-time path; nil when none runs here.
    let live: LiveSite?
    let metrics: WebMetrics
    private let programLogs: LogSearch?
    private let report: MetricsReport
    private let routes: APIRoutes
    private let frames: PageFrame
    let hosts: HostCheck

    init(
        history: any RunHistory, markets: (any MarketPages)?, models: (any ModelPages)? = nil, logs: TaskLogDirectory,
        live: (any LiveMarkets)? = nil, programLogs: LogSearch? = nil,
        liveConfiguration: LiveConfiguration = LiveConfiguration(), configuration: WebServerConfiguration,
        logger: Logger
    ) throws {
        self.history = history
        self.markets = markets
        self.models = models
        self.logs = logs
        self.programLogs = programLogs
        self.configuration = configuration
        self.logger = logger
        let frames = try PageFrame(configuration: configuration)
        self.frames = frames
        let now = configuration.now
        self.live = live.map { live in
            LiveSite(markets: live, configuration: liveConfiguration, now: now, logger: logger) { collectors, figures in
                frames.content(CollectorsPage(words: TimeWords(now: now())).content(collectors, figures), "board")
            }
        }
        let hub = self.live?.hub
        let metrics = WebMetrics { hub?.figures }
        self.metrics = metrics
        var named: [(String, any MetricsSource)] = [
            ("scheduler", SchedulerMetrics(history: history)), ("process", ProcessMetrics()), ("web", metrics),
        ]
        if let live { named.append(("stream", StreamMetrics(markets: live, now: now))) }
        report = MetricsReport(sources: named, patience: configuration.patience, logger: logger)
        routes = APIRoutes(
            markets: live.map { MarketAPI(markets: $0) }, models: models.map { ModelAPI(source: $0) },
            version: configuration.version, patience: configuration.patience, logger: logger)
        hosts = HostCheck(bound: configuration.host, others: configuration.otherHosts)
    }

    func respond(to request: PageRequest) async -> PageReply {
        let clock = ContinuousClock()
        let start = clock.now
        let reply = await answer(to: request)
        let took = clock.now - start
        metrics.count(RouteName.of(request.segments), status: reply.status, took: took)
        // What open pages and monitors fetch again every few seconds would drown the rest.
        let isRoutine =
            request.wantsFragment || reply.isFixed || request.segments == ["metrics"] || request.segments == ["health"]
        let level: Logger.Level = reply.status >= 500 ? .warning : isRoutine ? .debug : .info
        logger.log(
            level: level, "request",
            metadata: [
                "http.path": "/\(request.segments.joined(separator: "/"))", "http.status": "\(reply.status)",
                "http.duration_ms": "\(Double(took.wholeMicroseconds) / 1_000)",
            ])
        return reply
    }

    private func answer(to request: PageRequest) async -> PageReply {
        guard hosts.allows(request.host) else { return .foreignHost }
        if request.segments.first == "api" { return await routes.respond(to: request) }
        guard request.method != .other else {
            return frames.message("Not possible here", "These pages only show; they change nothing.", status: 405)
        }
        if let fixed = fixed(request.segments) { return fixed }
        switch request.segments {
        case ["health"]: return await health()
        case ["metrics"]:
            return PageReply(status: 200, contentType: MetricsText.contentType, body: .text(await report.text()))
        default: break
        }
        do {
            let reply = try await within(configuration.patience) {
                if request.segments.first == "events" { return try await live?.events(for: request) }
                return try await page(for: request).map { frames.reply($0, to: request) }
            }
            return reply ?? frames.message("Not found", "There is nothing at this address.", status: 404)
        } catch {
            return failure(error)
        }
    }

    /// Answers that need no database.
    private func fixed(_ segments: [String]) -> PageReply? {
        switch segments {
        case ["style.css"]: .asset(StyleSheet.text + ModelStyle.text, "text/css; charset=utf-8")
        case ["page.js"]: .asset(PageScript.text, "text/javascript; charset=utf-8")
        case ["live.js"]: .asset(LiveScript.text, "text/javascript; charset=utf-8")
        case ["favicon.ico"], ["favicon.svg"]: .asset(PageIcon.svg, "image/svg+xml")
        case ["ws", "prices"]: .upgradeRequired
        default: nil
        }
    }

    private func page(for request: PageRequest) async throws -> SitePage? {
        let words = TimeWords(now: configuration.now())
        let segments = request.segments
        switch segments.first {
        case nil: return try await HomePage(history: history, words: words).page(request)
        case "backfills" where segments.count == 1:
            return try await BackfillsPage(history: history, words: words).page()
        case "market" where segments.count <= 2:
            return try await MarketsPage(markets: markets, models: models, words: words).page(request)
        case "models" where segments.count <= 2:
            return try await ModelsPage(models: models, words: words).page(request)
        case "live" where segments.count == 1:
            return try await LivePage(live: live?.desk.markets, words: words).page()
        case "live" where segments.count == 2:
            guard let live else { return nil }
            return try await LiveMarketPage(live: live.desk.markets, words: words)
                .page(segments[1], exchange: request.query["exchange"])
        case "collectors" where segments.count == 1:
            return try await CollectorsPage.page(live?.desk.markets, words)
        case "logs" where segments.count == 1: return await LogsPage(search: programLogs).page(request)
        case "dags" where segments.count == 1: return .redirect("/")
        case "dags" where segments.count == 2:
            return try await DAGPage(history: history, words: words).page(DAGID(segments[1]), request)
        case "dags" where segments.count >= 4 && segments[2] == "runs":
            return try await runPage(for: request, words)
        default: return nil
        }
    }

    private func runPage(for request: PageRequest, _ words: TimeWords) async throws -> SitePage? {
        let segments = request.segments
        guard let detail = try await history.run(dag: DAGID(segments[1]), runID: segments[3]) else { return nil }
        if segments.count == 4 { return try await OneRunPage(history: history, logs: logs, words: words).page(detail) }
        guard segments.count >= 6, segments[4] == "tasks" else { return nil }
        let page = TaskPage(history: history, logs: logs, words: words)
        if segments.count == 6 { return try await page.page(detail, TaskID(segments[5]), request) }
        guard segments.count == 7, segments[6] == "log" else { return nil }
        return try await page.log(detail, TaskID(segments[5]), request)
    }

    private func failure(_ error: any Error) -> PageReply {
        if error is RunStoreError {
            logger.error("page failed", metadata: ["error.message": "\(error)"])
            return frames.message(
                "Something is wrong", "This page could not be made. The program's log says more.", detail: "\(error)",
                status: 500)
        }
        logger.warning("page without database", metadata: ["error.message": "\(error)"])
        return frames.message(
            "The database does not answer",
            "Nothing is lost: the scheduler goes on by itself as soon as the database is back, and so does this page.",
            detail: "\(error)", status: 503)
    }

    private func health() async -> PageReply {
        let report = await HealthReport.make(configuration: configuration) { try await history.schedulerHealth() }
        return .json(report.json.jsonText + "\n", status: report.isHealthy ? 200 : 503)
    }
}
