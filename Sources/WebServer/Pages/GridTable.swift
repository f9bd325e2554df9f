import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// Runs × tasks as a table, newest run right.
///
/// Built by hand: thousands of cells are too many for the templates.
struct GridTable {
    let dag: DAGID
    let grid: RunGrid
    let words: TimeWords

    /// Cells shown; the tasks beyond are counted.
    ///
    /// Each is about 350 bytes of page.
    private static let maximumCells = 5_000

    private var shownTasks: Int { max(20, Self.maximumCells / max(grid.runs.count, 1)) }

    var html: HTMLText {
        var html = HTMLText()
        html.markup("<div class=\"scroll grid-wrap\" id=\"grid-wrap\" data-right tabindex=\"0\">")
        html.markup("<table class=\"grid\"><caption class=\"vh\">Tasks by run, newest run right</caption><thead>")
        bars(&html)
        html.markup("<tr><td></td>")
        for run in grid.runs.reversed() { header(run.run, &html) }
        html.markup("</tr></thead><tbody>")
        for task in grid.tasks.prefix(shownTasks) {
            html.markup("<tr><th scope=\"row\" title=\"")
            html.value(task.rawValue)
            html.markup("\">")
            html.value(task.rawValue)
            html.markup("</th>")
            for run in grid.runs.reversed() { cell(run, task, &html) }
            html.markup("</tr>")
        }
        html.markup("</tbody></table></div>")
        if grid.tasks.count > shownTasks {
            html.markup("<p class=\"dim\">and ")
            html.value(grid.tasks.count - shownTasks)
            html.markup(" more tasks: each run's page lists them all</p>")
        }
        return html
    }

    /// How long each run took, as a bar above its column.
    private func bars(_ html: inout HTMLText) {
        let lengths = grid.runs.reversed().map { run in
            run.run.startDate.map { ((run.run.endDate ?? words.now) - $0).wholeMicroseconds } ?? 0
        }
        let longest = max(lengths.max() ?? 1, 1)
        html.markup("<tr class=\"bars\"><th scope=\"row\"><span class=\"dim\">longest ")
        html.value(TimeWords.duration(.microseconds(longest)))
        html.markup("</span></th>")
        for (run, length) in zip(grid.runs.reversed(), lengths) {
            let height = length <= 0 ? 0 : max(2, Int(Double(length) / Double(longest) * 44))
            html.markup("<td><svg width=\"16\" height=\"46\" aria-hidden=\"true\"><rect class=\"")
            html.value(StateLook(run.run.state).cssClass)
            html.markup("\" x=\"2\" width=\"12\" rx=\"2\" y=\"")
            html.value(46 - height)
            html.markup("\" height=\"")
            html.value(height)
            html.markup("\"/></svg></td>")
        }
        html.markup("</tr>")
    }

    private func header(_ run: RunRecord, _ html: inout HTMLText) {
        let look = StateLook(run.state)
        let title = [
            run.runID, look.words, run.startDate.map { "started \(TimeWords.full($0))" } ?? "not started",
            run.startDate.map { words.took(from: $0, to: run.endDate) } ?? "",
        ].filter { !$0.isEmpty }.joined(separator: "\n")
        html.markup("<th scope=\"col\">")
        square(look, PageLink.run(dag, run.runID), title, "sq run ", &html)
        html.markup("</th>")
    }

    private func cell(_ run: GridRun, _ task: TaskID, _ html: inout HTMLText) {
        guard let cell = run.cells[task] else {
            html.markup(
                "<td><span class=\"sq s-none\" title=\"not reached\"><span class=\"vh\">not reached</span></span></td>")
            return
        }
        let look = StateLook(cell.state)
        var title = "\(task): \(look.words)\n\(run.run.runID)"
        if let start = cell.startDate {
            title += "\nstarted \(TimeWords.full(start))\n\(words.took(from: start, to: cell.endDate))"
        }
        if cell.tryNumber > 1 { title += "\ntry \(cell.tryNumber)" }
        html.markup("<td>")
        square(
            look, PageLink.task(dag, run.run.runID, TaskInstanceKey(run: run.run.key, task: task)), title, "sq ", &html)
        html.markup("</td>")
    }

    private func square(
        _ look: StateLook, _ link: String, _ title: String, _ cssClass: StaticString, _ html: inout HTMLText
    ) {
        html.markup("<a class=\"")
        html.markup(cssClass)
        html.value(look.cssClass)
        html.markup("\" href=\"")
        html.value(link)
        html.markup("\" title=\"")
        html.value(title)
        html.markup("\" aria-label=\"")
        html.value(look.words)
        html.markup("\">")
        html.value(look.sign)
        html.markup("</a>")
    }

    /// The states that the grid shows.
    static func legend(_ grid: RunGrid) -> [[String: Any]] {
        let states = Set(grid.runs.flatMap { $0.cells.values.map(\.state) })
        return TaskState.allCases.filter(states.contains).map { StateLook($0).view }
    }
}
