/// The methods that change a list or a mapping.
enum Mutators {
    static let ofLists: Set<String> = ["append", "extend", "insert", "pop", "remove", "clear", "reverse"]
    static let ofMaps: Set<String> = ["update", "pop", "setdefault"]
    static let names = ofLists.union(ofMaps)

    /// Whether a value has the method.
    static func apply(_ name: String, to value: Value?) -> Bool {
        switch value {
        case .list: ofLists.contains(name)
        case .map: ofMaps.contains(name)
        default: false
        }
    }

    static func call(_ name: String, on value: inout Value, _ arguments: CallArguments) throws(Failure) -> Value {
        for argument in arguments.positional {
            try RenderState.checkNesting(argument, below: RenderState.maximumNesting - 1)
        }
        switch value {
        case .list(var elements):
            // Released before the change, so that the elements are not copied.
            value = .null
            defer { value = .list(elements) }
            return try change(name, &elements, arguments)
        case .map(var entries):
            value = .null
            defer { value = .map(entries) }
            return try change(name, &entries, arguments)
        default: throw Failure("\(value.kindDescription) cannot be changed")
        }
    }

    /// Sets a key, in its place where there is one already.
    static func put(_ key: Value, _ value: Value, in entries: inout [Value.Entry]) throws(Failure) {
        try Meter.charge(entries.count >> 6)
        for index in entries.indices where try entries[index].key.equals(key) {
            entries[index] = Value.Entry(key: entries[index].key, value: value)
            return
        }
        entries.append(Value.Entry(key: key, value: value))
    }

    private static func change(_ name: String, _ elements: inout [Value], _ arguments: CallArguments) throws(Failure)
        -> Value
    {
        switch name {
        case "append":
            guard let element = try arguments.values(["object"], of: name)[0] else {
                throw Failure("'append' needs a value")
            }
            elements.append(element)
        case "extend":
            guard let more = try arguments.values(["iterable"], of: name)[0] else {
                throw Failure("'extend' needs a list")
            }
            let items = try Filters.iterated(more, name)
            try Meter.charge(items.count)
            elements.append(contentsOf: items)
        case "insert":
            let values = try arguments.values(["index", "object"], of: name)
            let index = Int(clamping: try CallArguments.integer(values[0], "index", of: name))
            guard let element = values[1] else { throw Failure("'insert' needs a value") }
            try Meter.charge(elements.count >> 6)
            elements.insert(element, at: min(max(index < 0 ? index + elements.count : index, 0), elements.count))
        case "pop":
            let given = try arguments.values(["index"], of: name)[0]
            let index = try given.map { (value) throws(Failure) in
                Int(clamping: try CallArguments.integer(value, "index", of: name))
            }
            let resolved = index.map { $0 < 0 ? $0 + elements.count : $0 } ?? elements.count - 1
            guard elements.indices.contains(resolved) else { throw Failure("'pop': the list has no such element") }
            try Meter.charge(elements.count >> 6)
            return elements.remove(at: resolved)
        case "remove":
            guard let wanted = try arguments.values(["value"], of: name)[0] else {
                throw Failure("'remove' needs a value")
            }
            try Meter.charge(elements.count >> 4)
            for index in elements.indices where try elements[index].equals(wanted) {
                elements.remove(at: index)
                return .null
            }
            throw Failure("'remove': the list has no such element")
        case "clear":
            _ = try arguments.values([], of: name)
            elements = []
        default:
            _ = try arguments.values([], of: name)
            try Meter.charge(elements.count >> 4)
            elements.reverse()
        }
        return .null
    }

    private static func change(_ name: String, _ entries: inout [Value.Entry], _ arguments: CallArguments)
        throws(Failure) -> Value
    {
        switch name {
        case "update":
            var positional = arguments
            positional.named = []
            if let other = try positional.values(["other"], of: name)[0] {
                guard case .map(let more) = other else {
                    throw Failure("'update' takes a mapping, found \(other.kindDescription)")
                }
                for entry in more { try put(entry.key, entry.value, in: &entries) }
            }
            for (key, value) in arguments.named {
                try RenderState.checkNesting(value, below: RenderState.maximumNesting - 1)
                try put(.string(key), value, in: &entries)
            }
            return .null
        case "setdefault":
            let values = try arguments.values(["key", "default"], of: name)
            guard let key = values[0] else { throw Failure("'setdefault' needs a key") }
            if let present = try Value.lookup(key, in: entries) { return present }
            entries.append(Value.Entry(key: key, value: values[1] ?? .null))
            return values[1] ?? .null
        default:
            let values = try arguments.values(["key", "default"], of: name)
            guard let key = values[0] else { throw Failure("'pop' needs a key") }
            for index in entries.indices where try entries[index].key.equals(key) {
                return entries.remove(at: index).value
            }
            guard let fallback = values[1] else { throw Failure("'pop': the mapping has no such key") }
            return fallback
        }
    }
}
