import CivilTime
import Glibc

/// One hour of a market with its features, and its target where the next hour is known.
package struct FeatureRow: Sendable, Hashable {
    package let market: MarketKey
    /// Hours since the Unix epoch of the newest candle that the features know.
    package let hour: Int64
    /// In the order of ``FeatureList/all``, without the market's code.
    package let values: [Double]
    package let close: Double
    /// `vol_close_24h / sqrt(24 × 365)`: the deviation of one hour's return.
    package let hourlyVolatility: Double
    /// The log return of the next hour; nil when it is not known, or absurd.
    package let target: Double?
}

/// The hours of some markets as rows for a model.
package struct FeatureTable: Sendable {
    /// By market, then hour.
    package private(set) var rows: [FeatureRow] = []
    /// Hours that have no features, with the reason, by market.
    package private(set) var lacking: [MarketKey: [Int64: FeatureList.Lack]] = [:]
    /// Hours left out of a training, by reason: those without features, and those whose next hour is missing or absurd.
    package private(set) var dropped: [String: Int] = [:]

    private static let hoursAYear = 24.0 * 365

    package init() {}

    /// - Parameter hours: by market, each ascending and without repetitions.
    package init(_ hours: [MarketKey: [MarketHour]]) {
        for (market, hours) in hours.sorted(by: { $0.key < $1.key }) { add(market, hours[...]) }
    }

    private mutating func add(_ market: MarketKey, _ hours: ArraySlice<MarketHour>) {
        for index in hours.indices {
            let hour = hours[index]
            switch FeatureList.values(hours, at: index) {
            case .failure(let error):
                lacking[market, default: [:]][hour.hour] = error.lack
                dropped[error.lack.rawValue, default: 0] += 1
            case .success(let values):
                guard let close = hour.close, let volatility = hour.volatilityClose24h else { continue }
                let target = Self.target(close, next: index + 1 < hours.endIndex ? hours[index + 1] : nil, of: hour)
                if case .failure(let reason) = target { dropped[reason.reason, default: 0] += 1 }
                rows.append(
                    FeatureRow(
                        market: market, hour: hour.hour, values: values, close: close,
                        hourlyVolatility: volatility / sqrt(Self.hoursAYear), target: try? target.get()))
            }
        }
    }

    private struct NoTarget: Error { let reason: String }

    private static func target(
        _ close: Double, next: MarketHour?, of hour: MarketHour
    ) -> Result<Double, NoTarget> {
        guard let next, next.hour == hour.hour + 1 else { return .failure(NoTarget(reason: "no_next_hour")) }
        guard let after = next.close, after > 0 else { return .failure(NoTarget(reason: "absurd_next_hour")) }
        let value = log(after / close)
        return abs(value) <= FeatureList.absurdReturn ? .success(value) : .failure(NoTarget(reason: "absurd_next_hour"))
    }
}
