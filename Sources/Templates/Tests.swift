/// Jinja's tests, as in `x is defined`.
enum Tests {
    static let names: Set<String> = [
        "==", "!=", "<", "<=", ">", ">=", "boolean", "callable", "defined", "divisibleby", "eq", "equalto", "escaped",
        "even", "false", "filter", "float", "ge", "greaterthan", "gt", "in",
        "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sameas",
        "sequence", "string", "test", "true", "undefined", "upper",
    ]
    static let takesArgument: Set<String> = [
        "==", "!=", "<", "<=", ">", ">=", "divisibleby", "eq", "equalto", "ge", "greaterthan", "gt", "in", "le",
        "lessthan", "lt", "ne", "sameas",
    ]

    static func check(_ name: String, _ input: Value, _ arguments: CallArguments) throws(Failure) -> Bool {
        // Letters are mapped for some of them, which takes longer than reading them.
        if let text = input.plainString { try Meter.charge(bytes: text.utf8.count << 2) }
        let values = try arguments.values(takesArgument.contains(name) ? ["other"] : [], of: name)
        if takesArgument.contains(name) {
            guard let other = values[0] else { throw Failure("the test '\(name)' needs a value") }
            if name != "sameas" { _ = try input.checked() }
            switch name {
            case "==", "eq", "equalto": return try input.equals(other)
            case "!=", "ne": return try !input.equals(other)
            case "sameas": return try isSame(input, other)
            case "in": return try Arithmetic.contains(other, input)
            case "<", "lt", "lessthan": return try Arithmetic.compare(.less, input, other)
            case "<=", "le": return try Arithmetic.compare(.lessOrEqual, input, other)
            case ">", "gt", "greaterthan": return try Arithmetic.compare(.greater, input, other)
            case ">=", "ge": return try Arithmetic.compare(.greaterOrEqual, input, other)
            default: return try Arithmetic.binary(.remainder, input, other).equals(.int(0))
            }
        }
        switch (name, input.unmarked) {
        case ("undefined", _): return input.isUndefined
        case ("defined", _): return !input.isUndefined
        case ("escaped", _):
            guard case .markup = input else { return false }
            return true
        case ("iterable", .absent), ("sequence", .absent), ("callable", .undefined), ("callable", .absent): return true
        case ("iterable", .undefined), ("odd", .undefined), ("even", .undefined), ("lower", .undefined),
            ("upper", .undefined), ("filter", .undefined), ("test", .undefined):
            _ = try input.checked()
            return false
        case ("none", .null), ("boolean", .bool), ("string", .string), ("mapping", .map), ("integer", .int),
            ("float", .double), ("number", .int), ("number", .double), ("number", .bool), ("true", .bool(true)),
            ("false", .bool(false)):
            return true
        case ("filter", .string(let name)): return Filters.names.contains(name)
        case ("test", .string(let name)): return names.contains(name)
        case ("callable", .method), ("callable", .function), ("sequence", .tuple), ("iterable", .tuple): return true
        case ("sequence", .list(let list)): return list.isPlain || list.isRange
        case ("sequence", .map), ("sequence", .string), ("iterable", .list), ("iterable", .map),
            ("iterable", .string):
            return true
        case ("even", _), ("odd", _):
            guard input.number != nil else {
                throw Failure("'\(name)' takes a number, found \(input.kindDescription)")
            }
            return try Arithmetic.binary(.remainder, input, .int(2)).equals(.int(name == "even" ? 0 : 1))
        case ("lower", .string(let text)): return text == text.lowercased() && text != text.uppercased()
        case ("upper", .string(let text)): return text == text.uppercased() && text != text.lowercased()
        default: return false
        }
    }

    /// Python's `is`, as far as values here are told apart from equal ones.
    private static func isSame(_ input: Value, _ other: Value) throws(Failure) -> Bool {
        switch (input, other) {
        case (.null, .null): return true
        case (.bool(let one), .bool(let another)): return one == another
        case (.list(let one), .list(let another)), (.tuple(let one), .tuple(let another)): return one === another
        case (.map(let one), .map(let another)): return one === another
        case (.int, .int), (.double, .double), (.string, .string), (.markup, .markup), (.date, .date),
            (.duration, .duration):
            throw Failure("'sameas' does not tell \(input.kindDescription) from an equal one", hint: "use '=='")
        default: return false
        }
    }
}
