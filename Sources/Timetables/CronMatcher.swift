import CivilTime

/// Finds the dates and times on a clock that match an expression, without a zone.
///
/// Times are seconds since 1970-01-01T00:00:00 on that clock. Nothing is allocated: the fields are bit masks, and a
/// month's matching days are computed as one mask from its length and the weekday of its first day. A year is one of 14
/// kinds (leap or not, the weekday of 1 January), so the kinds in which the expression matches at all are known from the
/// beginning: rare days such as 29 February on a Monday skip straight to their year, and an impossible one is known to
/// be.
struct CronMatcher: Sendable {
    /// How the two day fields combine.
    enum DayRule: Sendable, Hashable {
        /// Both must match when one begins with a star (cron(8) of Vixie and Debian), otherwise either.
        case debian
        /// Either suffices unless one is unrestricted in croniter's sense; a counted weekday (`n#k`, `L5`) counts alone.
        case croniter
    }

    /// The first and last seconds looked at: years 1 to 9999.
    private static let firstYear = 1
    private static let lastYear = 9999

    private let hours, minutes, seconds: UInt64
    private let firstHour, firstMinute, firstSecond: Int
    private let lastHour, lastMinute, lastSecond: Int
    private let months: UInt64
    private let days: CronExpression.DayFields
    private let bothDays: Bool
    /// Bit `weekday of 1 January + 7 if leap` for the kinds of year with a match.
    private let yearKinds: UInt64

    init(_ expression: CronExpression, dayRule: DayRule) {
        let times = expression.times
        (hours, minutes, seconds) = (times.hours, times.minutes, times.seconds)
        firstHour = hours.trailingZeroBitCount
        firstMinute = minutes.trailingZeroBitCount
        firstSecond = seconds.trailingZeroBitCount
        lastHour = 63 - hours.leadingZeroBitCount
        lastMinute = 63 - minutes.leadingZeroBitCount
        lastSecond = 63 - seconds.leadingZeroBitCount
        months = expression.months
        var days = expression.days
        switch dayRule {
        case .debian:
            bothDays = days.monthStar || days.weekStar
        case .croniter:
            // croniter forgets the day of month beside a counted weekday.
            if days.nthOfWeek != 0 { days.ofMonth = ~0 }
            bothDays = days.monthOpen || days.weekOpen || days.nthOfWeek != 0
        }
        self.days = days
        var kinds: UInt64 = 0
        for leap in [false, true] {
            for january in 0..<7 {
                var first = january
                for month in 1...12 {
                    let length = CivilDateTime.daysIn(month: month, year: leap ? 2000 : 2001)
                    if months >> UInt64(month) & 1 == 1,
                        Self.dayMask(days, both: bothDays, firstWeekday: first, length: length) != 0
                    {
                        kinds |= 1 << UInt64(january + (leap ? 7 : 0))
                    }
                    first = (first + length) % 7
                }
            }
        }
        yearKinds = kinds
    }

    /// Whether no date matches in any year.
    var neverMatches: Bool { yearKinds == 0 }

    /// The matching days of a month, bits 1 to 31.
    private static func dayMask(
        _ days: CronExpression.DayFields, both: Bool, firstWeekday: Int, length: Int
    ) -> UInt64 {
        let all: UInt64 = (1 << UInt64(length + 1)) - 2
        var byMonthDay = days.ofMonth & all
        if days.lastOfMonth { byMonthDay |= 1 << UInt64(length) }
        // Bit 0 of a turned copy is the first day's weekday; five copies fill a month.
        let turned = (days.ofWeek >> UInt64(firstWeekday) | days.ofWeek << UInt64(7 - firstWeekday)) & 0x7F
        var byWeekday = (turned | turned << 7 | turned << 14 | turned << 21 | turned << 28) << 1
        var nth = days.nthOfWeek
        while nth != 0 {
            let bit = nth.trailingZeroBitCount
            nth &= nth - 1
            let first = (bit / 8 - firstWeekday + 7) % 7 + 1
            let count = bit % 8
            let day = count == 0 ? first + (length - first) / 7 * 7 : first + (count - 1) * 7
            byWeekday |= 1 << UInt64(day)
        }
        byWeekday &= all
        return both ? byMonthDay & byWeekday : byMonthDay | byWeekday
    }

    private func dayMask(year: Int, month: Int) -> UInt64 {
        guard months >> UInt64(month) & 1 == 1 else { return 0 }
        let first = CivilDateTime.daysSinceEpoch(year: year, month: month, day: 1)
        return Self.dayMask(
            days, both: bothDays, firstWeekday: CivilDateTime.weekday(daysSinceEpoch: first),
            length: CivilDateTime.daysIn(month: month, year: year))
    }

    private func yearMatches(_ year: Int) -> Bool {
        let january = CivilDateTime.weekday(daysSinceEpoch: CivilDateTime.daysSinceEpoch(year: year, month: 1, day: 1))
        return yearKinds >> UInt64(january + (CivilDateTime.isLeap(year: year) ? 7 : 0)) & 1 == 1
    }

    /// The first match at or after a time; nil when there is none before the year 10000.
    func next(atOrAfter wanted: Int64) -> Int64? {
        guard yearKinds != 0 else { return nil }
        let day = Int(wanted.flooredQuotient(86_400))
        var (year, month, dayOfMonth) = CivilDateTime.date(daysSinceEpoch: day)
        guard year <= Self.lastYear else { return nil }
        if year < Self.firstYear { (year, month, dayOfMonth) = (Self.firstYear, 1, 0) }
        var mask = dayMask(year: year, month: month)
        if dayOfMonth > 0, mask >> UInt64(dayOfMonth) & 1 == 1,
            let time = nextTime(atOrAfter: Int(wanted - Int64(day) * 86_400))
        {
            return Int64(day) * 86_400 + Int64(time)
        }
        mask &= ~0 << UInt64(dayOfMonth + 1)
        while mask == 0 {
            let later = month == 12 ? 0 : months & (~0 << UInt64(month + 1))
            if later != 0 {
                month = later.trailingZeroBitCount
            } else {
                // The kinds of year repeat every 400 years and one of them matches, so this ends.
                repeat { year += 1 } while year <= Self.lastYear && !yearMatches(year)
                guard year <= Self.lastYear else { return nil }
                month = months.trailingZeroBitCount
            }
            mask = dayMask(year: year, month: month)
        }
        let found = CivilDateTime.daysSinceEpoch(year: year, month: month, day: mask.trailingZeroBitCount)
        return Int64(found) * 86_400 + Int64(firstHour * 3600 + firstMinute * 60 + firstSecond)
    }

    /// The last match at or before a time; nil when there is none since the year 1.
    func previous(atOrBefore wanted: Int64) -> Int64? {
        guard yearKinds != 0 else { return nil }
        let day = Int(wanted.flooredQuotient(86_400))
        var (year, month, dayOfMonth) = CivilDateTime.date(daysSinceEpoch: day)
        guard year >= Self.firstYear else { return nil }
        if year > Self.lastYear { (year, month, dayOfMonth) = (Self.lastYear, 12, 32) }
        var mask = dayMask(year: year, month: month)
        if mask >> UInt64(dayOfMonth) & 1 == 1,
            let time = previousTime(atOrBefore: Int(wanted - Int64(day) * 86_400))
        {
            return Int64(day) * 86_400 + Int64(time)
        }
        mask &= (1 << UInt64(dayOfMonth)) - 1
        while mask == 0 {
            let earlier = months & ((1 << UInt64(month)) - 1)
            if earlier != 0 {
                month = 63 - earlier.leadingZeroBitCount
            } else {
                repeat { year -= 1 } while year >= Self.firstYear && !yearMatches(year)
                guard year >= Self.firstYear else { return nil }
                month = 63 - months.leadingZeroBitCount
            }
            mask = dayMask(year: year, month: month)
        }
        let found = CivilDateTime.daysSinceEpoch(year: year, month: month, day: 63 - mask.leadingZeroBitCount)
        return Int64(found) * 86_400 + Int64(lastHour * 3600 + lastMinute * 60 + lastSecond)
    }

    /// The first matching second of a day at or after one; nil when the day has no more.
    private func nextTime(atOrAfter secondOfDay: Int) -> Int? {
        let hour = secondOfDay / 3600
        let minute = secondOfDay / 60 % 60
        let second = secondOfDay % 60
        if hours >> UInt64(hour) & 1 == 1 {
            if minutes >> UInt64(minute) & 1 == 1 {
                let left = seconds >> UInt64(second)
                if left != 0 { return secondOfDay + left.trailingZeroBitCount }
            }
            let later = minutes & (~0 << UInt64(minute + 1))
            if later != 0 { return hour * 3600 + later.trailingZeroBitCount * 60 + firstSecond }
        }
        let later = hours & (~0 << UInt64(hour + 1))
        guard later != 0 else { return nil }
        return later.trailingZeroBitCount * 3600 + firstMinute * 60 + firstSecond
    }

    /// The last matching second of a day at or before one; nil when the day has none yet.
    private func previousTime(atOrBefore secondOfDay: Int) -> Int? {
        let hour = secondOfDay / 3600
        let minute = secondOfDay / 60 % 60
        let second = secondOfDay % 60
        if hours >> UInt64(hour) & 1 == 1 {
            if minutes >> UInt64(minute) & 1 == 1 {
                let left = seconds & ((2 << UInt64(second)) - 1)
                if left != 0 { return hour * 3600 + minute * 60 + 63 - left.leadingZeroBitCount }
            }
            let earlier = minutes & ((1 << UInt64(minute)) - 1)
            if earlier != 0 { return hour * 3600 + (63 - earlier.leadingZeroBitCount) * 60 + lastSecond }
        }
        let earlier = hours & ((1 << UInt64(hour)) - 1)
        guard earlier != 0 else { return nil }
        return (63 - earlier.leadingZeroBitCount) * 3600 + lastMinute * 60 + lastSecond
    }
}
