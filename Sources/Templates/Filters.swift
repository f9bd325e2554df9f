import DAGModel

/// Jinja's filters and Airflow's five date filters.
enum Filters {
    static let names: Set<String> = [
        "abs", "attr", "capitalize", "center", "count", "d", "default", "dictsort", "ds", "ds_nodash", "e", "escape",
        "first", "float", "format", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max",
        "min", "replace", "reverse", "round", "safe", "sort", "string", "sum", "title", "tojson", "trim", "truncate",
        "ts",
        "ts_nodash", "ts_nodash_with_tz", "unique", "upper", "urlencode", "wordcount",
    ]

    /// Jinja's filters that this version lacks.
    static let later: Set<String> = [
        "batch", "filesizeformat", "forceescape", "groupby", "pprint", "random", "reject", "rejectattr", "select",
        "selectattr", "slice", "striptags", "urlize", "wordwrap", "xmlattr",
    ]

    static func apply(_ name: String, to input: Value, _ arguments: CallArguments, _ context: TemplateContext)
        throws(Failure) -> Value
    {
        switch name {
        case "default", "d":
            let values = try arguments.values(["default_value", "boolean"], of: name)
            let fallback = values[0] ?? .string("")
            if case .undefined = input { return fallback }
            if let strict = values[1], try strict.isTrue, try !input.isTrue { return fallback }
            return input
        case "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz":
            _ = try arguments.values([], of: name)
            if case .null = input { return .null }
            guard case .date(let date) = input else {
                throw Failure("the filter '\(name)' takes a date, found \(input.kindDescription)")
            }
            return .string(TemplateContext.text(of: date, as: name))
        case "upper", "lower", "capitalize", "title", "string", "safe", "e", "escape", "wordcount", "urlencode":
            _ = try arguments.values([], of: name)
            return try text(name, try input.text())
        case "trim":
            let characters = try arguments.values(["chars"], of: name)[0]
            return .string(Texts.trimmed(try input.text(), characters?.plainString))
        case "replace":
            let values = try arguments.values(["old", "new", "count"], of: name)
            guard let old = values[0], let new = values[1] else { throw Failure("'replace' needs two arguments") }
            return .string(
                try Texts.replacing(
                    try input.text(), try old.text(), try new.text(), count: values[2]?.integer ?? -1))
        case "format": return .string(try PercentFormat.text(try input.text(), .list(arguments.positional)))
        case "truncate", "indent", "center": return try layout(name, try input.text(), arguments)
        case "abs", "int", "float", "round": return try number(name, input, arguments)
        case "tojson":
            _ = try arguments.values(["indent"], of: name)
            let text = try JSONText.text(input, sortsKeys: true)
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
            return .string(result)
        case "attr":
            let attribute = try CallArguments.string(try arguments.values(["name"], of: name)[0], "name", of: name)
            let expression = Expression(
                .attribute(Expression(.literal(input), at: 0), attribute), at: 0)
            do throws(Failure) {
                return try Evaluator(context).evaluate(expression)
            } catch { throw Failure(error.message, hint: error.hint) }
        default: return try collection(name, input, arguments, context)
        }
    }

    private static func text(_ name: String, _ input: String) throws(Failure) -> Value {
        switch name {
        case "upper": return .string(input.uppercased())
        case "lower": return .string(input.lowercased())
        case "capitalize": return .string(Texts.capitalized(input))
        case "title": return .string(Texts.jinjaTitle(input))
        case "e", "escape":
            var result = ""
            for character in input.unicodeScalars {
                switch character {
                case "&": result += "&amp;"
                case "<": result += "&lt;"
                case ">": result += "&gt;"
                case "'": result += "&#39;"
                case "\"": result += "&#34;"
                default: result.unicodeScalars.append(character)
                }
            }
            return .string(result)
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
            guard width <= Template.maximumOutput else { throw Arithmetic.tooLarge }
            let missing = max(Int(width) - input.unicodeScalars.count, 0)
            // Python puts the odd blank left when the width is odd.
            let left = missing / 2 + (missing & Int(width) & 1)
            return .string(
                String(repeating: " ", count: left) + input + String(repeating: " ", count: missing - left))
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
            let room = length - end.unicodeScalars.count
            guard room >= 0, leeway >= 0 else { throw Failure("'truncate' needs a length of at least the end's") }
            let (limit, overflow) = length.addingReportingOverflow(leeway)
            if overflow || scalars.count <= limit { return .string(input) }
            var kept = String(String.UnicodeScalarView(scalars.prefix(room)))
            if !cutsWords, let blank = kept.lastIndex(of: " ") { kept = String(kept[..<blank]) }
            return .string(kept + end)
        }
    }

    private static func number(_ name: String, _ input: Value, _ arguments: CallArguments) throws(Failure) -> Value {
        switch name {
        case "abs":
            _ = try arguments.values([], of: name)
            if let number = input.integer {
                guard number != .min else { throw Arithmetic.tooLarge }
                return .int(abs(number))
            }
            if case .duration(let span) = input { return .duration(span < .zero ? .zero - span : span) }
            guard let number = input.number else {
                throw Failure("'abs' takes a number, found \(input.kindDescription)")
            }
            return .double(abs(number))
        case "int":
            let values = try arguments.values(["default", "base"], of: name)
            let fallback = values[0] ?? .int(0)
            if let text = input.plainString {
                let digits = Texts.trimmed(text).filter { $0 != "_" }
                if let number = Int64(digits, radix: Int(clamping: min(max(values[1]?.integer ?? 10, 2), 36))) {
                    return .int(number)
                }
                guard let number = Double(digits), number.isFinite, abs(number) < 9e18 else { return fallback }
                return .int(Int64(number))
            }
            if let number = input.integer { return .int(number) }
            guard let number = input.number, number.isFinite, abs(number) < 9e18 else { return fallback }
            return .int(Int64(number))
        case "float":
            let fallback = try arguments.values(["default"], of: name)[0] ?? .double(0)
            if let text = input.plainString {
                return Double(Texts.trimmed(text).filter { $0 != "_" }).map { .double($0) } ?? fallback
            }
            return input.number.map { .double($0) } ?? fallback
        default:
            let values = try arguments.values(["precision", "method"], of: name)
            let precision = Int(clamping: values[0]?.integer ?? 0)
            guard abs(precision) <= 300 else { throw Arithmetic.tooLarge }
            guard let number = input.number else {
                throw Failure("'round' takes a number, found \(input.kindDescription)")
            }
            let method = values[1]?.plainString ?? "common"
            guard ["common", "ceil", "floor"].contains(method) else {
                throw Failure("'round' has no method '\(method)': expected common, ceil or floor")
            }
            if method == "common" {
                if input.integer != nil, precision >= 0 { return input }
                return .double(Decimals.rounded(number, precision))
            }
            var scale = 1.0
            for _ in 0..<abs(precision) { scale *= 10 }
            let scaled = precision < 0 ? number / scale : number * scale
            let whole = scaled.rounded(method == "ceil" ? .up : .down)
            return .double(precision < 0 ? whole * scale : whole / scale)
        }
    }

    private static func collection(
        _ name: String, _ input: Value, _ arguments: CallArguments, _ context: TemplateContext
    ) throws(Failure) -> Value {
        if case .map(let entries) = input {
            switch name {
            case "length", "count": return .int(Int64(entries.count))
            case "items": return .list(entries.map { .list([$0.key, $0.value]) })
            case "dictsort":
                let sorted = try sort(entries.map { .list([$0.key, $0.value]) }, caseSensitive: false) { $0.first }
                return .list(sorted)
            default: break
            }
        }
        let elements = try iterated(input, name)
        switch name {
        case "length", "count":
            _ = try arguments.values([], of: name)
            return .int(Int64(elements.count))
        case "first": return elements.first ?? .undefined(message: "there is no first element: it is empty", hint: nil)
        case "last": return elements.last ?? .undefined(message: "there is no last element: it is empty", hint: nil)
        case "list": return .list(elements)
        case "reverse":
            if let text = input.plainString {
                return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
            }
            return .list(elements.reversed())
        case "join":
            let values = try arguments.values(["d", "attribute"], of: name)
            let separator = try values[0]?.text() ?? ""
            var parts: [String] = []
            for element in elements { parts.append(try picked(element, values[1], context).text()) }
            return .string(parts.joined(separator: separator))
        case "map":
            if let attribute = arguments.named.first(where: { $0.0 == "attribute" })?.1 {
                var values: [Value] = []
                for element in elements { values.append(try picked(element, attribute, context)) }
                return .list(values)
            }
            var rest = arguments
            guard let filter = rest.positional.first?.plainString, names.contains(filter) else {
                throw Failure("'map' takes attribute='name' or the name of a filter")
            }
            rest.positional.removeFirst()
            var values: [Value] = []
            for element in elements { values.append(try apply(filter, to: element, rest, context)) }
            return .list(values)
        case "sum":
            let values = try arguments.values(["attribute", "start"], of: name)
            var total = values[1] ?? .int(0)
            for element in elements {
                total = try Arithmetic.binary(.add, total, try picked(element, values[0], context))
            }
            return total
        case "sort":
            let values = try arguments.values(["reverse", "case_sensitive", "attribute"], of: name)
            let sorted = try sort(elements, caseSensitive: try values[1]?.isTrue ?? false) {
                (element) throws(Failure) in
                try picked(element, values[2], context)
            }
            return .list(try values[0]?.isTrue ?? false ? sorted.reversed() : sorted)
        case "min", "max":
            let values = try arguments.values(["case_sensitive", "attribute"], of: name)
            let sorted = try sort(elements, caseSensitive: try values[0]?.isTrue ?? false) {
                (element) throws(Failure) in
                try picked(element, values[1], context)
            }
            return (name == "min" ? sorted.first : sorted.last)
                ?? .undefined(message: "there is no element: it is empty", hint: nil)
        case "unique":
            let caseSensitive = try arguments.values(["case_sensitive"], of: name)[0]?.isTrue ?? false
            guard elements.count <= 10_000 else { throw Failure("'unique' takes at most 10,000 elements") }
            var result: [Value] = []
            var keys: [Value] = []
            for element in elements {
                let key = caseSensitive ? element : element.caseFolded
                if try !Arithmetic.contains(.list(keys), key) {
                    keys.append(key)
                    result.append(element)
                }
            }
            return .list(result)
        default: throw Failure("the filter '\(name)' takes a mapping, found \(input.kindDescription)")
        }
    }

    /// What a loop over a value would see.
    private static func iterated(_ value: Value, _ name: String) throws(Failure) -> [Value] {
        switch value {
        case .list(let elements): return elements
        case .map(let entries): return entries.map(\.key)
        case .string(let text): return text.unicodeScalars.map { .string(String(Character($0))) }
        default:
            throw Failure("the filter '\(name)' takes a list, a mapping or a string, found \(value.kindDescription)")
        }
    }

    private static func picked(_ element: Value, _ attribute: Value?, _ context: TemplateContext) throws(Failure)
        -> Value
    {
        guard let attribute else { return element }
        if case .null = attribute { return element }
        return try Evaluator(context).evaluate(
            Expression(.item(Expression(.literal(element), at: 0), Expression(.literal(attribute), at: 0)), at: 0)
        ).checked()
    }

    private static func sort(
        _ elements: [Value], caseSensitive: Bool, by key: (Value) throws(Failure) -> Value
    ) throws(Failure) -> [Value] {
        var keyed: [(key: Value, value: Value)] = []
        for element in elements {
            let key = try key(element)
            keyed.append((caseSensitive ? key : key.caseFolded, element))
        }
        var failure: Failure?
        // Swift's sort is stable; it must be told apart from a failed comparison.
        keyed.sort { left, right in
            do throws(Failure) {
                return try Arithmetic.precedes(left.key, right.key)
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return keyed.map(\.value)
    }
}

extension Value {
    fileprivate var caseFolded: Value {
        if case .string(let text) = self { .string(text.lowercased()) } else { self }
    }

    fileprivate var first: Value {
        if case .list(let elements) = self, let first = elements.first { first } else { self }
    }
}

/// Jinja's tests, as in `x is defined`.
enum Tests {
    static let names: Set<String> = [
        "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge", "greaterthan", "gt", "in",
        "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence",
        "string", "true", "undefined", "upper",
    ]
    static let takesArgument: Set<String> = [
        "divisibleby", "eq", "equalto", "ge", "greaterthan", "gt", "in", "le", "lessthan", "lt", "ne",
    ]

    static func check(_ name: String, _ input: Value, _ arguments: CallArguments) throws(Failure) -> Bool {
        let values = try arguments.values(takesArgument.contains(name) ? ["other"] : [], of: name)
        if takesArgument.contains(name) {
            guard let other = values[0] else { throw Failure("the test '\(name)' needs a value") }
            switch name {
            case "eq", "equalto": return try input.equals(other)
            case "ne": return try !input.equals(other)
            case "in": return try Arithmetic.contains(other, input)
            case "lt", "lessthan": return try Arithmetic.compare(.less, input, other)
            case "le": return try Arithmetic.compare(.lessOrEqual, input, other)
            case "gt", "greaterthan": return try Arithmetic.compare(.greater, input, other)
            case "ge": return try Arithmetic.compare(.greaterOrEqual, input, other)
            default: return try Arithmetic.binary(.remainder, input, other).equals(.int(0))
            }
        }
        switch (name, input) {
        case ("undefined", .undefined): return true
        case ("defined", .undefined): return false
        case ("defined", _): return true
        case ("undefined", _): return false
        case ("none", .null), ("boolean", .bool), ("string", .string), ("mapping", .map), ("integer", .int),
            ("float", .double), ("number", .int), ("number", .double), ("number", .bool), ("true", .bool(true)),
            ("false", .bool(false)):
            return true
        case ("sequence", .list), ("sequence", .map), ("sequence", .string), ("iterable", .list), ("iterable", .map),
            ("iterable", .string):
            return true
        case ("even", _), ("odd", _):
            guard let number = input.integer else {
                throw Failure("'\(name)' takes an integer, found \(input.kindDescription)")
            }
            return number.isMultiple(of: 2) == (name == "even")
        case ("lower", .string(let text)): return text == text.lowercased() && text != text.uppercased()
        case ("upper", .string(let text)): return text == text.uppercased() && text != text.lowercased()
        default: return false
        }
    }
}
