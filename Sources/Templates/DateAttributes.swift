import CivilTime

/// Plain attributes of dates, as pendulum's DateTime has them.
enum DateAttributes {
    static let names = [
        "year", "month", "day", "hour", "minute", "second", "microsecond", "day_of_week", "day_of_year", "week_of_year",
        "quarter", "days_in_month", "int_timestamp", "float_timestamp", "timezone_name", "offset", "offset_hours",
        "week_of_month",
    ]

    /// The attribute's value, nil when dates have none of that name.
    static func value(_ name: String, of date: DateValue) -> Value? {
        let civil = date.civil
        switch name {
        case "year": return .int(Int64(civil.year))
        case "month": return .int(Int64(civil.month))
        case "day": return .int(Int64(civil.day))
        case _ where !date.hasTime && ["hour", "minute", "second", "microsecond"].contains(name): return nil
        case "hour": return .int(Int64(civil.hour))
        case "minute": return .int(Int64(civil.minute))
        case "second": return .int(Int64(civil.second))
        case "microsecond": return .int(Int64(civil.microsecond))
        case _ where !date.isPendulum: return nil
        case "offset": return date.offsetSeconds.map { .int(Int64($0)) } ?? .null
        case "offset_hours": return date.offsetSeconds.map { .double(Double($0) / 3600) } ?? .null
        case "week_of_month":
            let first = civil.adding(days: 1 - civil.day)
            return .int(Int64((civil.day + (first.weekday + 6) % 7 + 6) / 7))
        // Pendulum 3 counts from Monday, 0.
        case "day_of_week": return .int(Int64((civil.weekday + 6) % 7))
        case "day_of_year": return .int(Int64(civil.dayOfYear))
        case "week_of_year": return .int(Int64(civil.isoWeek.week))
        case "quarter": return .int(Int64((civil.month + 2) / 3))
        case "days_in_month": return .int(Int64(CivilDateTime.daysIn(month: civil.month, year: civil.year)))
        case "int_timestamp": return .int(date.instant.seconds)
        case "float_timestamp": return .double(Double(date.instant.microseconds) / 1e6)
        case "timezone_name": return date.zone.map { .string($0.identifier) } ?? .null
        default: return nil
        }
    }
}

extension DateValue {
    /// The same clock, moved by whole months: a day that the target month lacks becomes its last day.
    func adding(months: Int64) throws(Failure) -> DateValue {
        let (total, overflow) = (Int64(civil.year) * 12 + Int64(civil.month - 1)).addingReportingOverflow(months)
        guard !overflow, total.magnitude < 120_000 else { throw Self.outOfRange }
        let year = Int(total.flooredQuotient(12))
        let month = Int(total.flooredRemainder(12)) + 1
        return try with(year: year, month: month, day: min(civil.day, CivilDateTime.daysIn(month: month, year: year)))
    }

    /// The same date with some parts replaced.
    func with(
        year: Int? = nil, month: Int? = nil, day: Int? = nil, hour: Int? = nil, minute: Int? = nil, second: Int? = nil,
        microsecond: Int? = nil
    ) throws(Failure) -> DateValue {
        guard
            let civil = CivilDateTime(
                year: year ?? civil.year, month: month ?? civil.month, day: day ?? civil.day, hour: hour ?? civil.hour,
                minute: minute ?? civil.minute, second: second ?? civil.second,
                microsecond: microsecond ?? civil.microsecond)
        else { throw Failure("there is no such date") }
        return try DateValue(inRange: civil, zone: zone, hasTime: hasTime, isPendulum: isPendulum)
    }

    /// The first moment of the unit that contains this date.
    func start(of unit: String) throws(Failure) -> DateValue {
        let midnight = try with(hour: 0, minute: 0, second: 0, microsecond: 0)
        switch unit {
        case "second": return try with(microsecond: 0)
        case "minute": return try with(second: 0, microsecond: 0)
        case "hour": return try with(minute: 0, second: 0, microsecond: 0)
        case "day": return midnight
        case "week": return try midnight.adding(days: -Int64((civil.weekday + 6) % 7))
        case "month": return try midnight.with(day: 1)
        case "year": return try midnight.with(month: 1, day: 1)
        case "decade": return try midnight.with(year: civil.year - civil.year % 10, month: 1, day: 1)
        case "century": return try midnight.with(year: civil.year - 1 - (civil.year - 1) % 100 + 1, month: 1, day: 1)
        default:
            throw Failure(
                "unknown unit '\(unit)': expected second, minute, hour, day, week, month, year, decade or century")
        }
    }

    /// The last microsecond of the unit that contains this date.
    func end(of unit: String) throws(Failure) -> DateValue {
        let start = try start(of: unit)
        let last: DateValue
        switch unit {
        case "week": last = try start.adding(days: 6)
        case "month": last = try start.with(day: CivilDateTime.daysIn(month: civil.month, year: civil.year))
        case "year": last = try start.with(month: 12, day: 31)
        case "decade": last = try start.with(year: start.civil.year + 9, month: 12, day: 31)
        case "century": last = try start.with(year: start.civil.year + 99, month: 12, day: 31)
        default: last = start
        }
        guard hasTime else { return last }
        // As pendulum does, part by part: the last year's end has no first moment after it.
        switch unit {
        case "second": return try last.with(microsecond: 999_999)
        case "minute": return try last.with(second: 59, microsecond: 999_999)
        case "hour": return try last.with(minute: 59, second: 59, microsecond: 999_999)
        default: return try last.with(hour: 23, minute: 59, second: 59, microsecond: 999_999)
        }
    }
}
