/// A date and time as a calendar and a wall clock show them, without a zone: proleptic Gregorian, no leap seconds.
///
/// The day arithmetic is Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": exact for every year,
/// negative ones included, without tables or loops.
package struct CivilDateTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The astronomical year: 0 is 1 BC.
    package private(set) var year: Int
    /// 1 to 12.
    package private(set) var month: Int
    /// 1 to the month's last day.
    package private(set) var day: Int
    /// 0 to 23.
    package private(set) var hour: Int
    /// 0 to 59.
    package private(set) var minute: Int
    /// 0 to 59.
    package private(set) var second: Int
    /// 0 to 999,999.
    package private(set) var microsecond: Int

    /// A date and time; nil when a part is outside its range or the month has no such day.
    package init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0
    ) {
        guard (-200_000...200_000).contains(year), (1...12).contains(month),
            day >= 1, day <= Self.daysIn(month: month, year: year), (0...23).contains(hour), (0...59).contains(minute),
            (0...59).contains(second), (0...999_999).contains(microsecond)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second, self.microsecond) = (hour, minute, second, microsecond)
    }

    /// What a clock in UTC shows at an instant.
    package init(asUTC instant: Timestamp) {
        self.init(secondsAsUTC: instant.seconds, microsecond: instant.microsecondOfSecond)
    }

    /// The date and time that lies `seconds` after 1970-01-01T00:00:00 on the same clock.
    package init(secondsAsUTC seconds: Int64, microsecond: Int = 0) {
        let days = Int(seconds.flooredQuotient(86_400))
        let secondOfDay = Int(seconds.flooredRemainder(86_400))
        (year, month, day) = Self.date(daysSinceEpoch: days)
        hour = secondOfDay / 3600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
        self.microsecond = microsecond
    }

    /// Days since 1970-01-01 of this date.
    package var daysSinceEpoch: Int {
        Self.daysSinceEpoch(year: year, month: month, day: day)
    }

    /// Seconds since midnight, fraction excluded.
    package var secondOfDay: Int { hour * 3600 + minute * 60 + second }

    /// Seconds since 1970-01-01T00:00:00 on the same clock, fraction excluded.
    package var secondsAsUTC: Int64 { Int64(daysSinceEpoch) * 86_400 + Int64(secondOfDay) }

    /// Microseconds since 1970-01-01T00:00:00 on the same clock.
    package var microsecondsAsUTC: Int64 { secondsAsUTC * 1_000_000 + Int64(microsecond) }

    /// The instant at which a clock in UTC shows this.
    package var asUTC: Timestamp { Timestamp(microseconds: microsecondsAsUTC) }

    /// 0 for Sunday to 6 for Saturday, cron's numbering.
    package var weekday: Int { Self.weekday(daysSinceEpoch: daysSinceEpoch) }

    /// 1 on the first of January.
    package var dayOfYear: Int {
        daysSinceEpoch - Self.daysSinceEpoch(year: year, month: 1, day: 1) + 1
    }

    /// ISO 8601's week and the year it belongs to: the week with the year's first Thursday is week 1.
    package var isoWeek: (year: Int, week: Int) {
        let thursday = adding(days: 3 - (weekday + 6) % 7)
        return (thursday.year, (thursday.dayOfYear - 1) / 7 + 1)
    }

    /// The same time of day on another date, `days` later.
    package func adding(days: Int) -> CivilDateTime {
        var copy = self
        (copy.year, copy.month, copy.day) = Self.date(daysSinceEpoch: daysSinceEpoch + days)
        return copy
    }

    /// Midnight at the start of this date.
    package var startOfDay: CivilDateTime {
        var copy = self
        (copy.hour, copy.minute, copy.second, copy.microsecond) = (0, 0, 0, 0)
        return copy
    }

    /// ISO 8601 without an offset, `2024-02-29T07:18:00`.
    package var description: String {
        var bytes: [UInt8] = []
        ISO8601.append(date: self, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        ISO8601.append(time: self, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func < (left: CivilDateTime, right: CivilDateTime) -> Bool {
        left.microsecondsAsUTC < right.microsecondsAsUTC
    }
}

extension CivilDateTime {
    /// Whether February has 29 days.
    package static func isLeap(year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// The number of days of a month (1 to 12).
    package static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year: year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
    package static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(400)
        let yearOfEra = shifted - era * 400
        let dayOfShiftedYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfShiftedYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date that lies `days` after 1970-01-01.
    package static func date(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// 0 for Sunday to 6 for Saturday; 1970-01-01 was a Thursday.
    package static func weekday(daysSinceEpoch days: Int) -> Int {
        (days + 4).flooredRemainder(7)
    }
}
