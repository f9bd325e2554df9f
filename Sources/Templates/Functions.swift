/// Jinja's functions that need nothing but their arguments.
enum Functions {
    /// As Jinja's sandbox, in which Airflow renders, has it.
    static let maximumRange = 100_000

    static func call(_ name: String, _ arguments: CallArguments, _ state: RenderState) throws(Failure) -> Value {
        switch name {
        case "range": return .list(try range(arguments))
        case "dict":
            let map = ValueMap([])
            if let given = arguments.positional.first {
                guard arguments.positional.count == 1 else { throw Failure("'dict' takes at most 1 argument") }
                for entry in try pairs(given, of: name) { try map.put(entry.key, entry.value) }
            }
            for (key, value) in arguments.named { try map.put(.string(key), value) }
            return .map(map)
        default:
            var values: [String: Value] = [:]
            for given in arguments.positional {
                for entry in try pairs(given, of: name) {
                    guard let key = entry.key.plainString else { throw Failure("a namespace's names are strings") }
                    values[key] = entry.value
                }
            }
            for (key, value) in arguments.named { values[key] = value }
            try Meter.charge(values.count)
            return try state.makeNamespace(values)
        }
    }

    /// The entries of a mapping, or of a list of pairs.
    static func pairs(_ value: Value, of name: String) throws(Failure) -> [Value.Entry] {
        if case .map(let map) = value { return map.entries }
        var result: [Value.Entry] = []
        for pair in try Filters.iterated(value, name) {
            guard let both = pair.elements, both.count == 2 else {
                throw Failure("'\(name)' takes a mapping or a list of pairs")
            }
            result.append(Value.Entry(key: both[0], value: both[1]))
        }
        return result
    }

    private static func range(_ arguments: CallArguments) throws(Failure) -> ValueList {
        guard arguments.named.isEmpty, (1...3).contains(arguments.positional.count) else {
            throw Failure("'range' takes one to three integers")
        }
        var numbers: [Int64] = []
        for argument in arguments.positional {
            numbers.append(try CallArguments.integer(argument, "stop", of: "range"))
        }
        let start = numbers.count > 1 ? numbers[0] : 0
        let stop = numbers.count > 1 ? numbers[1] : numbers[0]
        let step = numbers.count > 2 ? numbers[2] : 1
        guard step != 0 else { throw Failure("'range' cannot go in steps of zero") }
        let (distance, overflow) = stop.subtractingReportingOverflow(start)
        guard !overflow, distance != .min, step != .min else { throw Arithmetic.tooLarge }
        let form = ValueList.Form.range(start: start, stop: stop, step: step)
        guard (distance > 0) == (step > 0), distance != 0 else { return ValueList([], form: form) }
        let count = (abs(distance) - 1) / abs(step) + 1
        guard count <= maximumRange else { throw Failure("'range' has at most \(maximumRange) numbers") }
        try Meter.charge(Int(count))
        return ValueList((0..<count).map { .int(start + $0 * step) }, form: form)
    }
}
