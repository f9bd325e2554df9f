import ArgumentParser
import DAGModel

/// How a graph is written.
enum GraphFormat: String, CaseIterable, ExpressibleByArgument {
    case mermaid, dot, svg
}

/// A DAG's tasks and what they wait for, in the forms that other programs draw.
enum GraphDrawing {
    static func text(of dag: DAG, as format: GraphFormat) -> String {
        switch format {
        case .mermaid: mermaid(dag)
        case .dot: dot(dag)
        case .svg: svg(dag)
        }
    }

    /// For Markdown on GitHub and in many editors.
    private static func mermaid(_ dag: DAG) -> String {
        var lines = ["flowchart LR"]
        var groups = 0
        func write(_ members: [TaskGroups.Member], _ indent: String) {
            for member in members {
                switch member {
                case .task(let index):
                    let task = dag.tasks[index]
                    lines.append(
                        "\(indent)t\(index)[\"\(entities(task.id.rawValue))<br/><small>\(entities(label(task)))</small>\"]"
                    )
                case .group(_, let label, let inner):
                    lines.append("\(indent)subgraph g\(groups)[\"\(entities(label))\"]")
                    groups += 1
                    write(inner, indent + "    ")
                    lines.append("\(indent)end")
                }
            }
        }
        write(TaskGroups(dag).members, "    ")
        for edge in GraphLayout(dag).edges { lines.append("    t\(edge.from) --> t\(edge.to)") }
        return lines.joined(separator: "\n")
    }

    /// For Graphviz.
    private static func dot(_ dag: DAG) -> String {
        func quoted(_ text: String) -> String {
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        var lines = [
            "digraph \(quoted(dag.id.rawValue)) {", "    rankdir=LR;",
            "    node [shape=box, style=rounded, fontname=\"Helvetica\"];",
        ]
        func write(_ members: [TaskGroups.Member], _ indent: String) {
            for member in members {
                switch member {
                case .task(let index):
                    let task = dag.tasks[index]
                    let text = quoted(task.id.rawValue + "\n" + label(task)).replacing("\n", with: "\\n")
                    lines.append("\(indent)\(quoted(task.id.rawValue)) [label=\(text)];")
                case .group(let name, let label, let inner):
                    // Graphviz frames what is called cluster.
                    lines.append("\(indent)subgraph \(quoted("cluster_" + name)) {")
                    lines.append(
                        "\(indent)    label=\(quoted(label)); style=rounded; color=gray; fontname=\"Helvetica\";")
                    write(inner, indent + "    ")
                    lines.append("\(indent)}")
                }
            }
        }
        write(TaskGroups(dag).members, "    ")
        for edge in GraphLayout(dag).edges {
            lines.append(
                "    \(quoted(dag.tasks[edge.from].id.rawValue)) -> \(quoted(dag.tasks[edge.to].id.rawValue));")
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    /// The operator, and the trigger rule where it is not the usual one.
    private static func label(_ task: TaskSpec) -> String {
        let rule = task.triggerRule == .allSuccess ? "" : ", \(task.triggerRule.rawValue)"
        return task.operatorName + rule
    }

    /// The label, with the group, which a drawing in columns cannot frame.
    private static func groupedLabel(_ task: TaskSpec) -> String {
        label(task) + (task.group.map { " · \($0)" } ?? "")
    }

    private static func entities(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static let boxHeight = 44
    private static let rowGap = 20
    private static let columnGap = 64
    private static let margin = 20

    /// A drawing of our own, which needs no other program.
    private static func svg(_ dag: DAG) -> String {
        let layout = GraphLayout(dag)
        var boxes: [Int: (x: Int, y: Int, width: Int)] = [:]
        let tallest = layout.columns.map(\.count).max() ?? 0
        let height = max(tallest, 1) * (boxHeight + rowGap) - rowGap + 2 * margin
        var x = margin
        for column in layout.columns {
            // A letter of 13 px Helvetica is about 7.5 px wide; the second line is smaller.
            let widths = column.map { index in
                max(
                    DisplayText.width(dag.tasks[index].id.rawValue) * 8,
                    DisplayText.width(groupedLabel(dag.tasks[index])) * 13 / 2) + 24
            }
            let width = max(widths.max() ?? 0, 90)
            var y = (height - column.count * (boxHeight + rowGap) + rowGap) / 2
            for task in column {
                boxes[task] = (x, y, width)
                y += boxHeight + rowGap
            }
            x += width + columnGap
        }
        let width = max(x - columnGap + margin, 2 * margin)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
                + "viewBox=\"0 0 \(width) \(height)\" font-family=\"Helvetica, Arial, sans-serif\">",
            "  <title>\(entities(dag.id.rawValue))</title>",
            "  <defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
                + "orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"#667085\"/></marker></defs>",
            "  <rect width=\"\(width)\" height=\"\(height)\" fill=\"#ffffff\"/>",
        ]
        for edge in layout.edges {
            guard let from = boxes[edge.from], let to = boxes[edge.to] else { continue }
            let start = (x: from.x + from.width, y: from.y + boxHeight / 2)
            let end = (x: to.x - 1, y: to.y + boxHeight / 2)
            let bend = columnGap / 2
            lines.append(
                "  <path d=\"M\(start.x) \(start.y) C\(start.x + bend) \(start.y) \(end.x - bend) \(end.y) "
                    + "\(end.x) \(end.y)\" fill=\"none\" stroke=\"#667085\" stroke-width=\"1.3\" marker-end=\"url(#end)\"/>"
            )
        }
        for (index, task) in dag.tasks.enumerated() {
            guard let box = boxes[index] else { continue }
            let middle = box.x + box.width / 2
            lines.append(
                "  <rect x=\"\(box.x)\" y=\"\(box.y)\" width=\"\(box.width)\" height=\"\(boxHeight)\" rx=\"7\" "
                    + "fill=\"#f5f8ff\" stroke=\"#5b7bd5\"/>")
            lines.append(
                "  <text x=\"\(middle)\" y=\"\(box.y + 19)\" text-anchor=\"middle\" font-size=\"13\" "
                    + "font-weight=\"600\" fill=\"#1d2939\">\(entities(task.id.rawValue))</text>")
            lines.append(
                "  <text x=\"\(middle)\" y=\"\(box.y + 35)\" text-anchor=\"middle\" font-size=\"11\" "
                    + "fill=\"#667085\">\(entities(groupedLabel(task)))</text>")
        }
        return (lines + ["</svg>"]).joined(separator: "\n")
    }
}
