package import CivilTime

/// The length of a candle; the raw value is its token in the database, API and logs.
package enum CandleUnit: String, Sendable, Hashable, CaseIterable, Codable, CustomStringConvertible {
    case oneSecond = "1s"
    case oneMinute = "1m"
    case threeMinutes = "3m"
    case fiveMinutes = "5m"
    case tenMinutes = "10m"
    case fifteenMinutes = "15m"
    case thirtyMinutes = "30m"
    case oneHour = "1h"
    case fourHours = "4h"
    case oneDay = "1d"

    package var description: String { rawValue }

    /// The slot's length in seconds.
    package var seconds: Int64 {
        switch self {
        case .oneSecond: 1
        case .oneMinute: 60
        case .threeMinutes: 180
        case .fiveMinutes: 300
        case .tenMinutes: 600
        case .fifteenMinutes: 900
        case .thirtyMinutes: 1800
        case .oneHour: 3600
        case .fourHours: 14_400
        case .oneDay: 86_400
        }
    }

    /// The slot's length.
    package var duration: Duration { .seconds(seconds) }

    /// True when a candle of this unit may open at the instant; all units count from midnight UTC.
    package func isAligned(_ instant: Timestamp) -> Bool {
        instant.microseconds % (seconds * 1_000_000) == 0
    }
}
