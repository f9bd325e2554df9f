/// Counts over time as a small SVG line.
struct Sparkline {
    let counts: [Int]

    private static let width = 120.0
    private static let height = 24.0

    var html: HTMLText {
        var html = HTMLText()
        html.markup("<svg class=\"spark\" viewBox=\"0 0 120 24\" role=\"img\" aria-label=\"")
        html.value(summary)
        html.markup("\"><title>")
        html.value(summary)
        html.markup("</title><path class=\"fill\" d=\"")
        html.value(points.isEmpty ? "" : "M0 24L" + points.joined(separator: "L") + "L120 24Z")
        html.markup("\"/><path class=\"line\" d=\"")
        html.value(points.isEmpty ? "" : "M" + points.joined(separator: "L"))
        html.markup("\"/></svg>")
        return html
    }

    private var summary: String {
        guard let most = counts.max() else { return "no messages counted yet" }
        let all = counts.reduce(0, +)
        return "\(all) messages in the last \(counts.count) seconds, at most \(most) in one"
    }

    private var points: [String] {
        guard counts.count > 1, let most = counts.max() else { return [] }
        let step = Self.width / Double(counts.count - 1)
        return counts.enumerated().map { place, count in
            let y = Self.height - 1 - Double(count) / Double(max(most, 1)) * (Self.height - 3)
            return NumberText.fixed(Double(place) * step, decimals: 1) + " " + NumberText.fixed(y, decimals: 1)
        }
    }
}
