/// Jinja's filters on lists and mappings.
enum Collections {
    static func apply(_ name: String, _ input: Value, _ arguments: CallArguments, _ evaluator: Evaluator)
        throws(Failure) -> Value
    {
        if case .map(let entries) = input {
            switch name {
            case "length", "count":
                _ = try arguments.values([], of: name)
                return .int(Int64(entries.count))
            case "items":
                _ = try arguments.values([], of: name)
                return .generator(entries.map { .tuple([$0.key, $0.value]) }, of: name)
            case "dictsort":
                let values = try arguments.values(["case_sensitive", "by", "reverse"], of: name)
                let by = values[1]?.plainString ?? "key"
                guard by == "key" || by == "value" else {
                    throw Failure("'dictsort' sorts by 'key' or 'value', not by '\(by)'")
                }
                let sorted = try sort(
                    entries.map { ($0.value, .tuple([$0.key, $0.value]), by == "key" ? $0.key : $0.value) },
                    caseSensitive: try values[0]?.isTrue ?? false, reverse: try values[2]?.isTrue ?? false)
                return .list(sorted)
            default: break
            }
        }
        if case .list(let list) = input, list.isGenerator {
            guard name != "length", name != "count", name != "last" else {
                throw Failure("\(input.kindDescription) comes one by one: write '| list' before '| \(name)'")
            }
            if name == "first" {
                _ = try arguments.values([], of: name)
                try Meter.charge(list.count >> 6)
                return list.isEmpty
                    ? .undefined(message: "there is no first element: it is empty", hint: nil)
                    : list.remove(at: 0)
            }
        }
        if name == "items", input.isUndefined { return .generator([], of: name) }
        let elements = try Filters.iterated(input, name)
        switch name {
        case "length", "count":
            _ = try arguments.values([], of: name)
            return .int(Int64(elements.count))
        case "first", "last", "list", "reverse":
            _ = try arguments.values([], of: name)
            return reordered(name, input, elements)
        case "join":
            let values = try arguments.values(["d", "attribute"], of: name)
            var parts: [String] = []
            for element in elements { parts.append(try picked(element, values[1], evaluator).text()) }
            return .string(try Texts.joined(parts, separator: try values[0]?.text() ?? ""))
        case "map": return .generator(try map(elements, arguments, evaluator), of: name)
        case "select", "reject", "selectattr", "rejectattr":
            return .generator(try select(name, elements, arguments, evaluator), of: name)
        case "sum":
            let values = try arguments.values(["attribute", "start"], of: name)
            var total = values[1] ?? .int(0)
            for element in elements {
                total = try Arithmetic.binary(.add, total, try picked(element, values[0], evaluator))
            }
            return total
        case "sort":
            let values = try arguments.values(["reverse", "case_sensitive", "attribute"], of: name)
            let caseSensitive = try values[1]?.isTrue ?? false
            return .list(
                try sort(
                    try keyed(elements, values[2], evaluator), caseSensitive: caseSensitive,
                    reverse: try values[0]?.isTrue ?? false))
        case "min", "max":
            let values = try arguments.values(["case_sensitive", "attribute"], of: name)
            let sorted = try sort(
                try keyed(elements, values[1], evaluator), caseSensitive: try values[0]?.isTrue ?? false,
                reverse: name == "max")
            return sorted.first ?? .undefined(message: "there is no element: it is empty", hint: nil)
        case "unique":
            let values = try arguments.values(["case_sensitive", "attribute"], of: name)
            let caseSensitive = try values[0]?.isTrue ?? false
            var result: [Value] = []
            let keys = ValueList([])
            for element in elements {
                let found = try picked(element, values[1], evaluator)
                let key = caseSensitive ? found : found.caseFolded
                try key.checkHashable()
                if try !Arithmetic.contains(.list(keys), key) {
                    try keys.insert(key, at: keys.count)
                    result.append(element)
                }
            }
            return .generator(result, of: name)
        case "batch", "slice": return .generator(try cut(name, elements, arguments), of: name)
        case "groupby": return .list(try group(elements, arguments, evaluator))
        default: throw Failure("the filter '\(name)' takes a mapping, found \(input.kindDescription)")
        }
    }

    private static func reordered(_ name: String, _ input: Value, _ elements: [Value]) -> Value {
        switch name {
        case "first": return elements.first ?? .undefined(message: "there is no first element: it is empty", hint: nil)
        case "last": return elements.last ?? .undefined(message: "there is no last element: it is empty", hint: nil)
        case "list": return .list(elements)
        default:
            if let text = input.plainString {
                return input.like(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
            }
            if case .list(let list) = input, list.isGenerator { return .list(elements.reversed()) }
            return .generator(elements.reversed(), of: name)
        }
    }

    private static func map(_ elements: [Value], _ arguments: CallArguments, _ evaluator: Evaluator) throws(Failure)
        -> [Value]
    {
        var result: [Value] = []
        if arguments.positional.isEmpty, let attribute = arguments.named.first(where: { $0.0 == "attribute" })?.1 {
            if let other = arguments.named.first(where: { $0.0 != "attribute" && $0.0 != "default" }) {
                throw Failure("'map' has no argument '\(other.0)'")
            }
            let fallback = arguments.named.first { $0.0 == "default" }?.1
            for element in elements {
                let found = try path(attribute, of: element, evaluator)
                if case .undefined = found, let fallback {
                    result.append(fallback)
                } else {
                    result.append(found)
                }
            }
            return result
        }
        var rest = arguments
        guard let filter = rest.positional.first?.plainString else {
            throw Failure("'map' takes attribute='name' or the name of a filter")
        }
        guard Filters.names.contains(filter) else {
            throw Failure("unknown filter '\(filter)'", hint: NearestWord.of(filter, among: Filters.names))
        }
        rest.positional.removeFirst()
        for element in elements { result.append(try Filters.apply(filter, to: element, rest, evaluator)) }
        return result
    }

    private static func select(
        _ name: String, _ elements: [Value], _ arguments: CallArguments, _ evaluator: Evaluator
    ) throws(Failure) -> [Value] {
        var rest = arguments
        var attribute: Value?
        if name.hasSuffix("attr") {
            guard !rest.positional.isEmpty else { throw Failure("'\(name)' needs an attribute's name") }
            attribute = rest.positional.removeFirst()
        }
        var test: String?
        if let given = rest.positional.first {
            let found = try CallArguments.string(given, "test", of: name)
            guard Tests.names.contains(found) else {
                throw Failure("unknown test '\(found)'", hint: NearestWord.of(found, among: Tests.names))
            }
            test = found
            rest.positional.removeFirst()
        }
        let keeps = name.hasPrefix("select")
        var result: [Value] = []
        for element in elements {
            try Meter.charge(1)
            let value =
                try attribute.map { (name) throws(Failure) in try path(name, of: element, evaluator) } ?? element
            let passes: Bool
            if let test {
                passes = try Tests.check(test, value, rest)
            } else {
                passes = try value.isTrue
            }
            if passes == keeps { result.append(element) }
        }
        return result
    }

    private static func cut(_ name: String, _ elements: [Value], _ arguments: CallArguments) throws(Failure) -> [Value]
    {
        let values = try arguments.values([name == "batch" ? "linecount" : "slices", "fill_with"], of: name)
        let size = Int(
            clamping: try CallArguments.integer(values[0], name == "batch" ? "linecount" : "slices", of: name))
        guard size > 0 else { throw Failure("'\(name)' needs a number above zero") }
        var result: [Value] = []
        let filler = values[1].flatMap { $0.isNull ? nil : $0 }
        if name == "batch" {
            for start in stride(from: 0, to: elements.count, by: size) {
                var line = Array(elements[start..<min(start + size, elements.count)])
                if let filler, line.count < size {
                    try Meter.charge(size)
                    line += Array(repeating: filler, count: size - line.count)
                }
                result.append(.list(line))
            }
            return result
        }
        try Meter.charge(size)
        let shortest = elements.count / size
        let longer = elements.count % size
        var start = 0
        for number in 0..<size {
            let count = shortest + (number < longer ? 1 : 0)
            var column = Array(elements[start..<start + count])
            start += count
            if let filler, number >= longer { column.append(filler) }
            result.append(.list(column))
        }
        return result
    }

    private static func group(_ elements: [Value], _ arguments: CallArguments, _ evaluator: Evaluator) throws(Failure)
        -> [Value]
    {
        let values = try arguments.values(["attribute", "default", "case_sensitive"], of: "groupby")
        guard let attribute = values[0] else { throw Failure("'groupby' needs an attribute's name") }
        let caseSensitive = try values[2]?.isTrue ?? false
        var keyed: [(Value, Value, Value)] = []
        for element in elements {
            var key = try path(attribute, of: element, evaluator)
            if case .undefined = key, let fallback = values[1] { key = fallback }
            keyed.append((try key.checked(), element, key))
        }
        var groups: [(key: Value, members: [Value])] = []
        let sorted = try sort(
            keyed.map { ($0.0, .tuple([$0.0, $0.1]), $0.2) }, caseSensitive: caseSensitive, reverse: false)
        for pair in sorted {
            guard let both = pair.elements else { continue }
            let folded = caseSensitive ? both[0] : both[0].caseFolded
            if let last = groups.last, try (caseSensitive ? last.key : last.key.caseFolded).equals(folded) {
                groups[groups.count - 1].members.append(both[1])
            } else {
                groups.append((both[0], [both[1]]))
            }
        }
        return groups.map { .tuple(ValueList([$0.key, .list($0.members)], form: .group)) }
    }

    private static func picked(_ element: Value, _ attribute: Value?, _ evaluator: Evaluator) throws(Failure) -> Value {
        guard let attribute, !attribute.isNull else { return element }
        return try path(attribute, of: element, evaluator).checked()
    }

    /// `a.b.0` within an element.
    private static func path(_ attribute: Value, of element: Value, _ evaluator: Evaluator) throws(Failure) -> Value {
        guard let text = attribute.plainString else { return try evaluator.item(attribute, of: element) }
        var value = element
        try Meter.charge(bytes: text.utf8.count)
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            try Meter.charge(1)
            let key: Value = Int64(part).map { .int($0) } ?? .string(String(part))
            value = try evaluator.item(key, of: try value.checked())
        }
        return value
    }

    private static func keyed(_ elements: [Value], _ attribute: Value?, _ evaluator: Evaluator) throws(Failure)
        -> [(Value, Value, Value)]
    {
        var result: [(Value, Value, Value)] = []
        // `a,b` sorts by several.
        try Meter.charge(bytes: attribute?.plainString?.utf8.count ?? 0)
        let several = attribute?.plainString.map { $0.split(separator: ",").map { Value.string(String($0)) } } ?? []
        for element in elements {
            if several.count > 1 {
                var keys: [Value] = []
                for one in several { keys.append(try picked(element, one, evaluator).caseFolded) }
                result.append((.null, element, .tuple(keys)))
            } else {
                result.append((.null, element, try picked(element, attribute, evaluator)))
            }
        }
        return result
    }

    /// Python's `sorted`.
    static func sorted(_ elements: [Value], reverse: Bool) throws(Failure) -> [Value] {
        try sort(elements.map { (.null, $0, $0) }, caseSensitive: true, reverse: reverse)
    }

    /// The middle values by the last ones, stable in both directions as Python's `sorted` is.
    private static func sort(_ entries: [(Value, Value, Value)], caseSensitive: Bool, reverse: Bool) throws(Failure)
        -> [Value]
    {
        try Meter.charge(entries.count)
        var keyed = entries.map { (key: caseSensitive ? $0.2 : $0.2.caseFolded, value: $0.1) }
        var failure: Failure?
        // Swift's sort is stable; a failed comparison must be told apart.
        keyed.sort { left, right in
            guard failure == nil else { return false }
            do throws(Failure) {
                return reverse
                    ? try Arithmetic.precedes(right.key, left.key) : try Arithmetic.precedes(left.key, right.key)
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
    /// Lower-case, for comparisons that take no heed of case.
    var caseFolded: Value {
        if let text = plainString { .string(text.lowercased()) } else { self }
    }
}
