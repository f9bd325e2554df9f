/// The elements of a list or tuple: one thing under all its names, as Python's are, so a change shows under each of them.
final class ValueList: RandomAccessCollection {
    /// What it is besides a list: it prints, compares and gives its elements accordingly.
    enum Form {
        case list
        case range(start: Int64, stop: Int64, step: Int64)
        /// `dict_keys` and its like.
        case view(String)
        /// What a filter such as `map` gives: elements one by one, once.
        case generator(String)
        /// What a date's `isocalendar()` gives.
        case isoCalendar
        /// A group of `groupby`, with the attributes `grouper` and `list`.
        case group
    }

    fileprivate(set) var elements: [Value]
    let form: Form
    fileprivate var level: Int?

    init(_ elements: [Value], form: Form = .list) {
        self.elements = elements
        self.form = form
    }

    var startIndex: Int { 0 }
    var endIndex: Int { elements.count }
    subscript(index: Int) -> Value { elements[index] }

    /// Removes an element.
    func remove(at index: Int) -> Value { elements.remove(at: index) }

    /// Puts the elements that the list has into another order, or removes them.
    ///
    /// Their order is made beforehand: what compares elements with each other may read this list, too.
    func replaceAll(with elements: [Value]) { self.elements = elements }

    /// Adds an element, unless lists would be nested too deeply or within themselves.
    func insert(_ value: Value, at index: Int) throws(Failure) {
        elements.insert(value, at: index)
        guard let level else { return }
        do throws(Failure) {
            try value.settle(at: level + 1)
        } catch {
            elements.remove(at: index)
            throw error
        }
    }

    /// A plain list; a tuple, a range, a view and a generator cannot be changed.
    var isPlain: Bool { if case .list = form { true } else { false } }

    var isRange: Bool { if case .range = form { true } else { false } }

    /// The elements, which a generator gives only once.
    func taken() -> [Value] {
        defer { if isGenerator { elements = [] } }
        return elements
    }

    var isGenerator: Bool { if case .generator = form { true } else { false } }
}

/// The entries of a mapping, in the order they are shown; one thing under all its names.
final class ValueMap: RandomAccessCollection {
    fileprivate(set) var entries: [Value.Entry]
    /// What messages call it.
    let name: String
    fileprivate var level: Int?

    init(_ entries: [Value.Entry], name: String = "the mapping") {
        self.entries = entries
        self.name = name
    }

    var startIndex: Int { 0 }
    var endIndex: Int { entries.count }
    subscript(index: Int) -> Value.Entry { entries[index] }

    func remove(at index: Int) -> Value { entries.remove(at: index).value }

    func removeAll() { entries = [] }

    /// Sets a key, in its place where there is one already.
    func put(_ key: Value, _ value: Value) throws(Failure) {
        try key.checkHashable()
        try Meter.charge(entries.count >> 6)
        var place: Int?
        for index in entries.indices where try entries[index].key.equals(key) {
            place = index
            break
        }
        let old = place.map { entries[$0] }
        if let place, let old {
            entries[place] = Value.Entry(key: old.key, value: value)
        } else {
            entries.append(Value.Entry(key: key, value: value))
        }
        guard let level else { return }
        do throws(Failure) {
            try value.settle(at: level + 1)
        } catch {
            // A list within itself would never be let go.
            if let place, let old { entries[place] = old } else { entries.removeLast() }
            throw error
        }
    }
}

extension Value {
    /// Lists within lists beyond this are refused.
    static let maximumNesting = 64

    /// Notes how many lists stand around this value, and throws when they are too many.
    ///
    /// What a name can reach is settled: each container's level is above that of every container it stands in. So a list
    /// within itself would have no level, and is refused; and whatever walks a value ends.
    func settle(at level: Int) throws(Failure) {
        switch self {
        case .list(let list), .tuple(let list):
            guard try Value.begins(&list.level, at: level, count: list.count) else { return }
            for element in list.elements where element.isNested { try element.settle(at: level + 1) }
        case .map(let map):
            guard try Value.begins(&map.level, at: level, count: map.count) else { return }
            for entry in map.entries where entry.value.isNested { try entry.value.settle(at: level + 1) }
        case .method(let method): try method.receiver.settle(at: level + 1)
        case .loop(let round): try Value.list(round.items).settle(at: level + 1)
        default: break
        }
    }

    private static func begins(_ known: inout Int?, at level: Int, count: Int) throws(Failure) -> Bool {
        if let known, known >= level { return false }
        guard level < maximumNesting else {
            throw Failure("lists are nested more than \(maximumNesting) levels deep, or within themselves")
        }
        try Meter.charge(1 + (count >> 4))
        known = level
        return true
    }

    /// Whether it may hold other values.
    private var isNested: Bool {
        switch self {
        case .list, .tuple, .map, .method, .loop: true
        default: false
        }
    }

    /// Throws for what Python takes for no key: a list or a mapping.
    func checkHashable() throws(Failure) {
        switch self {
        case .list(let list) where list.isPlain: throw Failure("a list cannot be a key")
        case .map: throw Failure("a mapping cannot be a key")
        case .tuple(let elements):
            try Meter.charge(1 + elements.count)
            for element in elements { try element.checkHashable() }
        default: _ = try checked()
        }
    }
}
