import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore

/// `/dags/{id}/runs/{run_id}`: why a run is, its tasks, when they ran, and what they said last.
struct OneRunPage {
    let history: any RunHistory
    let logs: TaskLogDirectory
    let words: TimeWords

    private static let tasksShown = 500
    /// Tasks whose tries are listed, and bytes of log of each: a page stays within a few hundred kilobytes.
    private static let triedShown = 50
    private static let triesShown = 20
    private static let noticesShown = 100
    private static let logBytes = 4_096

    func page(_ detail: RunDetail) async throws -> SitePage {
        let notes = try await history.notes(of: detail.run.key)
        let run = detail.run
        var content = facts(detail)
        let groups = Dictionary(
            detail.definition.tasks.compactMap { task in task.group.map { (task.id, $0) } },
            uniquingKeysWith: { first, _ in first })
        content["tasks"] = detail.tasks.prefix(Self.tasksShown).map { task(run, $0, group: groups[$0.instance.task]) }
        if detail.tasks.count > Self.tasksShown {
            content["moreTasks"] = "The first \(Self.tasksShown) of \(detail.tasks.count) tasks."
        }
        content["notes"] = notes.map { Self.note($0, words) }
        content["hasNotes"] = !notes.isEmpty
        let chart = TimeChart(run: run, tasks: detail.tasks, words: words)
        content["hasChart"] = !chart.isEmpty
        if !chart.isEmpty { content["chart"] = chart.html.html }
        let tried = Self.byInterest(detail.tasks.filter { !$0.tries.isEmpty })
        content["anyTried"] = !tried.isEmpty
        var shown: [[String: Any]] = []
        for (place, task) in tried.prefix(Self.triedShown).enumerated() {
            var view = tries(run, task, place: place)
            view["log"] = try await lastLog(run, task)
            shown.append(view)
        }
        content["tried"] = shown
        if tried.count > Self.triedShown {
            content["moreTries"] = "\(tried.count - Self.triedShown) more tasks: open them in the table above."
        }
        let notices = detail.notifications.sorted { $0.state == .failed && $1.state != .failed }
        content["anyNotices"] = !notices.isEmpty
        content["notices"] = notices.prefix(Self.noticesShown).map(notice)
        if notices.count > Self.noticesShown {
            content["moreNotices"] = "\(Self.noticesShown) of \(notices.count) notifications."
        }
        return .view("\(run.runID) · \(run.dag)", "run", content)
    }

    private func notice(_ notice: NotificationRecord) -> [String: Any] {
        let task = notice.task.map { $0.mapIndex < 0 ? $0.task.rawValue : "\($0.task)[\($0.mapIndex)]" }
        let subject = notice.isOfDAG ? "the run" : task ?? ""
        var error = notice.lastError ?? ""
        if let next = notice.nextAt { error += (error.isEmpty ? "" : "; ") + "next delivery \(words.relative(next))" }
        return [
            "of": "\(notice.callback.event.rawValue) of \(subject)", "by": notice.callback.notifier,
            "noticeState": notice.state.rawValue, "deliveries": notice.deliveries,
            "at": TimeWords.absolute(notice.endedAt ?? notice.createdAt), "error": error,
        ]
    }

    /// A note as its run's and its task's page show it.
    static func note(_ note: Note, _ words: TimeWords) -> [String: Any] {
        var view: [String: Any] = [
            "text": note.text, "author": note.author, "written": words.view(note.writtenAt),
        ]
        if let task = note.task { view["task"] = note.mapIndex < 0 ? task.rawValue : "\(task)[\(note.mapIndex)]" }
        return view
    }

    /// What failed comes first, then what runs; else the document's order.
    private static func byInterest(_ tasks: [TaskStatus]) -> [TaskStatus] {
        let rank = { (task: TaskStatus) in
            switch task.state {
            case .failed: 0
            case .upForRetry: 1
            case .running: 2
            default: 3
            }
        }
        return tasks.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }

    private func facts(_ detail: RunDetail) -> [String: Any] {
        let run = detail.run
        var content: [String: Any] = [
            "dag": run.dag.rawValue, "dagLink": PageLink.dag(run.dag), "runID": run.runID,
            "look": StateLook(run.state).view, "type": run.type.rawValue.replacing("_", with: " "),
            "by": run.triggeredBy, "due": words.view(run.runAfter),
            "took": run.startDate == nil ? "–" : words.duration(from: run.startDate, to: run.endDate),
            "versionNumber": detail.versionNumber, "version": run.version.rawValue,
            "shortVersion": String(run.version.rawValue.prefix(12)),
        ]
        content["reason"] = run.reason
        content["failed"] = run.state == .failed
        content["logical"] = run.logicalDate.map(words.view)
        content["interval"] = run.interval.map(Self.span)
        content["events"] = run.events.map(Self.span)
        content["deadlines"] =
            detail.deadlines.map { deadline -> [String: Any] in
                let missed = deadline.missedAt.map { ", missed (noticed at \(TimeWords.absolute($0)))" }
                let average = deadline.average?.text.map { "; \($0)" }
                return ["deadlineText": TimeWords.absolute(deadline.at) + (missed ?? "") + (average ?? "")]
            } + detail.missingAverages.map { ["deadlineText": "none: \($0.text)"] }
        content["started"] = run.startDate.map(words.view)
        content["ended"] = run.endDate.map(words.view)
        if run.conf != .object([:]), run.conf != .null {
            let text = run.conf.jsonText
            content["conf"] = text.utf8.count > 20_000 ? String(text.prefix(5_000)) + " … (cut)" : text
        }
        return content
    }

    private static func span(_ interval: DataInterval) -> String {
        if interval.isEmpty { return "empty, at \(TimeWords.full(interval.start))" }
        return "\(TimeWords.absolute(interval.start)) to \(TimeWords.absolute(interval.end)) "
            + "(\((interval.end - interval.start).humanText(units: 2)))"
    }

    /// `score`, or for an instance of a mapped task `score[2]` with what the document calls it.
    static func name(_ task: TaskStatus) -> String {
        let index = task.instance.mapIndex
        let name = index < 0 ? task.instance.task.rawValue : "\(task.instance.task)[\(index)]"
        return task.mapName.map { "\(name) \($0)" } ?? name
    }

    static func tries(_ task: TaskStatus) -> String {
        task.tryNumber == 0 ? "–" : "\(task.tryNumber) of \(max(task.maxTries + 1, task.tryNumber))"
    }

    private func task(_ run: RunRecord, _ task: TaskStatus, group: String?) -> [String: Any] {
        var row: [String: Any] = [
            "href": PageLink.task(run.dag, run.runID, task.instance), "name": Self.name(task),
            "look": StateLook(task.state).view, "tries": Self.tries(task),
            "took": words.duration(from: task.startDate, to: task.endDate),
        ]
        row["group"] = group
        // Not `started`: a name missing here would be looked up in the run around it.
        row["taskStarted"] = task.startDate.map(words.view)
        var reason = task.reason ?? ""
        if let retry = task.retryAt { reason += (reason.isEmpty ? "" : "; ") + "next try \(words.relative(retry))" }
        row["reason"] = reason
        return row
    }

    private func tries(_ run: RunRecord, _ task: TaskStatus, place: Int) -> [String: Any] {
        let shown = task.tries.suffix(Self.triesShown)
        return [
            "anchor": "tries-\(Self.anchor(task.instance))", "name": Self.name(task),
            "look": StateLook(task.state).view,
            "tries": task.tries.count == 1 ? "1 try" : "\(task.tries.count) tries",
            "open": place < 3 && [.failed, .running, .upForRetry].contains(task.state),
            "attempts": shown.reversed().map { attempt(run, task.instance, $0) },
        ]
    }

    /// The end of what the last try said; nil for nothing.
    private func lastLog(_ run: RunRecord, _ task: TaskStatus) async throws -> String? {
        guard let last = task.tries.last else { return nil }
        let log = TryLog(
            history: history, logs: logs, dag: run.dag, runID: run.runID, instance: task.instance,
            tryNumber: last.tryNumber)
        let text = LogText.plain(try await log.tail(limit: Self.logBytes).text)
        return text.isEmpty ? nil : text
    }

    /// Names an element of the page: letters and digits only.
    private static func anchor(_ instance: TaskInstanceKey) -> String {
        PageLink.encoded(instance.task.rawValue).replacing("%", with: "_") + "_\(instance.mapIndex)"
    }

    private func attempt(_ run: RunRecord, _ instance: TaskInstanceKey, _ attempt: AttemptSummary) -> [String: Any] {
        [
            "number": attempt.tryNumber, "look": StateLook(attempt.state).view,
            "started": TimeWords.absolute(attempt.startedAt),
            "waited": TimeWords.duration(attempt.startedAt - attempt.queuedAt),
            "took": words.duration(from: attempt.startedAt, to: attempt.endedAt),
            "exit": attempt.exitCode.map(String.init) ?? "–", "reason": attempt.reason ?? "",
            "href": PageLink.task(run.dag, run.runID, instance, tryNumber: attempt.tryNumber),
        ]
    }
}
