/// The methods that change a list or a mapping.
enum Mutators {
    static let ofLists: Set<String> = ["append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort"]
    static let ofMaps: Set<String> = ["update", "pop", "setdefault", "clear", "popitem"]
    /// Those that keep what they are given, which may be undefined.
    static let keeping: Set<String> = ["append", "insert", "update", "setdefault"]

    static func change(_ name: String, _ list: ValueList, _ arguments: CallArguments) throws(Failure) -> Value {
        switch name {
        case "append":
            guard let element = try arguments.values(["object"], of: name)[0] else {
                throw Failure("'append' needs a value")
            }
            try list.insert(element, at: list.count)
        case "extend":
            guard let more = try arguments.values(["iterable"], of: name)[0] else {
                throw Failure("'extend' needs a list")
            }
            let items = try Filters.iterated(more, name)
            try Meter.charge(items.count)
            for item in items { try list.insert(item, at: list.count) }
        case "insert":
            let values = try arguments.values(["index", "object"], of: name)
            let index = Int(clamping: try CallArguments.integer(values[0], "index", of: name))
            guard let element = values[1] else { throw Failure("'insert' needs a value") }
            try Meter.charge(list.count >> 6)
            let resolved = index < 0 ? index.addingReportingOverflow(list.count).partialValue : index
            try list.insert(element, at: Swift.min(Swift.max(resolved, 0), list.count))
        case "pop":
            let given = try arguments.values(["index"], of: name)[0]
            let index = try given.map { (value) throws(Failure) in
                Int(clamping: try CallArguments.integer(value, "index", of: name))
            }
            let resolved = index.map { $0 < 0 ? $0 + list.count : $0 } ?? list.count - 1
            guard list.indices.contains(resolved) else { throw Failure("'pop': the list has no such element") }
            try Meter.charge(list.count >> 6)
            return list.remove(at: resolved)
        case "remove":
            guard let wanted = try arguments.values(["value"], of: name)[0] else {
                throw Failure("'remove' needs a value")
            }
            try Meter.charge(list.count >> 4)
            for index in list.indices where try list[index].equals(wanted) {
                _ = list.remove(at: index)
                return .null
            }
            throw Failure("'remove': the list has no such element")
        case "clear":
            _ = try arguments.values([], of: name)
            list.replaceAll(with: [])
        case "sort":
            guard arguments.positional.isEmpty else { throw Failure("'sort' takes its argument by name") }
            let reverse = try arguments.values(["reverse"], of: name)[0]?.isTrue ?? false
            list.replaceAll(with: try Collections.sorted(list.elements, reverse: reverse))
        default:
            _ = try arguments.values([], of: name)
            try Meter.charge(list.count >> 4)
            list.replaceAll(with: list.reversed())
        }
        return .null
    }

    static func change(_ name: String, _ map: ValueMap, _ arguments: CallArguments) throws(Failure) -> Value {
        switch name {
        case "update":
            var positional = arguments
            positional.named = []
            if let other = try positional.values(["other"], of: name)[0] {
                for entry in try Functions.pairs(other, of: name) { try map.put(entry.key, entry.value) }
            }
            for (key, value) in arguments.named { try map.put(.string(key), value) }
            return .null
        case "setdefault":
            let values = try arguments.values(["key", "default"], of: name)
            guard let key = values[0] else { throw Failure("'setdefault' needs a key") }
            if let present = try Value.lookup(key, in: map) { return present }
            try map.put(key, values[1] ?? .null)
            return values[1] ?? .null
        case "clear":
            _ = try arguments.values([], of: name)
            map.removeAll()
            return .null
        case "popitem":
            _ = try arguments.values([], of: name)
            guard let last = map.last else { throw Failure("'popitem': the mapping is empty") }
            return .tuple([last.key, map.remove(at: map.count - 1)])
        default:
            let values = try arguments.values(["key", "default"], of: name)
            guard let key = values[0] else { throw Failure("'pop' needs a key") }
            try Meter.charge(map.count >> 6)
            for index in map.indices where try map[index].key.equals(key) { return map.remove(at: index) }
            guard let fallback = values[1] else { throw Failure("'pop': the mapping has no such key") }
            return fallback
        }
    }
}
