/// What was seen at each size of each kind of growth, as a table and as one line of JSON.
package struct GrowthReport: Sendable {
    /// What is nil was not measured.
    struct Figures: Sendable {
        var tasksPerSecond: Double?
        /// Milliseconds.
        var hops = Spread([])
        /// MB, of the process that holds scheduler and benchmark.
        var memory: Double?
        /// What a page asks for: all DAGs, the run with its tasks and tries, or the newest 50 runs of a DAG.
        var pageMilliseconds: Double?
        var note = ""
        /// Why nothing was measured.
        var problem: String?
    }

    private struct Row: Sendable {
        let what: String
        let size: Int
        let load: Double
        let figures: Figures
    }

    private var rows: [Row] = []
    var remark = ""

    mutating func add(_ what: String, _ size: Int, load: Double, _ figures: Figures) {
        rows.append(Row(what: what, size: size, load: load, figures: figures))
    }

    /// The table, in Markdown.
    package var table: String {
        let text = { (value: Double?, digits: Int) in
            value.map { Figure.text($0, digits: digits, grouped: true) } ?? ""
        }
        let header = """
            | with | tasks/s | hop p50, ms | hop p99, ms | memory, MB | page, ms | load average | |
            |---|---:|---:|---:|---:|---:|---:|---|
            """
        let lines = rows.map { row in
            let figures = row.figures
            let hops = figures.hops.isEmpty ? nil : figures.hops
            let cells = [
                "\(Figure.text(Double(row.size), digits: 0, grouped: true)) \(row.what)",
                text(figures.tasksPerSecond, 0),
                text(hops?.median, 2), text(hops?.percentile(0.99), 2), text(figures.memory, 1),
                text(figures.pageMilliseconds, 2), text(row.load, 2),
                figures.problem.map { "not measured: \($0)" } ?? figures.note,
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }
        return ([header] + lines + ["", remark]).joined(separator: "\n")
    }

    /// One object on one line: a list for each kind of growth.
    package var json: String {
        var kinds: [String] = []
        for row in rows where !kinds.contains(row.what) { kinds.append(row.what) }
        let members = kinds.map { kind in
            let list = rows.filter { $0.what == kind }.map { row in
                let figures = row.figures
                let hops = figures.hops.isEmpty ? nil : figures.hops
                let number = { (value: Double?) in value.map { Figure.text($0, digits: 2) } ?? "null" }
                return "{\"size\": \(row.size), \"tasks_per_s\": \(number(figures.tasksPerSecond)), "
                    + "\"hop_p50_ms\": \(number(hops?.median)), \"hop_p99_ms\": \(number(hops?.percentile(0.99))), "
                    + "\"memory_mb\": \(number(figures.memory)), \"page_ms\": \(number(figures.pageMilliseconds)), "
                    + "\"load_average\": \(number(row.load))}"
            }
            let name = kind.split(separator: " ").joined(separator: "_").lowercased()
            return "\"\(name)\": [\(list.joined(separator: ", "))]"
        }
        return "{" + members.joined(separator: ", ") + "}"
    }
}
