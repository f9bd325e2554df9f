/// The figures of a benchmark run, as a table and as one line of JSON.
package struct BenchmarkReport: Sendable {
    /// The keys of the JSON object that scripts rely on, in their order.
    package static let keys = [
        "noop_tasks_per_s", "raw_ratio", "hop_p50_ms", "hop_p99_ms", "due_to_start_p99_ms", "shell_ratio",
        "backfill_year_s", "load_10k_s", "rescan_10k_ms", "idle_rss_mb", "idle_queries_per_s", "start_to_healthy_s",
        "wal_bytes_per_task",
    ]

    private(set) var figures: [Figure] = []
    /// Lines under the table: the machine, its load, what was not measured and why.
    private(set) var remarks: [String] = []

    mutating func add(_ figure: Figure) { figures.append(figure) }
    mutating func remark(_ text: String) { remarks.append(text) }

    /// The table, in Markdown, and the remarks.
    package var table: String {
        let header = ["", "median", "min", "max", "unit", ""]
        let rows = figures.map { figure in
            let numbers: [String] =
                figure.values.map { values in
                    [values.median, values.least, values.greatest].map {
                        Figure.text($0, digits: figure.digits, grouped: true)
                    }
                } ?? ["not measured", "", ""]
            return [figure.label] + numbers + [figure.unit, figure.note]
        }
        let widths = header.indices.map { column in
            max(3, ([header] + rows).map { $0[column].count }.max() ?? 0)
        }
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - cells[column].count)
                return (1...3).contains(column) ? space + cells[column] : cells[column] + space
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule =
            "|"
            + widths.indices.map { column in
                (1...3).contains(column)
                    ? String(repeating: "-", count: widths[column] + 1) + ":"
                    : String(repeating: "-", count: widths[column] + 2)
            }.joined(separator: "|") + "|"
        return ([line(header), rule] + rows.map(line) + [""] + remarks).joined(separator: "\n")
    }

    /// The medians as one JSON object on one line; null for what was not measured.
    package var json: String {
        let members = Self.keys.map { key in
            let figure = figures.first { $0.key == key }
            let value = figure.flatMap { figure in
                figure.values.map { Figure.text($0.median, digits: figure.digits) }
            }
            return "\"\(key)\": \(value ?? "null")"
        }
        let others = figures.compactMap { figure -> String? in
            guard let key = figure.key, !Self.keys.contains(key) else { return nil }
            let value = figure.values.map { Figure.text($0.median, digits: figure.digits) } ?? "null"
            return "\"\(key)\": \(value)"
        }
        return "{" + (members + others).joined(separator: ", ") + "}"
    }
}
