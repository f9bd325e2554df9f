import CivilTime

/// Hourly closes as an SVG line; hours without a candle are gaps.
struct PriceLine {
    private let points: [MarketPoint]
    private let low: Double
    private let high: Double

    private static let width = 960.0
    private static let height = 300.0
    private static let left = 8.0
    private static let right = 96.0
    private static let top = 14.0
    private static let bottom = 26.0

    init(points: [MarketPoint]) {
        self.points = points
        let values = points.flatMap { [$0.close, $0.average] }.compactMap { $0 }.filter(\.isFinite)
        let least = values.min() ?? 0
        let most = values.max() ?? 1
        let margin = max((most - least) * 0.05, abs(most) * 0.0005, 1e-9)
        low = least - margin
        high = most + margin
    }

    var isEmpty: Bool { !points.contains { $0.close != nil } }

    /// What a gap means and how many there are.
    var note: String {
        let gaps = points.count { $0.close == nil }
        return gaps == 0 ? "" : "\(gaps) hour\(gaps == 1 ? "" : "s") without a candle: gaps in the line"
    }

    var html: HTMLText {
        var html = HTMLText()
        html.markup("<svg class=\"chart\" viewBox=\"0 0 960 300\" role=\"img\" aria-label=\"")
        html.value(summary)
        html.markup("\">")
        axes(&html)
        line("mean", points.map(\.average), &html)
        line("close", points.map(\.close), &html)
        if let last = points.lastIndex(where: { $0.close != nil }), let close = points[last].close {
            html.markup("<circle class=\"now\" r=\"4\" cx=\"")
            html.value(Self.number(x(last)))
            html.markup("\" cy=\"")
            html.value(Self.number(y(close)))
            html.markup("\"/>")
        }
        html.markup("</svg>")
        return html
    }

    private var summary: String {
        let closes = points.compactMap(\.close)
        guard let first = closes.first, let last = closes.last, let least = closes.min(), let most = closes.max()
        else { return "" }
        return "Hourly closes of \(points.count) hours: from \(NumberText.price(first)) to \(NumberText.price(last)), "
            + "lowest \(NumberText.price(least)), highest \(NumberText.price(most))"
    }

    private func axes(_ html: inout HTMLText) {
        for value in Self.ticks(low, high) {
            html.markup("<line class=\"rule\" x1=\"8\" x2=\"864\" y1=\"")
            html.value(Self.number(y(value)))
            html.markup("\" y2=\"")
            html.value(Self.number(y(value)))
            html.markup("\"/><text x=\"872\" y=\"")
            html.value(Self.number(y(value) + 4))
            html.markup("\">")
            html.value(NumberText.price(value))
            html.markup("</text>")
        }
        let days = points.indices.filter { points[$0].hour.seconds.flooredRemainder(86_400) == 0 }
        let step = max(1, (days.count + 6) / 7)
        for day in stride(from: 0, to: days.count, by: step).map({ days[$0] }) {
            html.markup("<line class=\"rule\" y1=\"14\" y2=\"274\" x1=\"")
            html.value(Self.number(x(day)))
            html.markup("\" x2=\"")
            html.value(Self.number(x(day)))
            html.markup("\"/><text class=\"day\" y=\"292\" x=\"")
            html.value(Self.number(x(day)))
            html.markup("\">")
            html.value(String(TimeWords.minute(points[day].hour).prefix(10).suffix(5)))
            html.markup("</text>")
        }
    }

    private func line(_ cssClass: StaticString, _ values: [Double?], _ html: inout HTMLText) {
        var path = ""
        var isDrawing = false
        for (place, value) in values.enumerated() {
            guard let value, value.isFinite else {
                isDrawing = false
                continue
            }
            path += "\(isDrawing ? "L" : "M")\(Self.number(x(place))) \(Self.number(y(value)))"
            // A lone hour between gaps would not show.
            if !isDrawing { path += "h0.5" }
            isDrawing = true
        }
        html.markup("<path class=\"")
        html.markup(cssClass)
        html.markup("\" d=\"")
        html.value(path)
        html.markup("\"/>")
    }

    private func x(_ place: Int) -> Double {
        let span = Self.width - Self.left - Self.right
        return Self.left + (points.count < 2 ? 0 : Double(place) / Double(points.count - 1) * span)
    }

    private func y(_ value: Double) -> Double {
        let span = Self.height - Self.top - Self.bottom
        return Self.top + (high - value) / (high - low) * span
    }

    private static func number(_ value: Double) -> String { NumberText.fixed(value, decimals: 1) }

    /// About five round values between the ends.
    static func ticks(_ low: Double, _ high: Double) -> [Double] {
        let rough = (high - low) / 5
        guard rough > 0, rough.isFinite else { return [] }
        var unit = 1.0
        while unit > rough { unit /= 10 }
        while unit * 10 <= rough { unit *= 10 }
        let step = [1.0, 2, 5, 10].map { $0 * unit }.first { $0 >= rough } ?? unit
        var values: [Double] = []
        var value = (low / step).rounded(.up) * step
        while value <= high, values.count < 12 {
            values.append(value)
            value += step
        }
        return values
    }
}
