import CivilTime
import Testing

@testable import WebServer

@Suite("Forecasts on the market page", .timeLimit(.minutes(1)))
struct ForecastTests {
    private static let hour = Sample.now - .seconds(Sample.now.seconds.flooredRemainder(3_600) + 3_600)

    private static func point(_ place: Int) -> MarketPoint {
        let wave = Double(place * 37 % 23) * 40_000
        let start = hour - .seconds(3_600 * 335)
        return MarketPoint(
            hour: start + .seconds(3_600 * Int64(place)), close: place == 320 ? nil : 134_000_000 + wave, average: nil)
    }

    private let markets = FakeMarkets(
        prices: [
            MarketPrice(exchange: "upbit", market: "KRW-BTC", hour: hour, price: "134567000.5", change24h: 0.01)
        ],
        points: (0..<336).map(point))
    private let known = ForecastRecord(hours: 160, rmse: 0.0049, naiveRMSE: 0.005, coverage: 0.79)

    private func page(_ models: FakeModels?) async throws -> String {
        try await TestSite(FakeHistory(), markets: markets, models: models).get("/market/KRW-BTC").text
    }

    @Test("the newest forecast has its band, probabilities, model and record")
    func newest() async throws {
        let text = try await page(FakeModels(latest: Sample.forecasts(after: Self.hour, count: 30), known: known))
        for part in [
            "Forecast of the next hour", "With a chance of 80 % between", "falls 25 %", "stays within ±0.12 %",
            "rises 40 %",
            "By the model <a href=\"/models/2\">2026-10-31T22-8f3a</a>", "0.980 times the naive forecast",
            "79 % of the outcomes",
            "id=\"forecast-plot-title\"", "class=\"band next\"", "class=\"forecast\"", ">outside</td>", ">naive</td>",
        ] { #expect(text.contains(part), "\(part)") }
        // A row without a model does not borrow the newest one's.
        #expect(text.split(separator: "<a href=\"/models/2\">").count - 1 == 12)
    }

    @Test("a naive forecast says why, also when it is late and its hour is over")
    func naive() async throws {
        var forecast = Sample.forecasts(after: Self.hour - .seconds(7_200), count: 1)[0]
        (forecast.model, forecast.modelName, forecast.probabilities) = (nil, "naive: no model is in use", nil)
        (forecast.isLate, forecast.isMarketKnown, forecast.lower) = (true, false, nil)
        let text = try await page(FakeModels(latest: [forecast]))
        #expect(text.contains("Newest forecast; its hour is over"))
        #expect(text.contains("By the naive forecast, because no model is in use"))
        #expect(text.contains("after its hour had ended") && !text.contains("not trained on this market"))
        #expect(text.contains("No band") && text.contains("there is no record") && !text.contains("falls"))
    }

    @Test("a model that does not know the market says so")
    func unknownMarket() async throws {
        var forecast = Sample.forecasts(after: Self.hour, count: 1)[0]
        #expect(!(try await page(FakeModels(latest: [forecast])).contains("not trained on this market")))
        forecast.isMarketKnown = false
        #expect(try await page(FakeModels(latest: [forecast])).contains("not trained on this market"))
    }

    @Test(
        "the reason of a naive forecast is found however it is written",
        arguments: [
            ("naive", nil), ("naive: no model", "no model"), ("naive (no model)", "no model"),
            ("naive, because no model (yet)", "no model (yet)"),
            ("naive forecast – features differ", "features differ"),
        ])
    func reasons(name: String, expected: String?) {
        var forecast = Sample.forecasts(after: Self.hour, count: 1)[0]
        forecast.modelName = name
        #expect(forecast.naiveReason == nil)
        forecast.model = nil
        #expect(forecast.naiveReason == expected)
    }

    @Test("without a forecast, without models, or when they cannot be read, the page still shows the market")
    func none() async throws {
        #expect(try await page(FakeModels()).contains("No forecast yet"))
        #expect(!(try await page(nil).contains("aria-labelledby=\"forecast\"")))
        let broken = try await page(FakeModels(failure: NoAnswer(patience: .seconds(2))))
        #expect(broken.contains("The forecasts cannot be read right now") && broken.contains("134,567,000.5"))
    }

    @Test("a record says better, the same or not better")
    func records() {
        func words(_ rmse: Double) -> String {
            ModelWords.record(
                ForecastRecord(hours: 1, rmse: rmse, naiveRMSE: 1, coverage: nil), isNaive: false, days: 7)
        }
        #expect(words(0.9).hasSuffix("(1 hour), its error (RMSE) was 0.900 times the naive forecast's: better."))
        #expect(words(1).hasSuffix(": the same."))
        #expect(words(1.2).hasSuffix(": not better, which is common."))
        let still = ForecastRecord(hours: 3, rmse: 0, naiveRMSE: 0, coverage: nil)
        #expect(ModelWords.record(still, isNaive: false, days: 7).hasSuffix("nothing moved."))
    }

    @Test("the chart survives gaps, absurd prices, forecasts without closes and closes without bands")
    func chart() throws {
        var forecasts = Sample.forecasts(after: Self.hour, count: 50)
        let whole = try #require(ForecastLine(points: markets.points, forecasts: forecasts))
        #expect(Markup.problem(in: whole.html.html) == nil)
        #expect(whole.html.html.split(separator: "class=\"band").count == 49)
        #expect(try #require(ForecastLine(points: [], forecasts: forecasts)).html.html.contains("class=\"forecast\""))
        forecasts[0].upper = .infinity
        forecasts[1].lower = .nan
        let absurd = try #require(ForecastLine(points: markets.points, forecasts: forecasts)).html.html
        #expect(Markup.problem(in: absurd) == nil && !absurd.contains("=\"nan"))
        forecasts[0].price = .nan
        #expect(ForecastLine(points: markets.points, forecasts: forecasts) == nil)
        #expect(ForecastLine(points: markets.points, forecasts: []) == nil)
    }
}
