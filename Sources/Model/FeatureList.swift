import CivilTime
import Glibc
package import ModelRegistry

/// The features of the model: their names, versions and formulas (docs/MODEL.md states each).
///
/// Each is computed from hours at or before its own: nothing looks ahead. A formula that changes gets a higher version, so
/// that an artefact of another version is refused instead of being fed something else.
package enum FeatureList {
    /// In the order of the vector.
    package static let all: [ModelCard.Feature] = [
        "market_code", "hour_seoul", "weekday_seoul",
        "return_1", "return_2", "return_3", "return_6h", "return_12h", "return_24h", "range_1", "body_1",
        "vol_close_24h", "vol_close_168h", "vol_parkinson_24h", "vol_garman_klass_24h",
        "rsi_14", "macd", "macd_hist", "bollinger_position", "bollinger_width", "atr_14",
        "volume_change", "volume_24h",
    ].map { ModelCard.Feature(name: $0, version: 1) }

    /// Features that say when or where, not what the market did: no drift is sought in them.
    package static let calendar: Set<String> = ["market_code", "hour_seoul", "weekday_seoul"]

    /// Hours before a row, without any gap, that its features need.
    package static let history = 24

    /// A return of more than this in one hour (a factor of e) is taken for an error of the data.
    package static let absurdReturn = 1.0

    /// Why an hour has no features.
    package enum Lack: String, Sendable, Hashable, CaseIterable {
        /// One of the 24 hours before has no candle.
        case gap
        /// A window of Gold is not full, or Gold has not been computed.
        case warmUp = "warm_up"
        /// A price or volume of zero or less, one beyond all sense, or a return of more than a factor of e in an hour.
        case absurd

        /// As a person reads it, after "because".
        package var sentence: String {
            switch self {
            case .gap: "one of the 24 hours before has no candle"
            case .warmUp: "its indicators are not there yet"
            case .absurd: "prices or volumes of its last 24 hours make no sense"
            }
        }
    }

    /// The features of the hour at `index`, without the market's code, which stands first and is the caller's.
    ///
    /// - Parameter hours: of one market, ascending; only those up to `index` are read.
    static func values(_ hours: ArraySlice<MarketHour>, at index: Int) -> Result<[Double], LackError> {
        let now = hours[index]
        let first = index - history
        guard first >= hours.startIndex, now.hour - hours[first].hour == Int64(history) else {
            return .failure(LackError(lack: .gap))
        }
        let window = hours[first...index]
        for (previous, current) in zip(window, window.dropFirst()) {
            guard isSensible(previous), isSensible(current), let before = previous.close, let close = current.close,
                abs(log(close / before)) <= absurdReturn
            else { return .failure(LackError(lack: .absurd)) }
        }
        guard let open = now.open, let high = now.high, let low = now.low, let close = now.close,
            let volume = now.volume
        else { return .failure(LackError(lack: .absurd)) }
        guard let close24 = now.volatilityClose24h, let close168 = now.volatilityClose168h,
            let parkinson = now.volatilityParkinson24h, let garmanKlass = now.volatilityGarmanKlass24h,
            let rsi = now.rsi14, let macd = now.macd, let histogram = now.macdHistogram, let atr = now.atr14,
            let middle = now.bollingerMiddle, let upper = now.bollingerUpper, let lower = now.bollingerLower
        else { return .failure(LackError(lack: .warmUp)) }
        func before(_ count: Int) -> MarketHour { hours[index - count] }
        func past(_ from: Int, _ to: Int) -> Double {
            log((before(to).close ?? .nan) / (before(from).close ?? .nan))
        }
        let seoul = now.hour + 9
        let volumes = hours[(index - 23)...index].reduce(0.0) { $0 + ($1.volume ?? .nan) }
        let width = upper - lower
        let values = [
            Double(seoul.flooredRemainder(24)),
            // The epoch's first day was a Thursday; 0 is Monday.
            Double((seoul.flooredQuotient(24) + 3).flooredRemainder(7)),
            past(1, 0), past(2, 1), past(3, 2), past(6, 0), past(12, 0), past(24, 0), log(high / low),
            log(close / open),
            close24, close168, parkinson, garmanKlass,
            rsi, macd / close, histogram / close, width > 0 ? (close - lower) / width : 0.5, width / middle,
            atr / close,
            log(volume / (before(1).volume ?? .nan)), log(volume / (volumes / 24)),
        ]
        return values.allSatisfy(\.isFinite) ? .success(values) : .failure(LackError(lack: .absurd))
    }

    /// ``Lack`` as an error, for `Result`.
    struct LackError: Error { let lack: Lack }

    private static func isSensible(_ hour: MarketHour) -> Bool {
        guard let open = hour.open, let high = hour.high, let low = hour.low, let close = hour.close,
            let volume = hour.volume
        else { return false }
        return min(open, high, low, close) > 0 && volume > 0
    }
}
