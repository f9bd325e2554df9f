/// The axes of a plot in SVG, and where values lie in it.
///
/// Colours are classes of the style sheet, so that a plot follows the colour scheme.
struct PlotFrame {
    let width: Double
    let height: Double
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    /// The ends of the vertical axis.
    let low: Double
    let high: Double

    init(
        width: Double = 640, height: Double = 240, left: Double = 64, right: Double = 14, top: Double = 12,
        bottom: Double = 30, low: Double, high: Double
    ) {
        self.width = width
        self.height = height
        self.left = left
        self.right = right
        self.top = top
        self.bottom = bottom
        self.low = low
        self.high = high
    }

    /// With a little room around the values; a plot of none, or of values that are no numbers, still has ends.
    ///
    /// - Parameter room: above and below, as a share of the values' span.
    init(
        values: [Double], width: Double = 640, height: Double = 240, left: Double = 64, right: Double = 14,
        bottom: Double = 30, room: Double = 0.12
    ) {
        let finite = values.filter(\.isFinite)
        let least = finite.min() ?? 0
        let most = finite.max() ?? 1
        let margin = max((most - least) * room, abs(most) * 0.001, 1e-9)
        self.init(
            width: width, height: height, left: left, right: right, bottom: bottom, low: least - margin,
            high: most + margin)
    }

    /// - Parameter share: of the way from the left to the right, 0 to 1.
    func x(_ share: Double) -> Double { left + share * (width - left - right) }

    func y(_ value: Double) -> Double {
        let span = high - low
        guard value.isFinite, span.isFinite, span > 0 else { return (top + height - bottom) / 2 }
        return top + (high - value) / span * (height - top - bottom)
    }

    /// The opening tag with a title and a description for those who do not see it.
    func open(_ html: inout HTMLText, id: String, title: String, description: String) {
        html.markup("<svg class=\"chart plot\" viewBox=\"0 0 ")
        html.value(Self.number(width) + " " + Self.number(height))
        html.markup("\" role=\"img\" aria-labelledby=\"")
        html.value("\(id)-title \(id)-text")
        html.markup("\"><title id=\"")
        html.value(id + "-title")
        html.markup("\">")
        html.value(title)
        html.markup("</title><desc id=\"")
        html.value(id + "-text")
        html.markup("\">")
        html.value(description)
        html.markup("</desc>")
    }

    /// Horizontal rules at round values, labelled at the left, or at the right end.
    func rules(_ html: inout HTMLText, atRight: Bool = false, label: (Double) -> String) {
        for value in Self.ticks(low, high) {
            rule(&html, x1: left, x2: width - right, y1: y(value), y2: y(value))
            text(
                &html, atRight ? "" : "end", x: atRight ? width - right + 8 : left - 8, y: y(value) + 4, label(value))
        }
    }

    /// A vertical rule with its label below.
    func upright(_ html: inout HTMLText, x: Double, _ label: String) {
        rule(&html, x1: x, x2: x, y1: top, y2: height - bottom)
        // About as wide as a date; it moves in at the edges, which would cut it.
        let half = 18.0
        text(&html, "day", x: min(max(x, half), width - half), y: height - 10, label)
    }

    func rule(_ html: inout HTMLText, x1: Double, x2: Double, y1: Double, y2: Double, cssClass: StaticString = "rule") {
        html.markup("<line class=\"")
        html.markup(cssClass)
        html.markup("\"")
        attribute(&html, " x1=\"", x1)
        attribute(&html, " x2=\"", x2)
        attribute(&html, " y1=\"", y1)
        attribute(&html, " y2=\"", y2)
        html.markup("/>")
    }

    func text(_ html: inout HTMLText, _ cssClass: StaticString, x: Double, y: Double, _ words: String) {
        html.markup("<text class=\"")
        html.markup(cssClass)
        html.markup("\"")
        attribute(&html, " x=\"", x)
        attribute(&html, " y=\"", y)
        html.markup(">")
        html.value(words)
        html.markup("</text>")
    }

    func circle(_ html: inout HTMLText, _ cssClass: StaticString, x: Double, y: Double, r: Double, title: String = "") {
        html.markup("<circle class=\"")
        html.markup(cssClass)
        html.markup("\"")
        attribute(&html, " cx=\"", x)
        attribute(&html, " cy=\"", y)
        attribute(&html, " r=\"", r)
        close(&html, title, "circle")
    }

    func box(
        _ html: inout HTMLText, _ cssClass: StaticString, x: Double, y: Double, width: Double, height: Double,
        title: String = ""
    ) {
        html.markup("<rect class=\"")
        html.markup(cssClass)
        html.markup("\"")
        attribute(&html, " x=\"", x)
        attribute(&html, " y=\"", y)
        attribute(&html, " width=\"", max(width, 0))
        attribute(&html, " height=\"", max(height, 0))
        close(&html, title, "rect")
    }

    /// A line through points; nil lifts the pen.
    func line(_ html: inout HTMLText, _ cssClass: StaticString, _ points: [(x: Double, y: Double)?]) {
        var path = ""
        var isDrawing = false
        for point in points {
            guard let point else {
                isDrawing = false
                continue
            }
            path += "\(isDrawing ? "L" : "M")\(Self.number(point.x)) \(Self.number(point.y))"
            // A lone point between gaps would not show.
            if !isDrawing { path += "h0.5" }
            isDrawing = true
        }
        html.markup("<path class=\"")
        html.markup(cssClass)
        html.markup("\" d=\"")
        html.value(path)
        html.markup("\"/>")
    }

    private func close(_ html: inout HTMLText, _ title: String, _ element: StaticString) {
        guard !title.isEmpty else { return html.markup("/>") }
        html.markup("><title>")
        html.value(title)
        html.markup("</title></")
        html.markup(element)
        html.markup(">")
    }

    private func attribute(_ html: inout HTMLText, _ opening: StaticString, _ value: Double) {
        html.markup(opening)
        html.value(Self.number(value))
        html.markup("\"")
    }

    static func number(_ value: Double) -> String { NumberText.fixed(value.isFinite ? value : 0, decimals: 1) }

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
