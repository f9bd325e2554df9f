import CivilTime
import DAGModel
import Execution
import Logging
import RunStore

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
    private let templates: PageTemplates
    private let hosts: HostCheck

    init(
        history: any RunHistory, markets: (any MarketPages)?, models: (any ModelPages)? = nil, logs: TaskLogDirectory,
        configuration: WebServerConfiguration, logger: Logger
    ) throws {
        self.history = history
        self.markets = markets
        self.models = models
        self.logs = logs
        self.configuration = configuration
        self.logger = logger
        templates = try PageTemplates()
        hosts = HostCheck(bound: configuration.host, others: configuration.otherHosts)
    }

    func respond(to request: PageRequest) async -> PageReply {
        guard hosts.allows(request.host) else {
            return PageReply(
                status: 421, contentType: "text/plain; charset=utf-8",
                body: .text("These pages are asked for as http://127.0.0.1 or http://localhost.\n"))
        }
        if request.segments.starts(with: ModelAPI.root) {
            return await ModelAPI(models: models, patience: configuration.patience, logger: logger).reply(to: request)
        }
        guard request.method != .other else {
            return message("Not possible here", "These pages only show; they change nothing.", status: 405)
        }
        if let fixed = fixed(request.segments) { return fixed }
        if request.segments == ["health"] { return await health() }
        do {
            let reply = try await within(configuration.patience) {
                try await page(for: request).map { self.reply($0, to: request) }
            }
            return reply ?? message("Not found", "There is nothing at this address.", status: 404)
        } catch {
            return failure(error)
        }
    }

    /// Answers that need no database.
    private func fixed(_ segments: [String]) -> PageReply? {
        switch segments {
        case ["style.css"]: .asset(StyleSheet.text + ModelStyle.text, "text/css; charset=utf-8")
        case ["page.js"]: .asset(PageScript.text, "text/javascript; charset=utf-8")
        case ["favicon.ico"], ["favicon.svg"]: .asset(PageIcon.svg, "image/svg+xml")
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
        if segments.count == 4 { return OneRunPage(logs: logs, words: words).page(detail) }
        guard segments.count >= 6, segments[4] == "tasks" else { return nil }
        let page = TaskPage(history: history, logs: logs, words: words)
        if segments.count == 6 { return try await page.page(detail, TaskID(segments[5]), request) }
        guard segments.count == 7, segments[6] == "log" else { return nil }
        return page.log(detail, TaskID(segments[5]), request)
    }

    private func reply(_ page: SitePage, to request: PageRequest) -> PageReply {
        switch page {
        case .redirect(let location):
            var reply = message("Elsewhere", "See \(location).", status: 303)
            reply.location = location
            return reply
        case .log(let reader):
            return PageReply(status: 200, contentType: "text/plain; charset=utf-8", body: .log(reader))
        case .view(let view):
            let content = templates.render(view.content, view.template)
            return request.wantsFragment ? .html(content) : .html(frame(view.title, view.section, content))
        }
    }

    /// A whole page around its content.
    private func frame(_ title: String, _ section: String, _ content: String) -> String {
        var notice = configuration.notice
        if let text = notice, configuration.recordingHasEnded() {
            notice = text + " — the recording has ended: nothing new will come."
        }
        let view: [String: Any?] = [
            "title": title, "content": content, "notice": notice, "version": configuration.version,
            "isHome": section == "home", "isMarket": section == "market", "isBackfills": section == "backfills",
            "isModels": section == "models",
        ]
        return templates.render(view.compactMapValues { $0 }, "frame")
    }

    private func message(_ title: String, _ text: String, detail: String? = nil, status: Int) -> PageReply {
        var view: [String: Any] = ["title": title, "text": text, "retry": status == 503]
        view["detail"] = detail
        return .html(frame(title, "", templates.render(view, "message")), status: status)
    }

    private func failure(_ error: any Error) -> PageReply {
        if error is RunStoreError {
            logger.error("page failed", metadata: ["error.message": "\(error)"])
            return message(
                "Something is wrong", "This page could not be made. The program's log says more.", detail: "\(error)",
                status: 500)
        }
        logger.warning("page without database", metadata: ["error.message": "\(error)"])
        return message(
            "The database does not answer",
            "Nothing is lost: the scheduler goes on by itself as soon as the database is back, and so does this page.",
            detail: "\(error)", status: 503)
    }

    private func health() async -> PageReply {
        let report = await HealthReport.make(configuration: configuration) { try await history.schedulerHealth() }
        return .json(report.json.jsonText + "\n", status: report.isHealthy ? 200 : 503)
    }
}

/// What a page comes to before its frame is put around it.
enum SitePage {
    struct View {
        let title: String
        /// Which entry of the navigation is current.
        let section: String
        let template: String
        let content: [String: Any]
    }

    case view(View)
    case redirect(String)
    case log(TaskLogReader)

    static func view(_ title: String, section: String = "home", _ template: String, _ content: [String: Any])
        -> SitePage
    {
        .view(View(title: title, section: section, template: template, content: content))
    }
}
