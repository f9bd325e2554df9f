import CivilTime
import DAGModel

/// Airflow's `macros`.
///
/// Source: Airflow 3 documentation, "Macros", and the Task SDK's `macros.py`.
enum Macros {
    private static let names = ["ds_add", "ds_format", "datetime", "timedelta", "json"]
    private static let later: [String: String] = [
        "dateutil": "use macros.datetime.fromisoformat or strptime", "yaml": "use macros.json", "ds_format_locale": "",
    ]
    private static let changing: [String: String] = [
        "uuid": "use task_instance_key_str or ti.run_id, which name the try as well",
        "random": "use run_id or params", "time": "use ts or data_interval_end",
        "datetime_diff_for_humans": "use (a - b).total_seconds()",
    ]

    static func attribute(_ name: String) throws(Failure) -> Value {
        switch name {
        case "ds_add", "ds_format", "timedelta": return .method(Value.Method(.object(.macros), name))
        case "datetime": return .object(.datetimeClass)
        case "json": return .object(.jsonModule)
        default:
            if let instead = changing[name] {
                throw Failure(
                    "'macros.\(name)' is not available: a rendered text must be the same whenever it is rendered",
                    hint: instead)
            }
            if let instead = later[name] {
                throw Failure(
                    "'macros.\(name)' is not available in this version", hint: instead.isEmpty ? nil : instead)
            }
            return TemplateContext.missing(name, of: "macros", among: names)
        }
    }

    static func datetimeAttribute(_ name: String) throws(Failure) -> Value {
        switch name {
        case "min", "max":
            let text = name == "min" ? "0001-01-01T00:00:00" : "9999-12-31T23:59:59.999999"
            return ISO8601.parse(text).map { .date(DateValue(civil: $0.civil, zone: nil)) } ?? .null
        case "fromtimestamp", "combine":
            throw Failure(
                "'macros.datetime.\(name)' is not available in this version",
                hint: name == "combine" ? "use .replace(hour=…, minute=…)" : "add a timedelta(seconds=…) to a date")
        case "strptime", "fromisoformat": return .method(Value.Method(.object(.datetimeClass), name))
        case "now", "utcnow", "today":
            throw Failure(
                "'macros.datetime.\(name)' is not available: a rendered text must not depend on when it is rendered",
                hint: "use data_interval_end or ts")
        default: return TemplateContext.missing(name, of: "macros.datetime", among: ["strptime", "fromisoformat"])
        }
    }

    /// A call of `macros.name(…)`.
    static func call(_ name: String, _ arguments: CallArguments) throws(Failure) -> Value {
        switch name {
        case "ds_add":
            let values = try arguments.values(["ds", "days"], of: name)
            let text = try CallArguments.string(values[0], "ds", of: name)
            let days = try CallArguments.integer(values[1], "days", of: name)
            if days == 0 { return .string(text) }
            let (microseconds, overflow) = days.multipliedReportingOverflow(by: 86_400_000_000)
            guard !overflow else { throw Arithmetic.tooLarge }
            let date = try DateFormat.parse(text, "%Y-%m-%d").adding(microseconds: microseconds)
            return .string(DateFormat.text(date.civil, "%Y-%m-%d"))
        case "ds_format":
            let values = try arguments.values(["ds", "input_format", "output_format"], of: name)
            let date = try DateFormat.parse(
                try CallArguments.string(values[0], "ds", of: name),
                try CallArguments.string(values[1], "input_format", of: name))
            return .string(
                try DateFormat.text(date, given: try CallArguments.string(values[2], "output_format", of: name)))
        case "timedelta":
            let units: [(String, Double)] = [
                ("days", 86_400e6), ("seconds", 1e6), ("microseconds", 1), ("milliseconds", 1e3), ("minutes", 60e6),
                ("hours", 3_600e6), ("weeks", 604_800e6),
            ]
            let values = try arguments.values(units.map(\.0), of: name)
            var whole: Int64 = 0
            var rest = 0.0
            for (value, unit) in zip(values, units) {
                guard let value else { continue }
                guard let number = value.number else {
                    throw Failure("'timedelta' takes a number as '\(unit.0)', found \(value.kindDescription)")
                }
                guard let integer = value.integer else {
                    rest += number * unit.1
                    continue
                }
                let (product, overflow) = integer.multipliedReportingOverflow(by: Int64(unit.1))
                let (sum, overflows) = whole.addingReportingOverflow(product)
                guard !overflow, !overflows else { throw Arithmetic.tooLarge }
                whole = sum
            }
            let (sum, overflow) = whole.addingReportingOverflow(try Arithmetic.microseconds(rest))
            guard !overflow else { throw Arithmetic.tooLarge }
            return .duration(try Span(bounded: sum))
        default: throw Failure("'macros.\(name)' cannot be called")
        }
    }

    /// `macros.datetime(2026, 1, 1, …)`: without a zone, as Python's.
    static func makeDate(_ arguments: CallArguments) throws(Failure) -> Value {
        let names = ["year", "month", "day", "hour", "minute", "second", "microsecond"]
        let values = try arguments.values(names, of: "datetime")
        var parts: [Int] = []
        for (index, name) in names.enumerated() {
            if index > 2, values[index] == nil {
                parts.append(0)
                continue
            }
            parts.append(Int(clamping: try CallArguments.integer(values[index], name, of: "datetime")))
        }
        guard
            let civil = CivilDateTime(
                year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: parts[5],
                microsecond: parts[6])
        else { throw Failure("there is no such date") }
        return .date(try DateValue(inRange: civil, zone: nil))
    }

    /// A call of `macros.datetime.name(…)`.
    static func callDatetime(_ name: String, _ arguments: CallArguments) throws(Failure) -> Value {
        if name == "strptime" {
            let values = try arguments.values(["date_string", "format"], of: name)
            return .date(
                try DateFormat.parse(
                    try CallArguments.string(values[0], "date_string", of: name),
                    try CallArguments.string(values[1], "format", of: name)))
        }
        let values = try arguments.values(["date_string"], of: name)
        let text = try CallArguments.string(values[0], "date_string", of: name)
        guard let parsed = ISO8601.parse(Self.extended(text)) else {
            throw Failure("'\(text)' is not an ISO 8601 date")
        }
        return .date(
            try DateValue(
                inRange: parsed.civil, zone: parsed.offsetSeconds.map { TimeZoneRules.fixed(offsetSeconds: $0) }))
    }

    /// `20240102` as `2024-01-02`; other texts as they are.
    private static func extended(_ text: String) -> String {
        let digits = Array(text.utf8.prefix(9))
        guard digits.count >= 8, digits[..<8].allSatisfy(isDigit), digits.count == 8 || digits[8] == UInt8(ascii: "T")
        else { return text }
        var result = text.prefix(4) + "-" + text.dropFirst(4).prefix(2) + "-" + text.dropFirst(6).prefix(2)
        let time = text.dropFirst(8)
        guard time.utf8.count >= 7, time.dropFirst().prefix(6).utf8.allSatisfy(isDigit) else {
            return String(result + time)
        }
        result += time.prefix(3) + ":" + time.dropFirst(3).prefix(2) + ":" + time.dropFirst(5)
        return String(result)
    }
}
