package import CivilTime

/// A forecast of a market's next hour, with what came of it.
package struct MarketForecast: Hashable, Sendable {
    package var exchange: String
    package var market: String
    /// The start of the hour forecast; the price is meant as of its end.
    package var targetTime: Timestamp
    package var madeAt: Timestamp
    /// Made after its hour had ended.
    package var isLate: Bool
    /// Nil for the naive forecast.
    package var model: Int64?
    /// The model's name; for the naive forecast `naive`, and why.
    package var modelName: String
    /// Whether the model was trained on this market.
    package var isMarketKnown: Bool
    /// The exact close that the forecast starts from.
    package var close: String
    package var price: Double
    /// The 80 % band; nil when the volatility was not known.
    package var lower: Double?
    package var upper: Double?
    /// A log return of at most this much either way is flat.
    package var deadBand: Double
    /// Of down, flat and up; nil for the naive forecast.
    package var probabilities: [Double]?
    /// The exact close that came; nil until the hour is over.
    package var actualClose: String?
    /// Actual minus forecast log return.
    package var error: Double?
    package var isInside: Bool?

    package init(
        exchange: String, market: String, targetTime: Timestamp, madeAt: Timestamp, isLate: Bool, model: Int64?,
        modelName: String, isMarketKnown: Bool, close: String, price: Double, lower: Double?, upper: Double?,
        deadBand: Double, probabilities: [Double]?, actualClose: String?, error: Double?, isInside: Bool?
    ) {
        self.exchange = exchange
        self.market = market
        self.targetTime = targetTime
        self.madeAt = madeAt
        self.isLate = isLate
        self.model = model
        self.modelName = modelName
        self.isMarketKnown = isMarketKnown
        self.close = close
        self.price = price
        self.lower = lower
        self.upper = upper
        self.deadBand = deadBand
        self.probabilities = probabilities
        self.actualClose = actualClose
        self.error = error
        self.isInside = isInside
    }

    /// Why it is naive, as the end of a sentence; nil for a model's forecast or when no reason is given.
    var naiveReason: String? {
        guard model == nil else { return nil }
        var text = modelName[...]
        for word in ["naive forecast", "naive"] where text.hasPrefix(word) {
            text = text.dropFirst(word.count)
            break
        }
        while let first = text.first, " ,:;–—-(".contains(first) { text.removeFirst() }
        if text.hasPrefix("because ") { text = text.dropFirst("because ".count) }
        if text.hasSuffix(")"), !text.contains("(") { text.removeLast() }
        return text.isEmpty ? nil : String(text)
    }
}

/// How forecasts did beside the naive forecast, over hours whose outcome is known.
package struct ForecastRecord: Hashable, Sendable {
    package var hours: Int
    package var rmse: Double?
    package var naiveRMSE: Double?
    /// Share of outcomes inside the band.
    package var coverage: Double?

    package init(hours: Int, rmse: Double?, naiveRMSE: Double?, coverage: Double?) {
        self.hours = hours
        self.rmse = rmse
        self.naiveRMSE = naiveRMSE
        self.coverage = coverage
    }

    /// The error as a multiple of the naive forecast's; nil when that is not known, or nothing moved.
    var ratio: Double? {
        guard let rmse, let naiveRMSE, naiveRMSE > 0, hours > 0 else { return nil }
        return rmse / naiveRMSE
    }
}
