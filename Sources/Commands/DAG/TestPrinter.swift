import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Synchronization

/// Writes what happens in a run under test: a line for each state, and the tasks' logs with their names in front.
final class TestPrinter: Sendable {
    private let console: Console
    private let stream: Console.Stream
    private let width: Int
    /// Lines of tasks that run at once must not get into each other.
    private let lock = Mutex(())

    /// The longest name that the others are lined up with.
    private static let mostWidth = 28

    init(tasks: [TaskID], console: Console, stream: Console.Stream) {
        self.console = console
        self.stream = stream
        width = min(tasks.map { DisplayText.oneLine($0.rawValue).count }.max() ?? 0, Self.mostWidth)
    }

    /// What nobody reads any more is no reason to stop the run.
    func show(_ event: DAGTestEvent) {
        let text =
            switch event {
            case .runBegan(let run):
                "run \(run.runID) of DAG \(run.dag)"
                    + (run.interval.flatMap { $0.isEmpty ? nil : ", interval \($0.start.iso8601) … \($0.end.iso8601)" }
                        ?? "") + "\n"
            case .tryBegan(let start):
                state(
                    start.instance, start.tryNumber > 1 ? "running, try \(start.tryNumber)" : "running",
                    TaskState.running.tone)
            case .task(let task): self.text(of: task)
            case .log(let instance, let lines):
                lines.split(separator: "\n", omittingEmptySubsequences: false).map {
                    paint(name(instance) + " | ", .quiet) + $0 + "\n"
                }.joined()
            }
        guard !text.isEmpty else { return }
        lock.withLock { _ in try? console.raw(text, to: stream) }
    }

    private func text(of task: TaskInstanceRecord) -> String {
        var word = task.state.rawValue
        switch task.state {
        case .upForRetry: word = "try \(task.tryNumber) failed"
        case .upForReschedule, .deferred: word = "waits" + (task.retryAt.map { " until \($0.iso8601)" } ?? "")
        case .none, .queued, .scheduled, .running, .restarting, .removed: return ""
        case .success, .failed, .skipped, .upstreamFailed: break
        }
        if let start = task.startDate, let end = task.endDate { word += " after \(Self.text(end - start))" }
        if task.state == .upForRetry, let retryAt = task.retryAt { word += ", again at \(retryAt.iso8601)" }
        if let reason = task.reason { word += ": " + DisplayText.oneLine(reason) }
        return state(task.instance, word, task.state.tone)
    }

    static func text(_ duration: Duration) -> String {
        Duration.milliseconds(duration.wholeMicroseconds / 1_000).humanText(units: 2)
    }

    private func state(_ instance: TaskInstanceKey, _ word: String, _ tone: Tone) -> String {
        name(instance) + " = " + paint(word, tone) + "\n"
    }

    private func name(_ instance: TaskInstanceKey) -> String {
        let name = DisplayText.oneLine(instance.task.rawValue)
        let text = instance.mapIndex < 0 ? name : "\(name)[\(instance.mapIndex)]"
        return text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func paint(_ text: String, _ tone: Tone) -> String { tone.paint(text, console.isColourful) }
}
