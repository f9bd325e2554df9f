import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Timetables

/// `/`: the DAGs, the scheduler, and documents that could not be loaded.
struct HomePage {
    let history: any RunHistory
    let words: TimeWords

    /// DAGs on one page: more would make it slow to send and to read.
    private static let perPage = 100
    private static let errorsShown = 50
    private static let problemsShown = 20

    func page(_ request: PageRequest) async throws -> SitePage? {
        let q = request.query["q"] ?? ""
        async let health = history.schedulerHealth()
        async let counts = history.runCounts()
        async let errors = history.importErrors()
        let matching = try await history.dags(lastRuns: 14).filter { $0.isActive || !$0.lastRuns.isEmpty }
            .filter { q.isEmpty || Self.filterText($0).contains(q.lowercased()) }
        let pages = max((matching.count + Self.perPage - 1) / Self.perPage, 1)
        let number = request.number("page", in: 1...pages, otherwise: 1)
        let shown = matching.dropFirst((number - 1) * Self.perPage).prefix(Self.perPage)
        var content: [String: Any] = [
            "q": q, "scheduler": Self.scheduler(try await health, words),
            "counts": Self.counts(try await counts), "dags": shown.map(row),
        ]
        add(try await errors, to: &content)
        if matching.isEmpty {
            content["empty"] =
                q.isEmpty ? "No DAGs yet: put a document into the dags folder." : "No DAG matches “\(q)”."
        }
        if pages > 1 {
            let link = { (page: Int) in "/?page=\(page)" + (q.isEmpty ? "" : "&q=" + PageLink.encoded(q)) }
            content["more"] = "Page \(number) of \(pages), \(matching.count) DAGs"
            if number > 1 { content["previous"] = link(number - 1) }
            if number < pages { content["following"] = link(number + 1) }
        }
        return .view("DAGs", "home", content)
    }

    private static func filterText(_ dag: DAGSummary) -> String {
        ([dag.id.rawValue] + [dag.displayName].compactMap { $0 } + dag.tags).joined(separator: " ").lowercased()
    }

    static func scheduler(_ health: SchedulerHealth, _ words: TimeWords) -> [String: Any] {
        let waiting = health.pendingCommands
        let commands = waiting == 0 ? "" : " \(waiting) command\(waiting == 1 ? " waits" : "s wait")."
        guard let lease = health.lease else {
            return [
                "class": "bad", "title": "No scheduler.",
                "text": "None has run on this database yet." + commands,
            ]
        }
        let holder = "\(lease.holder.host), process \(lease.holder.pid)"
        guard health.isAlive else {
            return [
                "class": "bad", "title": "No scheduler leads.",
                "text": "The last one (\(holder)) was last heard of \(words.relative(lease.renewedAt)). "
                    + "Nothing starts until one is back." + commands,
            ]
        }
        return [
            "class": "good", "title": "Scheduler leads.",
            "text": "\(holder), since \(TimeWords.full(lease.acquiredAt)), epoch \(lease.epoch)." + commands,
        ]
    }

    private static func counts(_ counts: [RunState: Int]) -> [[String: Any]] {
        let titles: [(RunState, String)] = [
            (.running, "running"), (.queued, "queued"), (.success, "succeeded in 24 hours"),
            (.failed, "failed in 24 hours"),
        ]
        return titles.map { ["class": StateLook($0.0).cssClass, "count": counts[$0.0] ?? 0, "words": $0.1] }
    }

    private func add(_ errors: [ImportErrorRecord], to content: inout [String: Any]) {
        guard !errors.isEmpty else { return }
        let broken = errors.count { $0.diagnostics.contains { $0.severity == .error } }
        content["hasErrors"] = true
        content["errorTitle"] =
            broken == 0
            ? "Documents with warnings" : "\(broken) broken document\(broken == 1 ? "" : "s"): the other DAGs run"
        content["errors"] = errors.prefix(Self.errorsShown).map { error -> [String: Any] in
            var view: [String: Any] = ["file": error.file]
            view["problems"] = error.diagnostics.prefix(Self.problemsShown).map { problem -> [String: Any] in
                var row: [String: Any] = [
                    "place": "\(problem.place.line):\(problem.place.column)", "severity": problem.severity.rawValue,
                    "message": (problem.keyPath.isEmpty ? "" : problem.keyPath + ": ") + problem.message,
                ]
                row["hint"] = problem.hint
                return row
            }
            let rest = error.diagnostics.count - Self.problemsShown
            if rest > 0 { view["rest"] = "and \(rest) more: cryptoflow dag validate \(error.file)" }
            return view
        }
    }

    private func row(_ dag: DAGSummary) -> [String: Any] {
        var view = ScheduleWords.view(dag, words)
        view["filterText"] = Self.filterText(dag)
        view["href"] = PageLink.dag(dag.id)
        view["name"] = dag.displayName ?? dag.id.rawValue
        if dag.displayName != nil, dag.displayName != dag.id.rawValue { view["id"] = dag.id.rawValue }
        view["summary"] = dag.summary
        view["tags"] = dag.tags
        view["paused"] = dag.isPaused && dag.isActive
        view["inactive"] = !dag.isActive
        if dag.activeRuns > 0 { view["active"] = "\(dag.activeRuns) active" }
        view["squares"] = squares(dag).html
        let last = dag.lastRuns.first { $0.endDate != nil && $0.startDate != nil }
        view["took"] = words.duration(from: last?.startDate, to: last?.endDate)
        return view
    }

    /// The last runs, newest right, each a link that says what it is.
    private func squares(_ dag: DAGSummary) -> HTMLText {
        var html = HTMLText()
        html.markup("<span class=\"squares\">")
        for run in dag.lastRuns.reversed() {
            let look = StateLook(run.state)
            let title = "\(run.runID): \(look.words)" + (run.startDate.map { ", \(words.relative($0))" } ?? "")
            html.markup("<a class=\"sq ")
            html.value(look.cssClass)
            html.markup("\" href=\"")
            html.value(PageLink.run(run.dag, run.runID))
            html.markup("\" title=\"")
            html.value(title)
            html.markup("\" aria-label=\"")
            html.value(title)
            html.markup("\">")
            html.value(look.sign)
            html.markup("</a>")
        }
        html.markup(dag.lastRuns.isEmpty ? "<span class=\"dim\">none yet</span></span>" : "</span>")
        return html
    }
}
