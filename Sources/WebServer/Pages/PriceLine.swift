import CivilTime

/// Hourly closes as an SVG line; hours without a candle are gaps.
struct PriceLine {
    let points: [MarketPoint]

    /// More labels of days would run into each other.
    private static let mostDays = 7

    var isEmpty: Bool { !points.contains { $0.close != nil } }

    /// What a gap means and how many there are.
    var note: String {
        let gaps = points.count { $0.close == nil }
        return gaps == 0 ? "" : "\(gaps) hour\(gaps == 1 ? "" : "s") without a candle: gaps in the line"
    }

    var html: HTMLText {
        let frame = PlotFrame(
            values: points.flatMap { [$0.close, $0.average] }.compactMap { $0 }, width: 960, height: 300, left: 8,
            right: 96, room: 0.05)
        var html = HTMLText()
        frame.open(&html, id: "price-line", title: "Hourly closes", description: summary)
        frame.rules(&html, atRight: true) { NumberText.price($0) }
        let days = points.indices.filter { points[$0].hour.seconds.flooredRemainder(86_400) == 0 }
        let step = max(1, (days.count + Self.mostDays - 1) / Self.mostDays)
        for place in stride(from: 0, to: days.count, by: step) {
            let day = days[place]
            frame.upright(&html, x: x(day, frame), String(TimeWords.minute(points[day].hour).prefix(10).suffix(5)))
        }
        frame.line(&html, "mean", line(frame, \.average))
        frame.line(&html, "close", line(frame, \.close))
        if let last = points.lastIndex(where: { $0.close != nil }), let close = points[last].close {
            frame.circle(&html, "now", x: x(last, frame), y: frame.y(close), r: 4)
        }
        html.markup("</svg>")
        return html
    }

    private func line(_ frame: PlotFrame, _ value: (MarketPoint) -> Double?) -> [(x: Double, y: Double)?] {
        points.indices.map { place in
            value(points[place]).flatMap { $0.isFinite ? (x: x(place, frame), y: frame.y($0)) : nil }
        }
    }

    private func x(_ place: Int, _ frame: PlotFrame) -> Double {
        frame.x(points.count < 2 ? 0 : Double(place) / Double(points.count - 1))
    }

    private var summary: String {
        let closes = points.compactMap(\.close)
        guard let first = closes.first, let last = closes.last, let least = closes.min(), let most = closes.max()
        else { return "" }
        return "\(points.count) hours: from \(NumberText.price(first)) to \(NumberText.price(last)), "
            + "lowest \(NumberText.price(least)), highest \(NumberText.price(most))"
    }
}
