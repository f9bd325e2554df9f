import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// A run's tries as bars over time.
///
/// Positions are SVG attributes in thousandths of the width, so that no inline style is needed, which the pages'
/// security policy forbids.
struct TimeChart {
    private let rows: [TaskStatus]
    private let start: Timestamp
    private let end: Timestamp
    private let words: TimeWords
    private let hidden: Int

    private static let maximumRows = 100

    init(run: RunRecord, tasks: [TaskStatus], words: TimeWords) {
        let tried = tasks.filter { !$0.tries.isEmpty }
        rows = Array(tried.prefix(Self.maximumRows))
        hidden = tried.count - rows.count
        let tries = tried.flatMap(\.tries)
        let first = tries.map(\.queuedAt).min() ?? run.queuedAt
        start = min(run.startDate ?? first, first)
        let last = tries.map { $0.endedAt ?? words.now }.max() ?? start
        end = max(last, start + .milliseconds(1))
        self.words = words
    }

    var isEmpty: Bool { rows.isEmpty }

    var html: HTMLText {
        var html = HTMLText()
        html.markup("<div class=\"scroll\"><table class=\"gantt\"><caption class=\"vh\">When each task ran</caption>")
        html.markup("<thead><tr><td></td><th scope=\"col\"><span>")
        html.value(TimeWords.absolute(start))
        html.markup("</span><span>")
        html.value(TimeWords.duration(end - start))
        html.markup("</span></th></tr></thead><tbody>")
        for task in rows {
            html.markup("<tr><th scope=\"row\" title=\"")
            html.value(OneRunPage.name(task))
            html.markup("\">")
            html.value(OneRunPage.name(task))
            html.markup("</th><td><svg viewBox=\"0 0 1000 16\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"")
            html.value(task.tries.map(label).joined(separator: "; "))
            html.markup("\">")
            for attempt in task.tries.suffix(50) { bars(attempt, &html) }
            html.markup("</svg></td></tr>")
        }
        html.markup("</tbody></table></div>")
        if hidden > 0 {
            html.markup("<p class=\"dim\">and ")
            html.value(hidden)
            html.markup(" more tasks</p>")
        }
        return html
    }

    private func bars(_ attempt: AttemptSummary, _ html: inout HTMLText) {
        let queued = place(attempt.queuedAt)
        let from = place(attempt.startedAt)
        let to = max(place(attempt.endedAt ?? words.now), from + 3)
        if from > queued {
            html.markup("<rect class=\"s-queued\" y=\"6\" height=\"4\" x=\"")
            html.value(queued)
            html.markup("\" width=\"")
            html.value(from - queued)
            html.markup("\"/>")
        }
        html.markup("<rect y=\"1\" height=\"14\" class=\"")
        html.value(StateLook(attempt.state).cssClass)
        html.markup("\" x=\"")
        html.value(min(from, 997))
        html.markup("\" width=\"")
        html.value(to - from)
        html.markup("\"><title>")
        html.value(label(attempt))
        html.markup("</title></rect>")
    }

    private func label(_ attempt: AttemptSummary) -> String {
        "try \(attempt.tryNumber): \(StateLook(attempt.state).words), from \(TimeWords.absolute(attempt.startedAt)), "
            + words.took(from: attempt.startedAt, to: attempt.endedAt)
    }

    private func place(_ instant: Timestamp) -> Int {
        let whole = Double((end - start).wholeMicroseconds)
        return min(max(Int(Double((instant - start).wholeMicroseconds) / whole * 1_000), 0), 1_000)
    }
}
