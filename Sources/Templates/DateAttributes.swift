import CivilTime

/// Plain attributes of dates, as pendulum's DateTime has them.
enum DateAttributes {
    static let names = [
        "year", "month", "day", "hour", "minute", "second", "microsecond", "day_of_week", "day_of_year", "week_of_year",
        "quarter", "days_in_month", "int_timestamp", "float_timestamp", "timezone_name",
    ]

    /// The attribute's value, nil when dates have none of that name.
    static func value(_ name: String, of date: DateValue) -> Value? {
        let civil = date.civil
        switch name {
        case "year": return .int(Int64(civil.year))
        case "month": return .int(Int64(civil.month))
        case "day": return .int(Int64(civil.day))
        case "hour": return .int(Int64(civil.hour))
        case "minute": return .int(Int64(civil.minute))
        case "second": return .int(Int64(civil.second))
        case "microsecond": return .int(Int64(civil.microsecond))
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
        guard !overflow, abs(total) < 1_200_000 else { throw Failure("the date is out of range") }
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
        return DateValue(civil: civil, zone: zone, hasTime: hasTime)
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
        default: throw Failure("unknown unit '\(unit)': expected second, minute, hour, day, week, month or year")
        }
    }

    /// The last microsecond of the unit that contains this date.
    func end(of unit: String) throws(Failure) -> DateValue {
        let start = try start(of: unit)
        let next: DateValue
        switch unit {
        case "second": next = try start.adding(microseconds: 1_000_000)
        case "minute": next = try start.adding(microseconds: 60_000_000)
        case "hour": next = try start.adding(microseconds: 3_600_000_000)
        case "day": next = try start.adding(days: 1)
        case "week": next = try start.adding(days: 7)
        case "month": next = try start.adding(months: 1)
        default: next = try start.adding(months: 12)
        }
        return try next.adding(microseconds: -1)
    }
}

/// Pendulum's `format()` with its tokens (`YYYY-MM-DD`), English names only.
enum TokenFormat {
    private static let tokens = [
        "YYYY", "MMMM", "DDDD", "dddd", "SSSSSS", "SSSSS", "SSSS", "SSS", "MMM", "DDD", "ddd", "YY", "MM", "DD", "HH",
        "hh", "mm", "ss", "SS", "ZZ", "Y", "Q", "M", "D", "d", "E", "H", "h", "m", "s", "S", "A", "X", "x", "Z", "z",
    ].sorted { $0.count > $1.count }

    static func text(_ date: DateValue, _ format: String) -> String {
        var result = ""
        var rest = format[...]
        while let character = rest.first {
            if character == "[", let close = rest.firstIndex(of: "]") {
                result += rest[rest.index(after: rest.startIndex)..<close]
                rest = rest[rest.index(after: close)...]
            } else if character == "\\", rest.count > 1 {
                rest.removeFirst()
                result.append(rest.removeFirst())
            } else if let token = tokens.first(where: { rest.hasPrefix($0) }) {
                result += value(date, token)
                rest = rest.dropFirst(token.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }

    private static func value(_ date: DateValue, _ token: String) -> String {
        let civil = date.civil
        switch token {
        case "YYYY": return padded(civil.year, 4)
        case "YY": return padded(civil.year % 100, 2)
        case "Y": return String(civil.year)
        case "Q": return String((civil.month + 2) / 3)
        case "MMMM": return DateFormat.monthNames[civil.month - 1]
        case "MMM": return String(DateFormat.monthNames[civil.month - 1].prefix(3))
        case "MM": return padded(civil.month, 2)
        case "M": return String(civil.month)
        case "DDDD": return padded(civil.dayOfYear, 3)
        case "DDD": return String(civil.dayOfYear)
        case "DD": return padded(civil.day, 2)
        case "D": return String(civil.day)
        case "dddd": return DateFormat.dayNames[civil.weekday]
        case "ddd": return String(DateFormat.dayNames[civil.weekday].prefix(3))
        case "d": return String(civil.weekday)
        case "E": return String(civil.weekday == 0 ? 7 : civil.weekday)
        case "HH": return padded(civil.hour, 2)
        case "H": return String(civil.hour)
        case "hh": return padded((civil.hour + 11) % 12 + 1, 2)
        case "h": return String((civil.hour + 11) % 12 + 1)
        case "mm": return padded(civil.minute, 2)
        case "m": return String(civil.minute)
        case "ss": return padded(civil.second, 2)
        case "s": return String(civil.second)
        case "A": return civil.hour < 12 ? "AM" : "PM"
        case "X": return String(date.instant.seconds)
        case "x": return String(date.instant.microseconds / 1000)
        case "ZZ": return date.offsetText(colon: false)
        case "Z": return date.offsetText(colon: true)
        case "z": return date.zone?.identifier ?? ""
        default: return String(padded(civil.microsecond, 6).prefix(token.count))
        }
    }
}
