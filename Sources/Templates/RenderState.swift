/// What changes while a template is rendered: variables, namespaces, and what `loop.changed` saw.
final class RenderState {
    let context: TemplateContext
    private var scopes: [[String: Value]] = [[:]]
    private var namespaces: [[String: Value]] = []
    private var lastSeen: [Int: Value] = [:]
    private var loops = 0

    /// The context's lists and mappings, made once, so that a change to one of them lasts.
    private var known: [String: Value] = [:]

    init(_ context: TemplateContext) { self.context = context }

    /// A variable that the template has set; nil when there is none.
    func variable(_ name: String) -> Value? {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return nil
    }

    func set(_ name: String, _ value: Value) throws(Failure) {
        try value.settle(at: 0)
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
        for value in values.values { try value.settle(at: 0) }
        namespaces.append(values)
        return .namespace(namespaces.count - 1)
    }

    func attribute(_ name: String, ofNamespace index: Int) -> Value {
        if let value = namespaces[index][name] { return value }
        return TemplateContext.missing(name, of: "the namespace", among: namespaces[index].keys.sorted())
    }

    func setAttribute(_ name: String, ofNamespace index: Int, _ value: Value) throws(Failure) {
        try value.settle(at: 0)
        namespaces[index][name] = value
    }

    /// Whether a loop's value differs from the one it had last time.
    func hasChanged(_ loop: Int, _ value: Value) throws(Failure) -> Bool {
        defer { lastSeen[loop] = value }
        guard let last = lastSeen[loop] else { return true }
        return try !last.equals(value)
    }

    /// A value of the context that a template may change: made when it is first asked for.
    func once(_ name: String, _ make: () throws(Failure) -> Value) throws(Failure) -> Value {
        if let value = known[name] { return value }
        let value = try make()
        guard value.isContainer else { return value }
        try value.settle(at: 0)
        known[name] = value
        return value
    }
}

/// One round of a loop, as the name `loop` shows it.
final class LoopRound {
    let id: Int
    /// From 0.
    let index: Int
    /// What the loop goes over; it may grow meanwhile.
    let items: ValueList

    init(id: Int, index: Int, items: ValueList) {
        self.id = id
        self.index = index
        self.items = items
    }

    private var count: Int { items.count }
    private var previous: Value? { index > 0 && index <= count ? items[index - 1] : nil }
    private var next: Value? { index + 1 < count ? items[index + 1] : nil }

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
