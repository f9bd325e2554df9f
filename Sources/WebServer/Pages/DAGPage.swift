import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Timetables

/// `/dags/{id}`: a DAG's runs as a grid and a list, its ledger, its backfills and its document.
struct DAGPage {
    let history: any RunHistory
    let words: TimeWords

    private static let runsPerPage = 25
    private static let gridSizes = [25, 50, 100]
    private static let ledgerRows = 100
    /// Bytes of a document that a page shows.
    private static let sourceLimit = 200_000

    func page(_ id: DAGID, _ request: PageRequest) async throws -> SitePage? {
        let size = request.number("runs", in: 1...100, otherwise: 25)
        let cursor = request.query["before"].flatMap(RunCursor.init)
        async let grid = history.grid(dag: id, limit: size)
        async let runs = history.runs(RunQuery(dag: id, limit: Self.runsPerPage, before: cursor))
        async let ledger = history.dueInstants(dag: id, limit: Self.ledgerRows)
        async let backfills = history.backfills(dag: id, limit: 10)
        guard let detail = try await history.dag(id) else { return nil }
        var content = ScheduleWords.view(detail.summary, words)
        addHead(detail, to: &content)
        if let grid = try await grid, !grid.runs.isEmpty {
            content["hasGrid"] = true
            content["grid"] = GridTable(dag: id, grid: grid, words: words).html.html
            content["legend"] = GridTable.legend(grid)
        }
        content["choices"] = Self.gridSizes.map { choice -> [String: Any] in
            choice == size
                ? ["text": "\(choice)"] : ["text": "\(choice)", "href": "\(PageLink.dag(id))?runs=\(choice)"]
        }
        addRuns(try await runs, of: id, from: cursor, to: &content)
        let dueInstants = try await ledger
        // Without times in its schedule, now or before, nothing can be due.
        content["hasDueInstants"] = !dueInstants.isEmpty || detail.summary.timetable.isTimeBased
        addLedger(dueInstants, to: &content)
        let rows = try await backfills.map(BackfillsPage(history: history, words: words).row)
        content["hasBackfills"] = !rows.isEmpty
        content["backfills"] = rows
        addDocument(detail, to: &content)
        return .view(detail.summary.displayName ?? id.rawValue, "dag", content)
    }

    private func addHead(_ detail: DAGDetail, to content: inout [String: Any]) {
        let dag = detail.definition
        content["name"] = detail.summary.displayName ?? dag.id.rawValue
        content["paused"] = detail.summary.isPaused
        content["inactive"] = !detail.summary.isActive
        content["summary"] = detail.summary.summary
        content["active"] = detail.summary.activeRuns
        content["maxActive"] = dag.maxActiveRuns
        content["catchup"] =
            !dag.catchup ? "no" : dag.catchupWindow.map { "yes, at most \($0.humanText()) back" } ?? "yes"
    }

    private func addRuns(_ page: RunPage, of id: DAGID, from cursor: RunCursor?, to content: inout [String: Any]) {
        content["runs"] = page.runs.map { run -> [String: Any] in
            var row: [String: Any] = [
                "href": PageLink.run(id, run.runID), "runID": run.runID, "look": StateLook(run.state).view,
                "type": run.type.rawValue.replacing("_", with: " "),
                "logical": run.logicalDate.map(TimeWords.absolute) ?? "–",
                "took": words.duration(from: run.startDate, to: run.endDate),
            ]
            row["reason"] = run.reason
            row["started"] = run.startDate.map(words.view)
            return row
        }
        if cursor != nil { content["newest"] = PageLink.dag(id) + "#runs" }
        if let next = page.next { content["older"] = "\(PageLink.dag(id))?before=\(next)#runs" }
    }

    private func addLedger(_ rows: [DueRecord], to content: inout [String: Any]) {
        content["hasLedger"] = !rows.isEmpty
        var counts: [DueFate: Int] = [:]
        for row in rows { counts[row.fate, default: 0] += row.count }
        content["fates"] = DueFate.allCases.compactMap { fate -> [String: Any]? in
            counts[fate].map { ["count": $0, "words": Self.words(fate)] }
        }
        content["ledgerTitle"] = rows.count < Self.ledgerRows ? "Every instant" : "The newest \(rows.count) rows"
        content["ledger"] = rows.map { row -> [String: Any] in
            [
                "from": TimeWords.absolute(row.first), "to": TimeWords.absolute(row.last), "count": row.count,
                "fate": Self.words(row.fate),
            ]
        }
    }

    private static func words(_ fate: DueFate) -> String {
        switch fate {
        case .ran: "ran when due"
        case .caughtUp: "caught up later"
        case .backfilled: "made by a backfill"
        case .skippedByOverlap: "skipped: too many runs were active"
        case .missedWhileDown: "missed: no scheduler ran"
        case .paused: "passed while paused"
        case .beforeCatchupWindow: "before the catchup window"
        }
    }

    private func addDocument(_ detail: DAGDetail, to content: inout [String: Any]) {
        let summary = detail.summary
        content["file"] = summary.file
        content["version"] = summary.version.rawValue
        content["shortVersion"] = String(summary.version.rawValue.prefix(12))
        content["versionNumber"] = summary.versionNumber
        content["owner"] = summary.owner
        content["tags"] = summary.tags
        content["hasTags"] = !summary.tags.isEmpty
        let text = detail.sourceText
        content["source"] =
            text.utf8.count <= Self.sourceLimit ? text : String(text.prefix(Self.sourceLimit / 4)) + "\n… (cut)"
        let count = detail.versions.count
        content["versionCount"] = count == 1 ? "1 version" : "\(count) versions"
        content["versions"] = detail.versions.map { version -> [String: Any] in
            [
                "number": version.number, "hash": String(version.version.rawValue.prefix(12)),
                "since": TimeWords.full(version.createdAt),
            ]
        }
        content["layers"] = TaskLayers.layers(of: detail.definition).map { layer -> [String: Any] in
            ["tasks": layer.map(Self.node)]
        }
    }

    private static func node(_ task: TaskSpec) -> [String: Any] {
        var view: [String: Any] = ["id": task.id.rawValue]
        switch task.body {
        case .uses(let name): view["body"] = name
        case .run: view["body"] = "run"
        }
        if !task.upstream.isEmpty { view["after"] = task.upstream.map(\.rawValue).joined(separator: ", ") }
        view["group"] = task.group
        var extra: [String] = []
        if task.triggerRule != .allSuccess { extra.append("starts on \(task.triggerRule.rawValue)") }
        if task.retries > 0 { extra.append("\(task.retries) retr\(task.retries == 1 ? "y" : "ies")") }
        if let timeout = task.executionTimeout { extra.append("at most \(timeout.humanText())") }
        if !task.outlets.isEmpty { extra.append("changes " + task.outlets.joined(separator: ", ")) }
        if !extra.isEmpty { view["extra"] = extra.joined(separator: " · ") }
        return view
    }
}

/// A DAG's tasks in layers: each one layer below its lowest upstream task.
enum TaskLayers {
    static func layers(of dag: DAG) -> [[TaskSpec]] {
        var depth: [TaskID: Int] = [:]
        var left = dag.tasks
        let known = Set(left.map(\.id))
        // Every pass places at least one task of a graph without cycles, which a validated DAG is.
        while !left.isEmpty {
            var waiting: [TaskSpec] = []
            for task in left {
                let above = task.upstream.filter(known.contains).map { depth[$0] }
                if above.contains(nil) {
                    waiting.append(task)
                } else {
                    depth[task.id] = (above.compactMap { $0 }.max() ?? -1) + 1
                }
            }
            if waiting.count == left.count { break }
            left = waiting
        }
        let count = (depth.values.max() ?? -1) + 1
        return (0..<count).map { layer in dag.tasks.filter { depth[$0.id] == layer } }
    }
}
