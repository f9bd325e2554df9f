/// A score of a model and of the naive forecast in each walk-forward window.
///
/// Lower is better in both scores that are drawn this way.
struct WindowPlot {
    let id: String
    let name: String
    let windows: [ModelHours]
    let decimals: Int
    let value: @Sendable (ModelFigures) -> Double

    static func rmse(_ windows: [ModelHours]) -> WindowPlot {
        WindowPlot(id: "windows-rmse", name: "RMSE", windows: windows, decimals: 5) { $0.rmse }
    }

    static func logLoss(_ windows: [ModelHours]) -> WindowPlot {
        WindowPlot(id: "windows-loss", name: "Log loss", windows: windows, decimals: 4) { $0.logLoss }
    }

    var html: HTMLText {
        let frame = PlotFrame(values: windows.flatMap { [value($0.model), value($0.naive)] })
        var html = HTMLText()
        frame.open(&html, id: id, title: "\(name) in each walk-forward window, lower is better", description: summary)
        frame.rules(&html) { NumberText.fixed($0, decimals: decimals) }
        let places = windows.indices.map { frame.x((Double($0) + 0.5) / Double(windows.count)) }
        for (place, window) in zip(places, windows) {
            frame.text(&html, "day", x: place, y: frame.height - 10, String(window.from.prefix(10).suffix(5)))
        }
        let naive = zip(places, windows).map { (x: $0, y: frame.y(value($1.naive))) }
        let model = zip(places, windows).map { (x: $0, y: frame.y(value($1.model))) }
        frame.line(&html, "naive", naive)
        frame.line(&html, "model", model)
        // Squares and circles, so that colour is never alone.
        for (point, window) in zip(naive, windows) {
            frame.box(
                &html, "naive", x: point.x - 4, y: point.y - 4, width: 8, height: 8,
                title: "naive, \(hours(window)): \(text(window.naive))")
        }
        for (point, window) in zip(model, windows) {
            frame.circle(
                &html, "model", x: point.x, y: point.y, r: 4.5,
                title: "model, \(hours(window)): \(text(window.model))")
        }
        html.markup("</svg>")
        return html
    }

    private func hours(_ window: ModelHours) -> String { "\(window.from) to \(window.until)" }

    private func text(_ figures: ModelFigures) -> String { NumberText.fixed(value(figures), decimals: decimals) }

    private var summary: String {
        let better = windows.count { value($0.model) < value($0.naive) }
        let each = windows.map { "\($0.from.prefix(10)): model \(text($0.model)), naive \(text($0.naive))" }
        return "The model has the lower value in \(better) of \(windows.count) windows. "
            + each.joined(separator: "; ")
    }
}
