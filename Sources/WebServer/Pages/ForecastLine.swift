import CivilTime

/// The last closes of a market with the bands that were forecast for them, and the forecast of the next hour.
struct ForecastLine {
    private let points: [MarketPoint]
    /// By the hour forecast.
    private let forecasts: [Timestamp: MarketForecast]
    private let newest: MarketForecast
    private let start: Timestamp
    private let hours: Int

    private static let shownHours = 48

    /// - Parameter forecasts: newest first; nil when there is none.
    init?(points: [MarketPoint], forecasts: [MarketForecast]) {
        guard let newest = forecasts.first, newest.price.isFinite else { return nil }
        let end = max(points.last?.hour ?? newest.targetTime, newest.targetTime)
        let first = end - .seconds(Int64(Self.shownHours - 1) * 3_600)
        self.points = points.filter { $0.hour >= first && $0.hour <= end }
        self.forecasts = Dictionary(
            forecasts.filter { $0.targetTime >= first }.map { ($0.targetTime, $0) },
            uniquingKeysWith: { first, _ in first })
        self.newest = newest
        start = self.points.first.map { min($0.hour, newest.targetTime) } ?? newest.targetTime
        hours = Int((end - start).wholeMicroseconds / 3_600_000_000) + 1
    }

    var html: HTMLText {
        let bands = forecasts.values.flatMap { [$0.lower, $0.upper] }
        let frame = PlotFrame(
            values: (points.map(\.close) + bands + [newest.price]).compactMap { $0 }, width: 960, height: 280, left: 8,
            right: 96)
        var html = HTMLText()
        frame.open(
            &html, id: "forecast-plot", title: "Closes of the last \(hours) hours and the forecast",
            description: summary)
        frame.rules(&html, atRight: true) { NumberText.price($0) }
        days(&html, frame)
        for forecast in forecasts.values.sorted(by: { $0.targetTime < $1.targetTime }) where forecast != newest {
            band(forecast, "band", &html, frame)
        }
        band(newest, "band next", &html, frame)
        frame.line(
            &html, "close",
            points.map { point in
                point.close.flatMap { $0.isFinite ? (x: x(point.hour, frame), y: frame.y($0)) : nil }
            })
        mark(&html, frame)
        html.markup("</svg>")
        return html
    }

    /// The middle of an hour's place.
    private func x(_ hour: Timestamp, _ frame: PlotFrame) -> Double {
        let place = Double((hour - start).wholeMicroseconds) / 3_600_000_000
        return frame.x((place + 0.5) / Double(hours))
    }

    private func band(
        _ forecast: MarketForecast, _ cssClass: StaticString, _ html: inout HTMLText, _ frame: PlotFrame
    ) {
        guard let lower = forecast.lower, let upper = forecast.upper, lower.isFinite, upper.isFinite else { return }
        let width = (frame.width - frame.left - frame.right) / Double(hours)
        frame.box(
            &html, cssClass, x: x(forecast.targetTime, frame) - width / 2, y: frame.y(upper), width: width,
            height: frame.y(lower) - frame.y(upper), title: Self.text(forecast))
    }

    private func mark(_ html: inout HTMLText, _ frame: PlotFrame) {
        let place = x(newest.targetTime, frame)
        if let last = points.last(where: { $0.close != nil }), let close = last.close, last.hour < newest.targetTime {
            frame.rule(
                &html, x1: x(last.hour, frame), x2: place, y1: frame.y(close), y2: frame.y(newest.price),
                cssClass: "ahead")
        }
        frame.circle(&html, "forecast", x: place, y: frame.y(newest.price), r: 5, title: Self.text(newest))
    }

    private func days(_ html: inout HTMLText, _ frame: PlotFrame) {
        for offset in 0..<hours {
            let hour = start + .seconds(Int64(offset) * 3_600)
            guard hour.seconds.flooredRemainder(6 * 3_600) == 0 else { continue }
            let minute = TimeWords.minute(hour)
            let isMidnight = hour.seconds.flooredRemainder(86_400) == 0
            frame.upright(
                &html, x: x(hour, frame), String(isMidnight ? minute.prefix(10).suffix(5) : minute.suffix(5)))
        }
    }

    private static func text(_ forecast: MarketForecast) -> String {
        var text = "\(TimeWords.minute(forecast.targetTime)): forecast \(NumberText.price(forecast.price))"
        if let lower = forecast.lower, let upper = forecast.upper {
            text += ", 80 % band \(NumberText.price(lower)) to \(NumberText.price(upper))"
        }
        return text
    }

    private var summary: String {
        let last = points.compactMap(\.close).last.map { "The last close is \(NumberText.price($0)). " } ?? ""
        return last + Self.text(newest)
    }
}
