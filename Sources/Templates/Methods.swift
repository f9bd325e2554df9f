import CivilTime
import DAGModel

/// The methods that may be called on values: those of Python and pendulum that need nothing but the value.
enum Methods {
    static let ofStrings: Set<String> = [
        "upper", "lower", "strip", "lstrip", "rstrip", "replace", "split", "join", "startswith", "endswith", "title",
        "capitalize", "zfill", "removeprefix", "removesuffix", "find", "count", "isdigit", "ljust", "rjust",
        "splitlines", "center", "format", "index", "isalnum", "isalpha", "isdecimal", "islower", "isnumeric", "isspace",
        "isupper", "partition", "rfind", "rpartition", "rsplit", "swapcase", "casefold",
    ]
    static let ofMaps: Set<String> = ["get", "keys", "values", "items", "copy", "update", "pop", "setdefault"]
    static let ofDates: Set<String> = [
        "strftime", "isoformat", "format", "date", "timestamp", "weekday", "isoweekday", "add", "subtract", "replace",
        "start_of", "end_of", "in_timezone", "in_tz", "to_date_string", "to_time_string", "to_datetime_string",
        "to_iso8601_string",
    ]

    static func call(_ method: Value.Method, _ arguments: CallArguments, _ state: RenderState) throws(Failure)
        -> Value
    {
        let context = state.context
        switch method.receiver {
        case .string(let text): return try call(method.name, on: text, arguments)
        case .map(let entries):
            guard Mutators.ofMaps.contains(method.name) else { return try call(method.name, on: entries, arguments) }
            var value = method.receiver
            return try Mutators.call(method.name, on: &value, arguments)
        case .list(let elements), .tuple(let elements):
            return try call(method.name, on: method.receiver, elements, arguments)
        case .loop(let round):
            guard method.name == "cycle" else {
                return .bool(try state.hasChanged(round.id, .tuple(arguments.positional)))
            }
            guard !arguments.positional.isEmpty else { throw Failure("'loop.cycle' needs a value") }
            return arguments.positional[round.index % arguments.positional.count]
        case .object(.taskInstance): return try XComPull.call(arguments, context)
        case .object(.connections), .object(.connection): return try ConnectionNames.call(method, arguments, context)
        case .date(let date): return try call(method.name, on: date, arguments, context)
        case .duration(let duration):
            _ = try arguments.values([], of: method.name)
            return .double(Double(duration.wholeMicroseconds) / 1e6)
        case .object(.macros): return try Macros.call(method.name, arguments)
        case .object(.datetimeClass): return try Macros.callDatetime(method.name, arguments)
        case .object(.params): return try call(method.name, on: Value(.object(context.params)).entries, arguments)
        case .object(.jsonModule):
            let values = try arguments.values(
                method.name == "dumps" ? ["obj", "indent", "sort_keys"] : ["s"], of: method.name)
            guard let value = values[0] else { throw Failure("'\(method.name)' needs a value") }
            if method.name == "dumps" {
                let indent = try values[1].map { (value) throws(Failure) in
                    Int(clamping: try CallArguments.integer(value, "indent", of: "dumps"))
                }
                return .string(
                    try JSONText.text(
                        value, sortsKeys: try values[2]?.isTrue ?? false, indent: indent.map { min(max($0, 0), 100) }))
            }
            return try TemplateContext.json(try CallArguments.string(value, "s", of: method.name), of: "the argument")
        case .object(.variableTexts), .object(.variableJSON):
            let values = try arguments.values(["key", "default"], of: method.name)
            let name = try CallArguments.string(values[0], "key", of: method.name)
            guard let text = context.variable(name) else { return values[1] ?? TemplateContext.missingVariable(name) }
            if case .object(.variableTexts) = method.receiver { return .string(text) }
            return try TemplateContext.json(text, of: "the variable '\(name)'")
        default: throw Failure("'\(method.name)' cannot be called")
        }
    }

    private static func call(
        _ name: String, on list: Value, _ elements: [Value], _ arguments: CallArguments
    ) throws(Failure) -> Value {
        switch name {
        case "copy": return list
        case "index", "count":
            guard let wanted = try arguments.values(["value"], of: name)[0] else {
                throw Failure("'\(name)' needs a value")
            }
            try Meter.charge(elements.count >> 4)
            var count: Int64 = 0
            for (index, element) in elements.enumerated() where try element.equals(wanted) {
                if name == "index" { return .int(Int64(index)) }
                count += 1
            }
            if name == "index" { throw Failure("the list has no such element") }
            return .int(count)
        default:
            var value = list
            return try Mutators.call(name, on: &value, arguments)
        }
    }

    private static func call(_ name: String, on entries: [Value.Entry], _ arguments: CallArguments) throws(Failure)
        -> Value
    {
        guard name == "get" else {
            _ = try arguments.values([], of: name)
            switch name {
            case "keys": return .list(entries.map(\.key))
            case "values": return .list(entries.map(\.value))
            case "copy": return .map(entries)
            default: return .list(entries.map { .tuple([$0.key, $0.value]) })
            }
        }
        let values = try arguments.values(["key", "default"], of: name)
        guard let key = values[0] else { throw Failure("'get' needs a key") }
        return try Value.lookup(key, in: entries) ?? values[1] ?? .null
    }

    private static func call(_ name: String, on text: String, _ arguments: CallArguments) throws(Failure) -> Value {
        func string(_ value: Value?, _ parameter: String) throws(Failure) -> String {
            try CallArguments.string(value, parameter, of: name)
        }
        switch name {
        case "center", "format", "index", "isalnum", "isalpha", "isdecimal", "islower", "isnumeric", "isspace",
            "isupper",
            "partition", "rfind", "rpartition", "rsplit", "swapcase", "casefold":
            return try TextMethods.call(name, on: text, arguments)
        case "upper", "lower", "title", "capitalize", "isdigit", "splitlines":
            _ = try arguments.values([], of: name)
            switch name {
            case "upper": return .string(text.uppercased())
            case "lower": return .string(text.lowercased())
            case "title": return .string(Texts.pythonTitle(text))
            case "capitalize": return .string(Texts.capitalized(text))
            case "splitlines":
                return .list(Texts.lines(text).map { .string($0) })
            default: return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy { ("0"..."9").contains($0) })
            }
        case "strip", "lstrip", "rstrip":
            let values = try arguments.values(["chars"], of: name)
            let characters: String? = if case .some(.string(let given)) = values[0] { given } else { nil }
            return .string(
                Texts.trimmed(text, characters, atStart: name != "rstrip", atEnd: name != "lstrip"))
        case "replace":
            let values = try arguments.values(["old", "new", "count"], of: name)
            let count = try values[2].map { (value) throws(Failure) in
                try CallArguments.integer(value, "count", of: name)
            }
            return .string(
                try Texts.replacing(
                    text, try string(values[0], "old"), try string(values[1], "new"), count: count ?? -1))
        case "split":
            let values = try arguments.values(["sep", "maxsplit"], of: name)
            let limit = try values[1].map { (value) throws(Failure) in
                try CallArguments.integer(value, "maxsplit", of: name)
            }
            guard let separator = values[0], separator.plainString != nil else {
                return .list(Texts.words(text, limit: limit ?? -1).map { .string($0) })
            }
            return .list(
                try Texts.split(text, try string(separator, "sep"), limit: limit ?? -1).map { .string($0) })
        case "join":
            guard let iterable = try arguments.values(["iterable"], of: name)[0] else {
                throw Failure("'join' takes a list of strings")
            }
            var parts: [String] = []
            for element in try Filters.iterated(iterable, name) { parts.append(try string(element, "element")) }
            return .string(try Texts.joined(parts, separator: text))
        case "startswith", "endswith":
            let given = try arguments.values(["affix"], of: name)[0]
            let candidates: [Value?] = if case .tuple(let several)? = given { several } else { [given] }
            for candidate in candidates {
                let affix = try string(candidate, "affix")
                if name == "startswith" ? text.hasScalarPrefix(affix) : text.hasScalarSuffix(affix) {
                    return .bool(true)
                }
            }
            return .bool(false)
        case "removeprefix":
            let prefix = try string(try arguments.values(["prefix"], of: name)[0], "prefix")
            guard text.hasScalarPrefix(prefix) else { return .string(text) }
            return .string(String(text.unicodeScalars.dropFirst(prefix.unicodeScalars.count)))
        case "removesuffix":
            let suffix = try string(try arguments.values(["suffix"], of: name)[0], "suffix")
            guard text.hasScalarSuffix(suffix) else { return .string(text) }
            return .string(String(text.unicodeScalars.dropLast(suffix.unicodeScalars.count)))
        case "find":
            let part = try string(try arguments.values(["sub"], of: name)[0], "sub")
            if part.isEmpty { return .int(0) }
            guard let range = text.firstRange(ofScalars: part) else { return .int(-1) }
            return .int(Int64(text.unicodeScalars.distance(from: text.startIndex, to: range.lowerBound)))
        case "count":
            let part = try string(try arguments.values(["sub"], of: name)[0], "sub")
            if part.isEmpty { return .int(Int64(text.unicodeScalars.count + 1)) }
            return .int(Int64(try Texts.split(text, part, limit: -1).count - 1))
        default:
            let values = try arguments.values(["width", "fillchar"], of: name)
            let width = try CallArguments.integer(values[0], "width", of: name)
            guard width <= Template.maximumOutput else { throw Arithmetic.tooLarge }
            let missing = max(Int(width) - text.unicodeScalars.count, 0)
            if name == "zfill" {
                let sign = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.prefix(1)) : ""
                return .string(sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count))
            }
            let filler = String(
                repeating: try values[1].map { (value) throws(Failure) in try string(value, "fillchar") } ?? " ",
                count: missing)
            return .string(name == "ljust" ? text + filler : filler + text)
        }
    }

    private static func call(
        _ name: String, on date: DateValue, _ arguments: CallArguments, _ context: TemplateContext
    ) throws(Failure) -> Value {
        switch name {
        case "strftime":
            let format = try CallArguments.string(try arguments.values(["format"], of: name)[0], "format", of: name)
            return .string(DateFormat.text(date, format))
        case "format":
            let format = try CallArguments.string(try arguments.values(["fmt"], of: name)[0], "fmt", of: name)
            return .string(TokenFormat.text(date, format))
        case "isoformat":
            let values = try arguments.values(["sep"], of: name)
            return .string(date.isoFormat(separator: values[0]?.plainString ?? "T"))
        case "add", "subtract": return .date(try moved(date, name, arguments))
        case "replace":
            let names = ["year", "month", "day", "hour", "minute", "second", "microsecond"]
            var parts: [Int?] = []
            for (value, part) in zip(try arguments.values(names, of: name), names) {
                guard let value else {
                    parts.append(nil)
                    continue
                }
                parts.append(Int(clamping: try CallArguments.integer(value, part, of: name)))
            }
            return .date(
                try date.with(
                    year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: parts[5],
                    microsecond: parts[6]))
        case "start_of", "end_of":
            let unit = try CallArguments.string(try arguments.values(["unit"], of: name)[0], "unit", of: name)
            return .date(name == "start_of" ? try date.start(of: unit) : try date.end(of: unit))
        case "in_timezone", "in_tz":
            let zone = try CallArguments.string(try arguments.values(["tz"], of: name)[0], "tz", of: name)
            do {
                return .date(DateValue(date.instant, zone: try TimeZoneRules(named: zone)))
            } catch {
                throw Failure(error.description, hint: error.suggestions.first.map { "did you mean '\($0)'?" })
            }
        default:
            _ = try arguments.values([], of: name)
            switch name {
            case "date":
                return .date(DateValue(civil: date.civil.startOfDay, zone: nil, hasTime: false))
            case "timestamp": return .double(Double(date.instant.microseconds) / 1e6)
            case "weekday": return .int(Int64((date.civil.weekday + 6) % 7))
            case "isoweekday": return .int(Int64((date.civil.weekday + 6) % 7 + 1))
            case "to_date_string": return .string(DateFormat.text(date.civil, "%Y-%m-%d"))
            case "to_time_string": return .string(DateFormat.text(date.civil, "%H:%M:%S"))
            case "to_datetime_string": return .string(DateFormat.text(date.civil, "%Y-%m-%d %H:%M:%S"))
            default:
                let text = date.isoFormat()
                return .string(date.offsetSeconds == 0 ? String(text.dropLast(6)) + "Z" : text)
            }
        }
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
            guard abs(amount) < 1 << 40 else { throw Arithmetic.tooLarge }
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

extension Value {
    /// A mapping's entries; none for other kinds.
    var entries: [Entry] {
        if case .map(let entries) = self { entries } else { [] }
    }
}
