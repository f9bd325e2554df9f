import CivilTime

/// The slots that hourly candles can be put together to. All begin in UTC: days at 00:00, weeks on Monday, months and
/// years on their first day, four hours at 00, 04, 08 …
enum CandlePeriod: Sendable, Equatable {
    case hour, fourHours, day, week, month, year

    /// The start of the slot that a time (seconds since the Unix epoch, served) lies in.
    func slotStart(of time: Int64) -> Int64 {
        let day: Int64 = 86_400
        switch self {
        case .hour: return time - time.flooredRemainder(3600)
        case .fourHours: return time - time.flooredRemainder(4 * 3600)
        case .day: return time - time.flooredRemainder(day)
        case .week:
            // 1970-01-05 was the first Monday of the epoch.
            return time - (time - 4 * day).flooredRemainder(7 * day)
        case .month, .year:
            let date = CivilDateTime(secondsAsUTC: time)
            let month = self == .year ? 1 : date.month
            return Int64(CivilDateTime.daysSinceEpoch(year: date.year, month: month, day: 1)) * day
        }
    }
}
