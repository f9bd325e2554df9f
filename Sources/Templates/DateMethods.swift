import CivilTime

/// The methods of dates: Python's, and pendulum's for the dates of the context.
enum DateMethods {
    private static let ofDays: Set<String> = [
        "strftime", "isoformat", "weekday", "isoweekday", "isocalendar", "replace", "ctime", "toordinal",
    ]
    private static let ofTimes: Set<String> = ["date", "timestamp", "utcoffset", "tzname"]
    private static let ofPendulum: Set<String> = [
        "format", "add", "subtract", "start_of", "end_of", "first_of", "last_of", "diff", "set", "is_leap_year",
        "to_date_string", "to_formatted_date_string",
    ]
    private static let ofPendulumTimes: Set<String> = [
        "in_timezone", "in_tz", "at", "on", "naive", "to_time_string", "to_datetime_string", "to_iso8601_string",
        "to_rfc3339_string", "to_w3c_string", "to_atom_string", "to_day_datetime_string", "to_rfc2822_string",
        "to_rss_string", "to_rfc1123_string",
    ]
    /// What to use for those that this version lacks.
    static let instead: [String: String] = [
        "tzinfo": "use timezone_name", "tz": "use timezone_name", "timezone": "use timezone_name",
        "time": "use strftime('%H:%M:%S')", "astimezone": "use in_timezone('…')", "timetuple": "use strftime",
        "diff_for_humans": "use (a - b).in_hours()", "age": "use (a - b).in_days()",
        "next": "use add(days=…)", "previous": "use subtract(days=…)",
    ]
    static let names = ofDays.union(ofTimes).union(ofPendulum).union(ofPendulumTimes)

    static func has(_ name: String, _ date: DateValue) -> Bool {
        ofDays.contains(name) || date.hasTime && ofTimes.contains(name)
            || date.isPendulum && (ofPendulum.contains(name) || date.hasTime && ofPendulumTimes.contains(name))
    }

    static func call(_ name: String, on date: DateValue, _ arguments: CallArguments) throws(Failure) -> Value {
        func string(_ parameter: String) throws(Failure) -> String {
            try CallArguments.string(try arguments.values([parameter], of: name)[0], parameter, of: name)
        }
        switch name {
        case "strftime": return .string(try DateFormat.text(date, given: try string("format")))
        case "format": return .string(try TokenFormat.text(date, try string("fmt")))
        case "isoformat": return .string(try isoFormat(date, arguments))
        case "add", "subtract": return .date(try moved(date, name, arguments))
        case "replace", "set", "at", "on": return .date(try replaced(date, name, arguments))
        case "start_of": return .date(try date.start(of: try string("unit")))
        case "end_of": return .date(try date.end(of: try string("unit")))
        case "first_of", "last_of":
            let unit = try string("unit")
            guard ["month", "quarter", "year"].contains(unit) else {
                throw Failure("'\(name)' has no unit '\(unit)': expected month, quarter or year")
            }
            let months = unit == "month" ? 1 : unit == "quarter" ? 3 : 12
            let midnight = try date.with(
                month: (date.civil.month - 1) / months * months + 1, day: 1, hour: 0, minute: 0, second: 0,
                microsecond: 0)
            if name == "first_of" { return .date(midnight) }
            let month = midnight.civil.month + months - 1
            return .date(
                try midnight.with(month: month, day: CivilDateTime.daysIn(month: month, year: midnight.civil.year)))
        case "in_timezone", "in_tz": return .date(try date.shown(in: try string("tz")))
        case "diff":
            let values = try arguments.values(["dt", "abs"], of: name)
            guard case .date(let other)? = values[0] else { throw Failure("'diff' takes a date") }
            let isAbsolute = try values[1]?.isTrue ?? true
            let isForward = try other.precedes(date)
            // From this date to the other; the absolute one from the earlier.
            let (from, to) = isAbsolute && isForward ? (other, date) : (date, other)
            return .duration(
                Span(microseconds: (to.instant - from.instant).wholeMicroseconds, form: .interval(from: from, to: to)))
        default:
            _ = try arguments.values([], of: name)
            return plain(name, date)
        }
    }

    private static func plain(_ name: String, _ date: DateValue) -> Value {
        let civil = date.civil
        let weekday = Int64((civil.weekday + 6) % 7)
        func text(_ format: String) -> Value { .string(DateFormat.text(date, format)) }
        switch name {
        case "date":
            return .date(
                DateValue(civil: civil.startOfDay, zone: nil, hasTime: false, isPendulum: date.isPendulum))
        case "naive": return .date(date.relabelled(zone: nil))
        case "timestamp": return .double(Double(date.instant.microseconds) / 1e6)
        case "utcoffset":
            return date.offsetSeconds.map { .duration(Span(microseconds: Int64($0) * 1_000_000)) } ?? .null
        case "tzname": return date.zone == nil ? .null : text("%Z")
        case "weekday": return .int(weekday)
        case "isoweekday": return .int(weekday + 1)
        case "isocalendar":
            let week = civil.isoWeek
            return .tuple(
                ValueList([.int(Int64(week.year)), .int(Int64(week.week)), .int(weekday + 1)], form: .isoCalendar))
        case "toordinal": return .int(civil.startOfDay.secondsAsUTC / 86_400 + 719_163)
        case "is_leap_year": return .bool(CivilDateTime.daysIn(month: 2, year: civil.year) == 29)
        case "ctime": return text("%a %b %e %H:%M:%S %Y")
        case "to_date_string": return text("%Y-%m-%d")
        case "to_formatted_date_string": return text("%b %d, %Y")
        case "to_time_string": return text("%H:%M:%S")
        case "to_datetime_string": return text("%Y-%m-%d %H:%M:%S")
        case "to_day_datetime_string": return text("%a, %b %-d, %Y %-I:%M %p")
        case "to_rfc2822_string", "to_rss_string", "to_rfc1123_string": return text("%a, %d %b %Y %H:%M:%S %z")
        case "to_iso8601_string":
            let text = date.isoFormat()
            return .string(date.zone?.identifier == "UTC" ? String(text.dropLast(6)) + "Z" : text)
        default: return .string(date.isoFormat())
        }
    }

    private static func isoFormat(_ date: DateValue, _ arguments: CallArguments) throws(Failure) -> String {
        let values = try arguments.values(date.hasTime ? ["sep", "timespec"] : [], of: "isoformat")
        guard date.hasTime else { return date.isoFormat() }
        let separator = try values[0].map { (value) throws(Failure) in
            try CallArguments.string(value, "sep", of: "isoformat")
        }
        let precision = try values[1].map { (value) throws(Failure) in
            try CallArguments.string(value, "timespec", of: "isoformat")
        }
        let time: String
        switch precision ?? "auto" {
        case "auto": return date.isoFormat(separator: separator ?? "T")
        case "hours": time = "%H"
        case "minutes": time = "%H:%M"
        case "seconds": time = "%H:%M:%S"
        case "milliseconds":
            time = "%H:%M:%S." + padded(date.civil.microsecond / 1000, 3)
        case "microseconds": time = "%H:%M:%S.%f"
        case let unknown:
            throw Failure(
                "'isoformat' has no timespec '\(unknown)': expected auto, hours, minutes, seconds, milliseconds or "
                    + "microseconds")
        }
        return DateFormat.text(date.civil, "%Y-%m-%d") + (separator ?? "T") + DateFormat.text(date.civil, time)
            + date.offsetText(colon: true)
    }

    /// `replace` and `set` by name; `at` and `on` by position.
    private static func replaced(_ date: DateValue, _ name: String, _ arguments: CallArguments) throws(Failure)
        -> DateValue
    {
        let all = ["year", "month", "day", "hour", "minute", "second", "microsecond"]
        let names = name == "at" ? Array(all[3...]) : name == "on" || !date.hasTime ? Array(all[..<3]) : all
        var zone = date.zone
        var arguments = arguments
        if name == "replace", let index = arguments.named.firstIndex(where: { $0.0 == "tzinfo" }) {
            guard arguments.named.remove(at: index).1.isNull else {
                throw Failure("'replace' takes only none as 'tzinfo' in this version", hint: "use .in_timezone('…')")
            }
            zone = nil
        }
        var parts: [String: Int] = [:]
        for (value, part) in zip(try arguments.values(names, of: name), names) {
            guard let value else { continue }
            parts[part] = Int(clamping: try CallArguments.integer(value, part, of: name))
        }
        if name == "at" {
            guard parts["hour"] != nil else { throw Failure("'at' needs an hour") }
            for part in names where parts[part] == nil { parts[part] = 0 }
        }
        if name == "on", parts.count < 3 { throw Failure("'on' needs a year, a month and a day") }
        let result = try date.with(
            year: parts["year"], month: parts["month"], day: parts["day"], hour: parts["hour"],
            minute: parts["minute"], second: parts["second"], microsecond: parts["microsecond"])
        return (zone == nil) == (date.zone == nil) ? result : result.relabelled(zone: zone)
    }

    private static func moved(_ date: DateValue, _ name: String, _ arguments: CallArguments) throws(Failure)
        -> DateValue
    {
        let units: [(name: String, microseconds: Int64)] = [
            ("years", 0), ("months", 0), ("weeks", 604_800_000_000), ("days", 86_400_000_000),
            ("hours", 3_600_000_000), ("minutes", 60_000_000), ("seconds", 1_000_000), ("microseconds", 1),
        ]
        let values = try arguments.values(units.map(\.name), of: name)
        let sign: Int64 = name == "add" ? 1 : -1
        var result = date
        for (value, unit) in zip(values, units) {
            guard let value else { continue }
            let amount = try CallArguments.integer(value, unit.name, of: name)
            guard amount.magnitude < 1 << 40 else { throw Arithmetic.tooLarge }
            if unit.microseconds == 0 {
                result = try result.adding(months: sign * amount * (unit.name == "years" ? 12 : 1))
            } else if unit.microseconds >= 86_400_000_000 {
                let (days, overflow) = (sign * amount).multipliedReportingOverflow(
                    by: unit.microseconds / 86_400_000_000)
                guard !overflow else { throw Arithmetic.tooLarge }
                result = try result.adding(days: days)
            } else {
                let (microseconds, overflow) = (sign * amount).multipliedReportingOverflow(by: unit.microseconds)
                guard !overflow else { throw Arithmetic.tooLarge }
                result = try result.adding(microseconds: microseconds)
            }
        }
        return result
    }
}

extension DateValue {
    /// The same instant on another zone's clock.
    func shown(in zone: String) throws(Failure) -> DateValue {
        let rules: TimeZoneRules
        do {
            rules = try TimeZoneRules(named: zone)
        } catch {
            throw Failure(error.description, hint: error.suggestions.first.map { "did you mean '\($0)'?" })
        }
        return try shown(in: rules)
    }

    /// "a date", as messages name it.
    var kind: String { hasTime ? isPendulum ? "a date" : "a date of Python's own" : "a date without a time" }
}
