import CivilTime
import DAGModel

/// The methods that may be called on values: those of Python and pendulum that need nothing but the value.
enum Methods {
    static let ofStrings: Set<String> = [
        "upper", "lower", "strip", "lstrip", "rstrip", "replace", "split", "join", "startswith", "endswith", "title",
        "capitalize", "zfill", "removeprefix", "removesuffix", "find", "count", "isdigit", "ljust", "rjust",
        "splitlines", "center", "format", "index", "isalnum", "isalpha", "isdecimal", "islower", "isnumeric", "isspace",
        "isupper", "partition", "rfind", "rpartition", "rsplit", "swapcase", "casefold", "istitle", "isidentifier",
    ]
    static let ofMaps = Mutators.ofMaps.union(["get", "keys", "values", "items", "copy"])
    /// An attribute of a list or tuple; nil when it has none of that name.
    static func attribute(_ name: String, of list: ValueList, _ value: Value) -> Value? {
        let names: Set<String>
        switch (value, list.form) {
        case (.tuple, .group) where name == "grouper" || name == "list": return list[name == "list" ? 1 : 0]
        case (.tuple, .isoCalendar) where ["year", "week", "weekday"].contains(name):
            return list[name == "year" ? 0 : name == "week" ? 1 : 2]
        case (.tuple, _), (_, .range): names = ["index", "count"]
        case (_, .list): names = Mutators.ofLists.union(["index", "count", "copy"])
        default: names = []
        }
        return names.contains(name) ? .method(Value.Method(value, name)) : nil
    }

    static func call(_ method: Value.Method, _ arguments: CallArguments, _ state: RenderState) throws(Failure)
        -> Value
    {
        let context = state.context
        switch method.receiver {
        case .string(let text) where method.name == "format":
            return .string(try BraceFormat.text(text, arguments, Evaluator(state)))
        case .string(let text): return try call(method.name, on: text, arguments)
        case .markup(let text): return try Markup.call(method.name, on: text, arguments)
        case .map(let map):
            guard Mutators.ofMaps.contains(method.name) else { return try call(method.name, on: map, arguments) }
            return try Mutators.change(method.name, map, arguments)
        case .list(let list), .tuple(let list): return try call(method.name, on: list, arguments)
        case .loop(let round):
            guard method.name == "cycle" else {
                return .bool(try state.hasChanged(round.id, .tuple(arguments.positional)))
            }
            guard !arguments.positional.isEmpty else { throw Failure("'loop.cycle' needs a value") }
            return arguments.positional[round.index % arguments.positional.count]
        case .object(.taskInstance): return try XComPull.call(arguments, context)
        case .object(.connections), .object(.connection): return try ConnectionNames.call(method, arguments, context)
        case .date(let date): return try DateMethods.call(method.name, on: date, arguments)
        case .duration(let span):
            _ = try arguments.values([], of: method.name)
            return span.call(method.name)
        case .object(.macros): return try Macros.call(method.name, arguments)
        case .object(.datetimeClass): return try Macros.callDatetime(method.name, arguments)
        case .object(.jsonModule):
            return try JSONText.call(method.name, arguments)
        case .object(.variableTexts), .object(.variableJSON):
            let values = try arguments.values(["key", "default"], of: method.name)
            let name = try CallArguments.string(values[0], "key", of: method.name)
            guard let text = context.variable(name) else { return values[1] ?? TemplateContext.missingVariable(name) }
            if case .object(.variableTexts) = method.receiver { return .string(text) }
            return try TemplateContext.json(text, of: "the variable '\(name)'")
        default: throw Failure("'\(method.name)' cannot be called")
        }
    }

    private static func call(_ name: String, on list: ValueList, _ arguments: CallArguments) throws(Failure) -> Value {
        switch name {
        case "copy":
            _ = try arguments.values([], of: name)
            return .list(list.elements)
        case "index", "count":
            guard let wanted = try arguments.values(["value"], of: name)[0] else {
                throw Failure("'\(name)' needs a value")
            }
            try Meter.charge(list.count >> 4)
            var count: Int64 = 0
            for (index, element) in list.enumerated() where try element.equals(wanted) {
                if name == "index" { return .int(Int64(index)) }
                count += 1
            }
            if name == "index" { throw Failure("the list has no such element") }
            return .int(count)
        default: return try Mutators.change(name, list, arguments)
        }
    }

    private static func call(_ name: String, on map: ValueMap, _ arguments: CallArguments) throws(Failure) -> Value {
        if name == "get" {
            let values = try arguments.values(["key", "default"], of: name)
            guard let key = values[0] else { throw Failure("'get' needs a key") }
            return try Value.lookup(key, in: map) ?? values[1] ?? .null
        }
        _ = try arguments.values([], of: name)
        func view(_ elements: [Value]) -> Value { .list(ValueList(elements, form: .view("dict_\(name)"))) }
        switch name {
        case "keys": return view(map.map(\.key))
        case "values": return view(map.map(\.value))
        case "copy": return .map(map.entries)
        default: return view(map.map { .tuple([$0.key, $0.value]) })
        }
    }

    static func call(_ name: String, on text: String, _ arguments: CallArguments) throws(Failure) -> Value {
        func string(_ value: Value?, _ parameter: String) throws(Failure) -> String {
            try CallArguments.string(value, parameter, of: name)
        }
        switch name {
        case "center", "format", "index", "isalnum", "isalpha", "isdecimal", "islower", "isnumeric", "isspace",
            "isupper", "partition", "rfind", "rpartition", "rsplit", "swapcase", "casefold", "istitle", "isidentifier":
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
            default:
                return .bool(
                    !text.isEmpty
                        && text.unicodeScalars.allSatisfy {
                            $0.properties.numericType == .decimal || $0.properties.numericType == .digit
                        })
            }
        case "strip", "lstrip", "rstrip":
            let values = try arguments.values(["chars"], of: name)
            let characters: String? = if case .some(.string(let given)) = values[0] { given } else { nil }
            try Meter.charge((characters?.utf8.count ?? 0) >> 2)
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
            let values = try arguments.values(["affix", "start", "end"], of: name)
            let given = values[0]
            let text = try part(of: text, from: values[1], to: values[2], name)
            let candidates: [Value?] = if case .tuple(let several)? = given { several.elements } else { [given] }
            for candidate in candidates {
                let affix = try string(candidate, "affix")
                try Meter.charge(bytes: min(affix.utf8.count, text.utf8.count))
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
            let values = try arguments.values(["sub", "start"], of: name)
            let part = try string(values[0], "sub")
            guard let start = values[1] else {
                if part.isEmpty { return .int(0) }
                guard let range = try text.firstRange(ofScalars: part) else { return .int(-1) }
                return .int(Int64(text.unicodeScalars.distance(from: text.startIndex, to: range.lowerBound)))
            }
            let from = try CallArguments.integer(start, "start", of: name)
            guard from >= 0, !part.isEmpty else { throw Failure("'find' takes a start of 0 or more, and a text") }
            let scalars = text.unicodeScalars
            guard from < scalars.count,
                let range = try text.firstRange(
                    ofScalars: part, from: scalars.index(scalars.startIndex, offsetBy: Int(from)))
            else { return .int(-1) }
            return .int(Int64(scalars.distance(from: scalars.startIndex, to: range.lowerBound)))
        case "count":
            let part = try string(try arguments.values(["sub"], of: name)[0], "sub")
            if part.isEmpty { return .int(Int64(text.unicodeScalars.count + 1)) }
            return .int(Int64(try Texts.split(text, part, limit: -1).count - 1))
        default:
            let values = try arguments.values(["width", "fillchar"], of: name)
            let width = try CallArguments.integer(values[0], "width", of: name)
            let filler = try values[1].map { (value) throws(Failure) in try string(value, "fillchar") } ?? " "
            let missing = try Texts.padding(text, to: width, filler)
            if name == "zfill" {
                let sign = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.prefix(1)) : ""
                return .string(sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count))
            }
            let padding = String(repeating: filler, count: missing)
            return .string(name == "ljust" ? text + padding : padding + text)
        }
    }

    /// The part of a text that `start` and `end` bound, counted as in a slice.
    private static func part(of text: String, from: Value?, to: Value?, _ name: String) throws(Failure) -> String {
        guard from != nil || to != nil else { return text }
        let scalars = Array(text.unicodeScalars)
        func bound(_ value: Value?, _ fallback: Int) throws(Failure) -> Int {
            guard let value, !value.isNull else { return fallback }
            let index = Int(clamping: try CallArguments.integer(value, "start", of: name))
            guard index <= scalars.count else { throw Failure("'\(name)': the start is beyond the text") }
            return index < 0 ? max(index + scalars.count, 0) : index
        }
        let (start, end) = (try bound(from, 0), try bound(to, scalars.count))
        return String(String.UnicodeScalarView(scalars[min(start, end)..<end]))
    }
}
