/// Jinja's functions that need nothing but their arguments.
enum Functions {
    /// As Jinja's sandbox, in which Airflow renders, has it.
    static let maximumRange = 100_000

    static func call(_ name: String, _ arguments: CallArguments, _ state: RenderState) throws(Failure) -> Value {
        switch name {
        case "range": return .list(try range(arguments))
        case "dict":
            var entries: [Value.Entry] = []
            if let given = arguments.positional.first {
                guard arguments.positional.count == 1 else { throw Failure("'dict' takes at most 1 argument") }
                switch given {
                case .map(let known): entries = known
                default:
                    for pair in try Filters.iterated(given, name) {
                        guard let both = pair.elements, both.count == 2 else {
                            throw Failure("'dict' takes a mapping or a list of pairs")
                        }
                        try Mutators.put(both[0], both[1], in: &entries)
                    }
                }
            }
            for (key, value) in arguments.named { try Mutators.put(.string(key), value, in: &entries) }
            return .map(entries)
        default:
            var values: [String: Value] = [:]
            for given in arguments.positional {
                for entry in given.entries {
                    guard let key = entry.key.plainString else { throw Failure("a namespace's names are strings") }
                    values[key] = entry.value
                }
            }
            for (key, value) in arguments.named { values[key] = value }
            try Meter.charge(values.count)
            return try state.makeNamespace(values)
        }
    }

    private static func range(_ arguments: CallArguments) throws(Failure) -> [Value] {
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
        guard (distance > 0) == (step > 0), distance != 0 else { return [] }
        let count = (abs(distance) - 1) / abs(step) + 1
        guard count <= maximumRange else { throw Failure("'range' has at most \(maximumRange) numbers") }
        try Meter.charge(Int(count))
        return (0..<count).map { .int(start + $0 * step) }
    }
}
