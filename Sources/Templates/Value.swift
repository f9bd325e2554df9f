import CivilTime
import DAGModel

/// What an expression evaluates to: Python's values as far as templates meet them.
enum Value {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    /// A string that `escape`, `safe` or `tojson` made: it is not escaped again.
    case markup(String)
    case list(ValueList)
    /// Python's tuple: a list that prints with parentheses and does not change.
    case tuple(ValueList)
    case map(ValueMap)
    // Those that are large stand elsewhere, so that a list of a million numbers is not.
    indirect case date(DateValue)
    indirect case duration(Span)
    /// One of the context's objects, such as `dag_run`.
    case object(ContextObject)
    /// The round of a `for`.
    case loop(LoopRound)
    /// One made by `namespace()`, by its number in the rendering.
    case namespace(Int)
    /// A function of Jinja's: `range`, `dict`, `namespace`.
    case function(String)
    /// A method that waits for its call.
    case method(Method)
    /// A name or attribute that does not exist: an error as soon as it is used, as Airflow's StrictUndefined is.
    indirect case undefined(message: String, hint: String?)
    /// What an inline `if` without `else` gives: it writes nothing, is false, and counts as undefined.
    case absent

    struct Entry {
        let key: Value
        let value: Value
    }

    final class Method {
        let receiver: Value
        let name: String

        init(_ receiver: Value, _ name: String) {
            self.receiver = receiver
            self.name = name
        }
    }

    static func list(_ elements: [Value]) -> Value { .list(ValueList(elements)) }
    static func tuple(_ elements: [Value]) -> Value { .tuple(ValueList(elements)) }
    static func map(_ entries: [Entry]) -> Value { .map(ValueMap(entries)) }

    /// What a filter gives one by one; printing it is an error, since Jinja would write an address.
    static func generator(_ elements: [Value], of filter: String) -> Value {
        .list(ValueList(elements, form: .generator(filter)))
    }

    /// A JSON value as Python has it.
    ///
    /// Keys come in alphabetical order, since JSON objects here have none.
    init(_ json: JSONValue, name: String = "the mapping") throws(Failure) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .array(let elements):
            try Meter.charge(elements.count >> 2)
            self = .list(try elements.map { (json) throws(Failure) in try Value(json) })
        case .object(let members):
            try Meter.charge(members.count)
            let entries = try members.sorted { $0.key < $1.key }.map { (member) throws(Failure) in
                Entry(key: .string(member.key), value: try Value(member.value))
            }
            self = .map(ValueMap(entries, name: name))
        }
    }

    /// A JSON text's value, its keys in their order.
    init(_ json: JSONTree) throws(Failure) {
        switch json {
        case .scalar(let value): self = try Value(value)
        case .array(let elements): self = .list(try elements.map { (json) throws(Failure) in try Value(json) })
        case .object(let members):
            self = .map(
                try members.map { (member) throws(Failure) in
                    Entry(key: .string(member.name), value: try Value(member.value))
                })
        }
    }

    /// "a string", "a date" …: the kind as an error message names it.
    var kindDescription: String {
        switch self {
        case .null: "None"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string, .markup: "a string"
        case .list(let list):
            switch list.form {
            case .range: "a range"
            case .generator(let filter): "the outcome of '\(filter)'"
            case .view: "a mapping's view"
            case .list, .group, .isoCalendar: "a list"
            }
        case .tuple: "a tuple"
        case .loop: "the object 'loop'"
        case .namespace: "a namespace"
        case .function(let name): "the function '\(name)'"
        case .map: "a mapping"
        case .date: "a date"
        case .duration: "a time span"
        case .object(let object): "the object '\(object.name)'"
        case .method(let method): "the method '\(method.name)'"
        case .undefined: "an undefined value"
        case .absent: "the missing 'else' of an inline 'if'"
        }
    }

    /// Python's truth of a value.
    var isTrue: Bool {
        get throws(Failure) {
            switch self {
            case .null, .absent: false
            case .bool(let flag): flag
            case .int(let number): number != 0
            case .double(let number): number != 0
            case .string(let text), .markup(let text): !text.isEmpty
            case .list(let elements): elements.isGenerator || !elements.isEmpty
            case .tuple(let elements): !elements.isEmpty
            case .map(let entries): !entries.isEmpty
            case .duration(let span): span.microseconds != 0
            case .date, .object, .method, .loop, .namespace, .function: true
            case .undefined(let message, let hint): throw Failure(message, hint: hint)
            }
        }
    }

    var isUndefined: Bool {
        switch self {
        case .undefined, .absent: true
        default: false
        }
    }

    /// Markup as the string it is.
    var unmarked: Value { if case .markup(let text) = self { .string(text) } else { self } }

    /// Throws when the value is undefined, as any use of one must.
    func checked() throws(Failure) -> Value {
        if case .undefined(let message, let hint) = self { throw Failure(message, hint: hint) }
        return self
    }

    /// The elements of a list or tuple; nil for other kinds.
    var elements: [Value]? {
        switch self {
        case .list(let list), .tuple(let list): list.elements
        default: nil
        }
    }

    /// The number when it is one; booleans count as 0 and 1, as in Python.
    var number: Double? {
        switch self {
        case .bool(let flag): flag ? 1 : 0
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    /// The whole number when it is one; booleans count as 0 and 1, as in Python.
    var integer: Int64? {
        switch self {
        case .bool(let flag): flag ? 1 : 0
        case .int(let number): number
        default: nil
        }
    }

    /// Python's `==`.
    func equals(_ other: Value) throws(Failure) -> Bool {
        switch (try checked().unmarked, try other.checked().unmarked) {
        case (.null, .null), (.absent, .absent): return true
        case (.string(let left), .string(let right)):
            // Scalar by scalar as in Python: Swift's own == would also take a composed letter for a decomposed one.
            guard left.utf8.count == right.utf8.count else { return false }
            try Meter.charge(bytes: left.utf8.count)
            return left.utf8.elementsEqual(right.utf8)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            if left === right { return true }
            guard Value.isComparable(left, right), left.count == right.count else { return false }
            try Meter.charge(left.count)
            for index in left.indices where try !left[index].equals(right[index]) { return false }
            return true
        case (.map(let left), .map(let right)):
            if left === right { return true }
            guard left.count == right.count else { return false }
            try Meter.charge(left.count)
            for entry in left {
                guard let match = try Value.lookup(entry.key, in: right), try match.equals(entry.value) else {
                    return false
                }
            }
            return true
        case (.date(let left), .date(let right)): return left.equals(right)
        case (.duration(let left), .duration(let right)): return left.microseconds == right.microseconds
        case (.namespace(let left), .namespace(let right)): return left == right
        case (.function(let left), .function(let right)): return left == right
        case (.object(let left), .object(let right)): return left == right
        case (let left, let right):
            if let leftInteger = left.integer, let rightInteger = right.integer { return leftInteger == rightInteger }
            guard left.number != nil, right.number != nil else { return false }
            return Value.order(left, right) == 0
        }
    }

    /// A list equals a list, and a range a range; views and generators equal only themselves (and keys, as sets, keys).
    private static func isComparable(_ left: ValueList, _ right: ValueList) -> Bool {
        switch (left.form, right.form) {
        case (.list, .list), (.range, .range), (.group, _), (_, .group): true
        default: false
        }
    }

    /// -1, 0 or 1 for two numbers by their exact values, as Python compares; nil when one is none or not a number.
    static func order(_ left: Value, _ right: Value) -> Int? {
        if let one = left.integer, let other = right.integer { return one < other ? -1 : one == other ? 0 : 1 }
        if let one = left.integer, case .double(let other) = right { return order(one, other) }
        if case .double(let one) = left, let other = right.integer { return order(other, one).map { -$0 } }
        guard let one = left.number, let other = right.number, !one.isNaN, !other.isNaN else { return nil }
        return one < other ? -1 : one == other ? 0 : 1
    }

    private static func order(_ integer: Int64, _ number: Double) -> Int? {
        if number.isNaN { return nil }
        if number >= 0x1p63 { return -1 }
        if number < -0x1p63 { return 1 }
        let whole = number.rounded(.down)
        let floor = Int64(whole)
        if integer != floor { return integer < floor ? -1 : 1 }
        return number > whole ? -1 : 0
    }

    /// The value of a key, nil when there is none.
    static func lookup(_ key: Value, in entries: some RandomAccessCollection<Entry>) throws(Failure) -> Value? {
        try Meter.charge(entries.count >> 6)
        for entry in entries where try entry.key.equals(key) { return entry.value }
        return nil
    }
}
