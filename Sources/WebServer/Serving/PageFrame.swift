import RunStore

/// Turns pages into answers: renders them, and puts the frame around them that all share.
struct PageFrame: Sendable {
    private let configuration: WebServerConfiguration
    private let templates: PageTemplates

    /// - Throws: for a template of the program that is broken.
    init(configuration: WebServerConfiguration) throws {
        self.configuration = configuration
        templates = try PageTemplates()
    }

    /// A template's HTML without a frame.
    func content(_ content: [String: Any], _ template: String) -> String { templates.render(content, template) }

    func reply(_ page: SitePage, to request: PageRequest) -> PageReply {
        switch page {
        case .redirect(let location):
            var reply = message("Elsewhere", "See \(location).", status: 303)
            reply.location = location
            return reply
        case .missing(let text): return message("Not found", text, status: 404)
        case .log(let log):
            return PageReply(status: 200, contentType: "text/plain; charset=utf-8", body: .log(log))
        case .view(let view):
            let content = templates.render(view.content, view.template)
            return request.wantsFragment ? .html(content) : .html(framed(view.title, view.section, content))
        }
    }

    func message(_ title: String, _ text: String, detail: String? = nil, status: Int) -> PageReply {
        var view: [String: Any] = ["title": title, "text": text, "retry": status == 503]
        view["detail"] = detail
        return .html(framed(title, "", templates.render(view, "message")), status: status)
    }

    private func framed(_ title: String, _ section: String, _ content: String) -> String {
        var notice = configuration.notice
        if let text = notice, configuration.recordingHasEnded() {
            notice = text + " — the recording has ended: nothing new will come."
        }
        let view: [String: Any?] = [
            "title": title, "content": content, "notice": notice, "version": configuration.version,
            "isHome": section == "home", "isMarket": section == "market", "isBackfills": section == "backfills",
            "isModels": section == "models",
            "isLive": section == "live", "isCollectors": section == "collectors", "isLogs": section == "logs",
            "isLivePage": section == "live" || section == "collectors",
        ]
        return templates.render(view.compactMapValues { $0 }, "frame")
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
    case log(TryLog)
    /// There is no such thing, and why.
    case missing(String)

    static func view(_ title: String, section: String = "home", _ template: String, _ content: [String: Any])
        -> SitePage
    {
        .view(View(title: title, section: section, template: template, content: content))
    }
}
