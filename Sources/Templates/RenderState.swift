/// What changes while a template is rendered: variables, namespaces, and what `loop.changed` saw.
final class RenderState {
    let context: TemplateContext
    private var scopes: [[String: Value]] = [[:]]
    private var namespaces: [[String: Value]] = []
    private var lastSeen: [Int: Value] = [:]
    private var loops = 0

    /// Lists within lists beyond this are refused.
    static let maximumNesting = 64

    init(_ context: TemplateContext) { self.context = context }

    /// A variable that the template has set; nil when there is none.
    func variable(_ name: String) -> Value? {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return nil
    }

    func set(_ name: String, _ value: Value) throws(Failure) {
        try Self.checkNesting(value, below: Self.maximumNesting)
        scopes[scopes.count - 1][name] = value
    }

    /// Runs a body whose variables end with it.
    func scoped<T>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
        scopes.append([:])
        defer { scopes.removeLast() }
        return try body()
    }

    /// A number for a loop that begins.
    func nextLoop() -> Int {
        loops += 1
        return loops
    }

    func makeNamespace(_ values: [String: Value]) throws(Failure) -> Value {
        for value in values.values { try Self.checkNesting(value, below: Self.maximumNesting) }
        namespaces.append(values)
        return .namespace(namespaces.count - 1)
    }

    func attribute(_ name: String, ofNamespace index: Int) -> Value {
        if let value = namespaces[index][name] { return value }
        return TemplateContext.missing(name, of: "the namespace", among: namespaces[index].keys.sorted())
    }

    func setAttribute(_ name: String, ofNamespace index: Int, _ value: Value) throws(Failure) {
        try Self.checkNesting(value, below: Self.maximumNesting)
        namespaces[index][name] = value
    }

    /// Whether a loop's value differs from the one it had last time.
    func hasChanged(_ loop: Int, _ value: Value) throws(Failure) -> Bool {
        defer { lastSeen[loop] = value }
        guard let last = lastSeen[loop] else { return true }
        return try !last.equals(value)
    }

    /// Changes a variable's value where it stands; nil when there is no such variable.
    func change<T>(_ name: String, _ body: (inout Value) throws(Failure) -> T) throws(Failure) -> T? {
        for index in scopes.indices.reversed() {
            // Taken out, so that a long list is not copied for each `append`.
            guard var value = scopes[index].removeValue(forKey: name) else { continue }
            defer { scopes[index][name] = value }
            return try body(&value)
        }
        return nil
    }

    /// The same for a namespace's attribute.
    func change<T>(
        _ name: String, ofNamespace namespace: Int, _ body: (inout Value) throws(Failure) -> T
    ) throws(Failure) -> T? {
        guard var value = namespaces[namespace].removeValue(forKey: name) else { return nil }
        defer { namespaces[namespace][name] = value }
        return try body(&value)
    }

    /// Throws for a value nested too deeply, such as a list that a loop wraps into a list again and again.
    static func checkNesting(_ value: Value, below limit: Int) throws(Failure) {
        guard limit > 0 else { throw Failure("lists are nested more than \(maximumNesting) levels deep") }
        switch value {
        case .list(let elements), .tuple(let elements):
            try Meter.charge(1 + (elements.count >> 4))
            for element in elements where element.isNested { try checkNesting(element, below: limit - 1) }
        case .map(let entries):
            try Meter.charge(1 + (entries.count >> 4))
            for entry in entries where entry.value.isNested { try checkNesting(entry.value, below: limit - 1) }
        case .method(let method): try checkNesting(method.receiver, below: limit - 1)
        case .loop(let loop):
            for neighbour in [loop.previous, loop.next] {
                if let neighbour, neighbour.isNested { try checkNesting(neighbour, below: limit - 1) }
            }
        default: break
        }
    }
}

extension Value {
    /// Whether it may hold other values.
    fileprivate var isNested: Bool {
        switch self {
        case .list, .tuple, .map, .method, .loop: true
        default: false
        }
    }
}

/// One round of a loop, as the name `loop` shows it.
final class LoopRound: Sendable {
    let id: Int
    /// From 0.
    let index: Int
    let count: Int
    let previous: Value?
    let next: Value?

    init(id: Int, index: Int, count: Int, previous: Value?, next: Value?) {
        self.id = id
        self.index = index
        self.count = count
        self.previous = previous
        self.next = next
    }

    static let names = [
        "index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "previtem",
        "nextitem", "cycle", "changed",
    ]

    func attribute(_ name: String) -> Value {
        switch name {
        case "index": return .int(Int64(index + 1))
        case "index0": return .int(Int64(index))
        case "revindex": return .int(Int64(count - index))
        case "revindex0": return .int(Int64(count - index - 1))
        case "first": return .bool(index == 0)
        case "last": return .bool(index == count - 1)
        case "length": return .int(Int64(count))
        // Only recursive loops, which there are not, are deeper.
        case "depth": return .int(1)
        case "depth0": return .int(0)
        case "previtem": return previous ?? .undefined(message: "there is no previous item", hint: nil)
        case "nextitem": return next ?? .undefined(message: "there is no next item", hint: nil)
        case "cycle", "changed": return .method(Value.Method(.loop(self), name))
        default: return TemplateContext.missing(name, of: "loop", among: Self.names)
        }
    }
}
