import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore

/// `/dags/{id}/runs/{run_id}/tasks/{task_id}?try=N`: a try with its log, and the task's output.
struct TaskPage {
    let history: any RunHistory
    let logs: TaskLogDirectory
    let words: TimeWords

    private static let logBytes = 256 * 1_024
    private static let outputBytes = 64 * 1_024
    private static let triesShown = 50

    func page(_ detail: RunDetail, _ id: TaskID, _ request: PageRequest) async throws -> SitePage? {
        guard let task = Self.find(id, in: detail, request) else { return nil }
        let run = detail.run
        let chosen = request.query["try"]
        let attempt = task.tries.last { chosen == nil || String($0.tryNumber) == chosen }
        if chosen != nil, attempt == nil { return nil }
        let name = OneRunPage.name(task)
        var content: [String: Any] = [
            "dag": run.dag.rawValue, "dagLink": PageLink.dag(run.dag), "runID": run.runID,
            "runLink": PageLink.run(run.dag, run.runID), "name": name, "look": StateLook(task.state).view,
            "hasTries": task.tries.count > 1, "tries": tries(run, task, current: attempt),
            "noTry": task.state == .none ? "The run has not come to this task yet." : "This task has not been tried.",
        ]
        content["group"] = detail.definition.tasks.first { $0.id == id }?.group
        content["reason"] = task.reason
        content["failed"] = task.state == .failed
        if let attempt { content["attempt"] = try await view(run, task, attempt) }
        let notes = try await history.notes(of: run.key).filter { note in
            note.task == id && note.mapIndex == task.instance.mapIndex
        }
        content["notes"] = notes.map { OneRunPage.note($0, words) }
        content["hasNotes"] = !notes.isEmpty
        let outputs = try await history.outputs(of: task.instance)
        content["hasOutputs"] = !outputs.isEmpty
        content["outputs"] = outputs.map(Self.output)
        return .view("\(name) · \(run.runID)", "task", content)
    }

    /// The whole log of a try; nil when the task or the try is not there.
    func log(_ detail: RunDetail, _ id: TaskID, _ request: PageRequest) async throws -> SitePage? {
        guard let task = Self.find(id, in: detail, request) else { return nil }
        let chosen = request.query["try"]
        guard let attempt = task.tries.last(where: { chosen == nil || String($0.tryNumber) == chosen }) else {
            return nil
        }
        let log = log(detail.run, task, attempt)
        return try await log.exists() ? .log(log) : nil
    }

    private static func find(_ id: TaskID, in detail: RunDetail, _ request: PageRequest) -> TaskStatus? {
        let same = detail.tasks.filter { $0.instance.task == id }
        guard let map = request.query["map"] else { return same.first }
        return same.first { String($0.instance.mapIndex) == map }
    }

    private func tries(_ run: RunRecord, _ task: TaskStatus, current: AttemptSummary?) -> [[String: Any]] {
        task.tries.suffix(Self.triesShown).map { attempt in
            [
                "number": attempt.tryNumber, "look": StateLook(attempt.state).view,
                "href": PageLink.task(run.dag, run.runID, task.instance, tryNumber: attempt.tryNumber),
                "current": attempt.attempt == current?.attempt,
            ]
        }
    }

    private func log(_ run: RunRecord, _ task: TaskStatus, _ attempt: AttemptSummary) -> TryLog {
        TryLog(
            history: history, logs: logs, dag: run.dag, runID: run.runID, instance: task.instance,
            tryNumber: attempt.tryNumber)
    }

    private func view(
        _ run: RunRecord, _ task: TaskStatus, _ attempt: AttemptSummary
    ) async throws -> [String: Any] {
        var view: [String: Any] = [
            "number": attempt.tryNumber, "of": max(attempt.maxTries + 1, attempt.tryNumber),
            "queued": TimeWords.absolute(attempt.queuedAt),
            "waited": TimeWords.duration(attempt.startedAt - attempt.queuedAt),
            "started": words.view(attempt.startedAt), "pool": attempt.pool,
            "took": words.duration(from: attempt.startedAt, to: attempt.endedAt),
        ]
        view["ended"] = attempt.endedAt.map(words.view)
        view["exit"] = attempt.exitCode.map(String.init)
        view["process"] =
            attempt.process.map { "\($0.pid) on \($0.host)" }
            ?? attempt.queue.map { queue in
                attempt.worker.map { "worker \($0), queue \(queue)" } ?? "waits for a worker of queue \(queue)"
            }
        if attempt.reason != task.reason { view["why"] = attempt.reason }
        let log = log(run, task, attempt)
        guard try await log.exists() else {
            view["noLog"] = "There is no log: the try wrote none, or it has been cleared away."
            return view
        }
        let tail = try await log.tail(limit: Self.logBytes)
        let text = LogText.plain(tail.text)
        if text.isEmpty { view["noLog"] = "The log is empty." } else { view["log"] = text }
        view["whole"] = PageLink.log(run.dag, run.runID, task.instance, tryNumber: attempt.tryNumber)
        view["wholeText"] = "Whole log as text (\(Self.size(tail.size)))"
        if tail.start > 0 { view["cut"] = "The last \(Self.size(tail.next - tail.start)) of \(Self.size(tail.size))." }
        return view
    }

    private static func output(_ output: TaskOutput) -> [String: Any] {
        let text = output.value.jsonText
        var view: [String: Any] = ["key": output.key, "value": text]
        if text.utf8.count > outputBytes {
            view["value"] = String(decoding: Array(text.utf8.prefix(outputBytes)), as: UTF8.self)
            view["cut"] = "The first \(size(Int64(outputBytes))) of \(size(Int64(text.utf8.count)))."
        }
        return view
    }

    static func size(_ bytes: Int64) -> String {
        switch bytes {
        case ..<1_024: "\(bytes) bytes"
        case ..<1_048_576: "\((bytes + 512) / 1_024) KB"
        default: "\(bytes / 1_048_576).\(bytes % 1_048_576 * 10 / 1_048_576) MB"
        }
    }
}
