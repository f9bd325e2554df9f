import CivilTime

/// The forecast part of a market's page.
struct ForecastSection {
    let models: any ModelPages
    let words: TimeWords

    private static let recordDays = 7
    private static let listed = 12
    private static let drawn = 48

    /// What the template `forecast` shows; a note when there is nothing to show.
    func view(_ price: MarketPrice, _ points: [MarketPoint]) async -> [String: Any] {
        do {
            let forecasts = try await models.forecasts(
                exchange: price.exchange, market: price.market, limit: Self.drawn)
            guard let newest = forecasts.first else {
                return ["note": "No forecast yet: they come every hour, with the DAG predict."]
            }
            let record = try await models.record(
                exchange: price.exchange, market: price.market, model: newest.model, hours: Self.recordDays * 24)
            return view(newest, forecasts, record, price, points)
        } catch {
            // The prices are worth showing without forecasts.
            return ["note": "The forecasts cannot be read right now: \(error)"]
        }
    }

    private func view(
        _ newest: MarketForecast, _ forecasts: [MarketForecast], _ record: ForecastRecord, _ price: MarketPrice,
        _ points: [MarketPoint]
    ) -> [String: Any] {
        let end = newest.targetTime + .seconds(3_600)
        let isOver = newest.targetTime <= price.hour
        var view: [String: Any] = [
            "any": true, "title": isOver ? "Newest forecast; its hour is over" : "Forecast of the next hour",
            "price": NumberText.price(newest.price), "until": TimeWords.minute(end) + " UTC",
            "quote": price.market.split(separator: "-").first.map(String.init) ?? "",
            "made": words.view(newest.madeAt), "isLate": newest.isLate,
            "isUnknown": newest.model != nil && !newest.isMarketKnown,
            "record": ModelWords.record(record, isNaive: newest.model == nil, days: Self.recordDays),
            "rows": forecasts.prefix(Self.listed).map(row), "change": false, "band": false, "model": false,
        ]
        if let close = Double(newest.close), close > 0 {
            let change = newest.price / close - 1
            view["change"] = NumberText.percent(change, signed: true)
            view["direction"] = change > 0 ? "up" : change < 0 ? "down" : "flat"
        }
        if let lower = newest.lower, let upper = newest.upper {
            view["band"] = "\(NumberText.price(lower)) to \(NumberText.price(upper))"
        }
        if let model = newest.model {
            view["model"] = ["href": PageLink.model(model), "name": newest.modelName]
        } else {
            view["naive"] = newest.naiveReason.map { "because " + $0 } ?? "because no model could be used"
            view["isNaive"] = true
        }
        if let probabilities = newest.probabilities, probabilities.count == 3 {
            view["probabilities"] = Self.bars(probabilities, deadBand: newest.deadBand)
        }
        if let chart = ForecastLine(points: points, forecasts: forecasts) { view["chart"] = chart.html.html }
        return view
    }

    private func row(_ forecast: MarketForecast) -> [String: Any] {
        // Every key: a missing one would be looked up around the row.
        var row: [String: Any] = [
            "band": "", "model": false, "naive": forecast.model == nil ? "naive" : "",
            "hour": TimeWords.minute(forecast.targetTime), "forecast": NumberText.price(forecast.price),
            "isLate": forecast.isLate, "actual": forecast.actualClose.map(NumberText.grouped) ?? "",
            "error": forecast.error.map { NumberText.percent($0, signed: true) } ?? "",
            "inside": forecast.isInside.map { $0 ? "inside" : "outside" } ?? "",
        ]
        if let lower = forecast.lower, let upper = forecast.upper {
            row["band"] = "\(NumberText.price(lower)) – \(NumberText.price(upper))"
        }
        if let model = forecast.model {
            row["model"] = ["href": PageLink.model(model), "name": forecast.modelName]
        }
        return row
    }

    /// The three probabilities as one bar in SVG, with the figures as text.
    private static func bars(_ probabilities: [Double], deadBand: Double) -> [String: Any] {
        var html = HTMLText()
        html.markup("<svg class=\"odds\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")
        var place = 0
        for (probability, name) in zip(probabilities, ["odds-down", "odds-flat", "odds-up"]) {
            let width = Int(min(max(probability.isFinite ? probability : 0, 0), 1) * 1_000)
            html.markup("<rect height=\"12\" class=\"")
            html.value(name)
            html.markup("\" x=\"")
            html.value(place)
            html.markup("\" width=\"")
            html.value(width)
            html.markup("\"/>")
            place += width
        }
        html.markup("</svg>")
        let texts = probabilities.map { NumberText.fixed($0 * 100, decimals: 0) + " %" }
        return [
            "bar": html.html, "down": texts[0], "flat": texts[1], "up": texts[2],
            "within": NumberText.percent(deadBand),
        ]
    }
}
