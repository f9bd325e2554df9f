import CivilTime
import DAGModel

/// What an expression evaluates to: Python's values as far as templates meet them.
enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case list([Value])
    /// Python's tuple: a list that prints with parentheses.
    case tuple([Value])
    /// Entries in the order they are shown.
    case map([Entry])
    case date(DateValue)
    /// Python's timedelta.
    case duration(Duration)
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
    case undefined(message: String, hint: String?)

    struct Entry: Sendable {
        let key: Value
        let value: Value
    }

    final class Method: Sendable {
        let receiver: Value
        let name: String

        init(_ receiver: Value, _ name: String) {
            self.receiver = receiver
            self.name = name
        }
    }

    /// A JSON value as Python has it.
    ///
    /// Keys come in alphabetical order, since JSON objects here have none.
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { Value($0) })
        case .object(let members):
            self = .map(
                members.sorted { $0.key < $1.key }.map { Entry(key: .string($0.key), value: Value($0.value)) })
        }
    }

    /// "a string", "a date" …: the kind as an error message names it.
    var kindDescription: String {
        switch self {
        case .null: "None"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .list: "a list"
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
        }
    }

    /// Python's truth of a value.
    var isTrue: Bool {
        get throws(Failure) {
            switch self {
            case .null: false
            case .bool(let flag): flag
            case .int(let number): number != 0
            case .double(let number): number != 0
            case .string(let text): !text.isEmpty
            case .list(let elements), .tuple(let elements): !elements.isEmpty
            case .map(let entries): !entries.isEmpty
            case .duration(let duration): duration != .zero
            case .date, .object, .method, .loop, .namespace, .function: true
            case .undefined(let message, let hint): throw Failure(message, hint: hint)
            }
        }
    }

    /// Throws when the value is undefined, as any use of one must.
    func checked() throws(Failure) -> Value {
        if case .undefined(let message, let hint) = self { throw Failure(message, hint: hint) }
        return self
    }

    /// The elements of a list or tuple; nil for other kinds.
    var elements: [Value]? {
        switch self {
        case .list(let elements), .tuple(let elements): elements
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
        switch (try checked(), try other.checked()) {
        case (.null, .null): return true
        case (.string(let left), .string(let right)):
            // Scalar by scalar as in Python: Swift's own == would also take a composed letter for a decomposed one.
            guard left.utf8.count == right.utf8.count else { return false }
            try Meter.charge(bytes: left.utf8.count)
            return left.utf8.elementsEqual(right.utf8)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            guard left.count == right.count else { return false }
            try Meter.charge(left.count)
            for index in left.indices where try !left[index].equals(right[index]) { return false }
            return true
        case (.map(let left), .map(let right)):
            guard left.count == right.count else { return false }
            try Meter.charge(left.count)
            for entry in left {
                guard let match = try Value.lookup(entry.key, in: right), try match.equals(entry.value) else {
                    return false
                }
            }
            return true
        case (.date(let left), .date(let right)): return left.instant == right.instant
        case (.duration(let left), .duration(let right)): return left == right
        case (.int(let left), .int(let right)): return left == right
        case (let left, let right):
            guard let leftNumber = left.number, let rightNumber = right.number else { return false }
            return leftNumber == rightNumber
        }
    }

    /// The value of a key, nil when there is none.
    static func lookup(_ key: Value, in entries: [Entry]) throws(Failure) -> Value? {
        try Meter.charge(entries.count >> 6)
        for entry in entries where try entry.key.equals(key) { return entry.value }
        return nil
    }
}

/// A date and time in a zone, or without one (Python's naive datetime).
struct DateValue: Sendable {
    /// What the clock in the zone shows.
    let civil: CivilDateTime
    /// Nil for a naive date, which counts as UTC where an instant is needed.
    let zone: TimeZoneRules?
    let instant: Timestamp
    /// False for a date alone (Python's `date`).
    let hasTime: Bool

    /// A clock reading; one that the zone skips or repeats is taken as `TimeZoneRules.instant(of:)` does.
    init(civil: CivilDateTime, zone: TimeZoneRules?, hasTime: Bool = true) {
        self.civil = civil
        self.zone = zone
        self.hasTime = hasTime
        instant = zone?.instant(of: civil) ?? civil.asUTC
    }

    /// An instant as the zone shows it; Airflow's context has them in UTC.
    init(_ instant: Timestamp, zone: TimeZoneRules = .utc) {
        self.instant = instant
        self.zone = zone
        civil = zone.local(at: instant)
        hasTime = true
    }

    /// Seconds east of UTC; nil for a naive date.
    var offsetSeconds: Int? { zone?.offset(at: instant) }

    /// The same zone, moved by elapsed time.
    func adding(microseconds: Int64) throws(Failure) -> DateValue {
        let (sum, overflow) = instant.microseconds.addingReportingOverflow(microseconds)
        guard !overflow, abs(sum / 1_000_000) < 4_000_000_000_000 else { throw Failure("the date is out of range") }
        let moved = Timestamp(microseconds: sum)
        guard let zone else { return DateValue(civil: CivilDateTime(asUTC: moved), zone: nil, hasTime: hasTime) }
        return DateValue(moved, zone: zone)
    }

    /// The same time of day, whole days later.
    func adding(days: Int64) throws(Failure) -> DateValue {
        guard abs(days) < 40_000_000 else { throw Failure("the date is out of range") }
        return DateValue(civil: civil.adding(days: Int(days)), zone: zone, hasTime: hasTime)
    }
}
