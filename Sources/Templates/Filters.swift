import DAGModel

/// Jinja's filters and Airflow's five date filters.
enum Filters {
    static let names: Set<String> = [
        "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "ds", "ds_nodash", "e",
        "escape", "filesizeformat", "first", "float", "forceescape", "format", "groupby", "indent", "int", "items",
        "join",
        "last", "length", "list", "lower", "map", "max", "min", "pprint", "reject", "rejectattr", "replace", "reverse",
        "round", "safe", "select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "tojson",
        "trim",
        "truncate", "ts", "ts_nodash", "ts_nodash_with_tz", "unique", "upper", "urlencode", "wordcount",
    ]

    /// Jinja's filters that are left out, and why.
    static let refused: [String: String] = [
        "random": "a rendered text must be the same whenever it is rendered",
        "urlize": "Jinja has it, but it is not available in this version",
        "wordwrap": "Jinja has it, but it is not available in this version",
        "xmlattr": "Jinja has it, but it is not available in this version",
    ]

    static func apply(_ name: String, to input: Value, _ arguments: CallArguments, _ evaluator: Evaluator)
        throws(Failure) -> Value
    {
        try Meter.charge(1)
        try Meter.charge(for: input)
        try arguments.charge()
        let result = try applied(name, input, arguments, evaluator)
        try Meter.charge(for: result)
        return result
    }

    private static func applied(
        _ name: String, _ input: Value, _ arguments: CallArguments, _ evaluator: Evaluator
    ) throws(Failure) -> Value {
        switch name {
        case "default", "d":
            let values = try arguments.values(["default_value", "boolean"], of: name)
            let fallback = values[0] ?? .string("")
            if input.isUndefined { return fallback }
            if let strict = values[1], try strict.isTrue, try !input.isTrue { return fallback }
            return input
        case "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz":
            _ = try arguments.values([], of: name)
            if case .null = input { return .null }
            guard case .date(let date) = input else {
                throw Failure("the filter '\(name)' takes a date, found \(input.kindDescription)")
            }
            return .string(TemplateContext.text(of: date, as: name))
        case "urlencode" where input.elements != nil || input.isContainer:
            _ = try arguments.values([], of: name)
            return .string(try query(input))
        case "upper", "lower", "capitalize", "title", "string", "safe", "e", "escape", "forceescape", "wordcount",
            "urlencode", "striptags", "pprint":
            _ = try arguments.values([], of: name)
            return name == "pprint" ? .string(try PrettyText.text(input)) : try text(name, input)
        case "trim":
            let characters = try arguments.values(["chars"], of: name)[0]
            // A set of them is made, which takes longer than reading them.
            try Meter.charge((characters?.plainString?.utf8.count ?? 0) >> 2)
            return input.like(Texts.trimmed(try input.text(), characters?.plainString))
        case "replace":
            let values = try arguments.values(["old", "new", "count"], of: name)
            guard let old = values[0], let new = values[1] else { throw Failure("'replace' needs two arguments") }
            return .string(
                try Texts.replacing(
                    try input.text(), try old.text(), try new.text(), count: values[2]?.integer ?? -1))
        case "format":
            guard arguments.named.isEmpty || arguments.positional.isEmpty else {
                throw Failure("'format' takes values by position or by name, not both")
            }
            let values: Value =
                arguments.named.isEmpty
                ? .tuple(arguments.positional)
                : .map(arguments.named.map { Value.Entry(key: .string($0.0), value: $0.1) })
            return try Arithmetic.formatted(input.plainString == nil ? .string(try input.text()) : input, values)
        case "truncate", "indent", "center":
            // Jinja gives back a short list as it is and fails on other values; text made of them would be a third thing.
            let isText = if case .markup = input { true } else { input.plainString != nil }
            guard name == "center" || isText else {
                throw Failure("'\(name)' needs a text", hint: "use it after '| string' or '| join'")
            }
            let result = try layout(name, try input.text(), arguments)
            guard case .markup = input else { return result }
            guard name == "center" else {
                throw Failure(
                    "'\(name)' of a text that is marked as safe is not available in this version",
                    hint: "use it before '| escape', '| safe' or '| tojson'")
            }
            return .markup(try result.text())
        case "abs", "int", "float", "round", "filesizeformat": return try number(name, input, arguments)
        case "tojson":
            let indent = try arguments.values(["indent"], of: name)[0]?.integer
            let text = try JSONText.text(
                input, sortsKeys: true, indent: indent.map { Int(min(max($0, 0), 100)) })
            var result = ""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "<": result += "\\u003c"
                case ">": result += "\\u003e"
                case "&": result += "\\u0026"
                case "'": result += "\\u0027"
                default: result.unicodeScalars.append(scalar)
                }
            }
            return .markup(result)
        case "attr":
            let attribute = try CallArguments.string(try arguments.values(["name"], of: name)[0], "name", of: name)
            return try evaluator.ownAttribute(attribute, of: input)
        default: return try Collections.apply(name, input, arguments, evaluator)
        }
    }

    private static func text(_ name: String, _ value: Value) throws(Failure) -> Value {
        let input = try value.text()
        switch name {
        case "upper": return value.like(input.uppercased())
        case "lower": return value.like(input.lowercased())
        case "capitalize": return value.like(Texts.capitalized(input))
        case "title": return .string(Texts.jinjaTitle(input))
        case "string": return value.like(input)
        case "safe": return .markup(input)
        case "forceescape": return .markup(Markup.escaped(input))
        case "e", "escape": return .markup(try Markup.escaped(value))
        case "striptags": return .string(try Markup.stripped(input))
        case "wordcount":
            let words = input.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            return .int(Int64(words.count))
        case "urlencode":
            var result = ""
            for byte in input.utf8 {
                if isNameStart(byte) && byte < 0x80 || isDigit(byte) || "-.~/".utf8.contains(byte) {
                    result.unicodeScalars.append(UnicodeScalar(byte))
                } else {
                    let digits = String(byte, radix: 16, uppercase: true)
                    result += "%" + (digits.count < 2 ? "0" : "") + digits
                }
            }
            return .string(result)
        default: return .string(input)
        }
    }

    private static func layout(_ name: String, _ input: String, _ arguments: CallArguments) throws(Failure) -> Value {
        switch name {
        case "center":
            let width = try arguments.values(["width"], of: name)[0]?.integer ?? 80
            return .string(try Texts.centred(input, Int(clamping: width)))
        case "indent":
            let values = try arguments.values(["width", "first", "blank"], of: name)
            let indentation: String
            if let text = values[0]?.plainString {
                indentation = text
            } else {
                let width = values[0]?.integer ?? 4
                guard (0...1000).contains(width) else { throw Arithmetic.tooLarge }
                indentation = String(repeating: " ", count: Int(width))
            }
            let indentsFirst = try values[1]?.isTrue ?? false
            let indentsBlank = try values[2]?.isTrue ?? false
            var lines = input.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let (growth, overflow) = lines.count.multipliedReportingOverflow(by: indentation.utf8.count)
            guard !overflow, growth <= Template.maximumOutput else { throw Arithmetic.tooLarge }
            for index in lines.indices where index > 0 || indentsFirst {
                if !lines[index].isEmpty || indentsBlank { lines[index] = indentation + lines[index] }
            }
            return .string(lines.joined(separator: "\n"))
        default:
            let values = try arguments.values(["length", "killwords", "end", "leeway"], of: name)
            let length = Int(clamping: values[0]?.integer ?? 255)
            let cutsWords = try values[1]?.isTrue ?? false
            let end = values[2]?.plainString ?? "..."
            let leeway = Int(clamping: values[3]?.integer ?? 5)
            let scalars = Array(input.unicodeScalars)
            let (room, tooShort) = length.subtractingReportingOverflow(end.unicodeScalars.count)
            guard !tooShort, room >= 0, leeway >= 0 else {
                throw Failure("'truncate' needs a length of at least the end's")
            }
            let (limit, overflow) = length.addingReportingOverflow(leeway)
            if overflow || scalars.count <= limit { return .string(input) }
            var kept = String(String.UnicodeScalarView(scalars.prefix(room)))
            if !cutsWords, let blank = kept.lastIndex(of: " ") { kept = String(kept[..<blank]) }
            return .string(kept + end)
        }
    }

    private static func query(_ input: Value) throws(Failure) -> String {
        func encoded(_ value: Value) throws(Failure) -> String {
            guard let text = try Self.text("urlencode", value).plainString else { return "" }
            // In a query, as in Jinja, blanks become plus signs and slashes are encoded.
            return text.replacing("%20", with: "+").replacing("/", with: "%2F")
        }
        var parts: [String] = []
        let pairs: [Value]
        if case .map(let entries) = input {
            pairs = entries.map { .tuple([$0.key, $0.value]) }
        } else {
            pairs = try iterated(input, "urlencode")
        }
        for pair in pairs {
            guard let both = pair.elements, both.count == 2 else {
                throw Failure("'urlencode' takes a string, a mapping or a list of pairs")
            }
            parts.append(try encoded(both[0]) + "=" + encoded(both[1]))
        }
        return parts.joined(separator: "&")
    }

    private static func number(_ name: String, _ input: Value, _ arguments: CallArguments) throws(Failure) -> Value {
        switch name {
        case "abs":
            _ = try arguments.values([], of: name)
            if let number = input.integer {
                guard number != .min else { throw Arithmetic.tooLarge }
                return .int(abs(number))
            }
            if case .duration(let span) = input {
                if span.microseconds >= 0 { return input }
                if case .interval(let from, let to) = span.form {
                    return .duration(Span(microseconds: -span.microseconds, form: .interval(from: to, to: from)))
                }
                return try Arithmetic.unary(.negate, input)
            }
            guard let number = input.number else {
                throw Failure("'abs' takes a number, found \(input.kindDescription)")
            }
            return .double(abs(number))
        case "filesizeformat":
            let isBinary = try arguments.values(["binary"], of: name)[0]?.isTrue ?? false
            guard let bytes = input.number else {
                throw Failure("'filesizeformat' takes a number, found \(input.kindDescription)")
            }
            let base = isBinary ? 1024.0 : 1000.0
            if bytes == 1 { return .string("1 Byte") }
            if bytes < base {
                guard bytes.isFinite else { throw Arithmetic.tooLarge }
                // Adding zero takes its sign from one that is rounded to nothing.
                return .string(Decimals.fixed(bytes.rounded(.towardZero) + 0, 0) + " Bytes")
            }
            var unit = base
            let prefixes = ["k", "M", "G", "T", "P", "E", "Z", "Y"]
            for (index, prefix) in prefixes.enumerated() {
                if bytes < unit * base || index == prefixes.count - 1 {
                    let name = isBinary ? prefix.uppercased() + "iB" : prefix + "B"
                    return .string(Decimals.fixed(bytes / unit, 1) + " " + name)
                }
                unit *= base
            }
            return .null
        case "int":
            let values = try arguments.values(["default", "base"], of: name)
            let base = Int(clamping: values[1]?.integer ?? 10)
            guard base == 0 || (2...36).contains(base) else { throw Failure("'int' takes a base of 2 to 36, or 0") }
            return try Numbers.integer(input, base: base) ?? values[0] ?? .int(0)
        case "float":
            let fallback = try arguments.values(["default"], of: name)[0] ?? .double(0)
            if let text = input.plainString { return Numbers.double(text).map { .double($0) } ?? fallback }
            return input.number.map { .double($0) } ?? fallback
        default:
            let values = try arguments.values(["precision", "method"], of: name)
            let precision = Int(clamping: values[0]?.integer ?? 0)
            guard precision.magnitude <= 300 else { throw Arithmetic.tooLarge }
            guard let number = input.number else {
                throw Failure("'round' takes a number, found \(input.kindDescription)")
            }
            let method = values[1]?.plainString ?? "common"
            guard ["common", "ceil", "floor"].contains(method) else {
                throw Failure("'round' has no method '\(method)': expected common, ceil or floor")
            }
            if method == "common" {
                if input.integer != nil, precision >= 0 { return input }
                let rounded = Decimals.rounded(number, precision)
                // Python rounds a whole number to a whole number.
                if input.integer != nil, abs(rounded) < 9e18 { return .int(Int64(rounded)) }
                return .double(rounded)
            }
            var scale = 1.0
            for _ in 0..<abs(precision) { scale *= 10 }
            let scaled = precision < 0 ? number / scale : number * scale
            let whole = scaled.rounded(method == "ceil" ? .up : .down)
            return .double(precision < 0 ? whole * scale : whole / scale)
        }
    }

    /// What a loop over a value would see.
    static func iterated(_ value: Value, _ name: String) throws(Failure) -> [Value] {
        switch value {
        case .list(let list), .tuple(let list):
            try Meter.charge(list.count >> 2)
            return list.taken()
        case .map(let map):
            try Meter.charge(map.count >> 2)
            return map.map(\.key)
        case .absent: return []
        case .string(let text), .markup(let text):
            try Meter.charge(text.utf8.count >> 2)
            return text.unicodeScalars.map { .string(String(Character($0))) }
        default:
            if name == "for" { throw Failure("\(value.kindDescription) cannot be looped over") }
            throw Failure("the filter '\(name)' takes a list, a mapping or a string, found \(value.kindDescription)")
        }
    }
}
