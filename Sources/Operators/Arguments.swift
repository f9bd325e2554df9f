import CivilTime
import DAGModel
import Execution

/// Reads an operator's rendered arguments; what does not fit is a ``TaskFailure`` that a retry cannot mend.
struct Arguments {
    private let values: [String: JSONValue]

    /// Throws for an argument that the signature does not have.
    ///
    /// `do_xcom_push` is every operator's.
    init(_ values: [String: JSONValue], _ signature: OperatorSignature) throws {
        let known = signature.parameters.map(\.name)
        for name in values.keys.sorted() where !known.contains(name) {
            let nearest = NearestName.of(name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
            throw Self.failure("\(signature.name) has no argument \"\(name)\"\(nearest)")
        }
        self.values = values
    }

    static func failure(_ text: String) -> TaskFailure { TaskFailure(text, isRetryable: false) }

    /// The value of an argument; nil when it is missing or null.
    subscript(name: String) -> JSONValue? {
        guard let value = values[name], value != .null else { return nil }
        return value
    }

    /// Whether the argument is given as null on purpose.
    func isNull(_ name: String) -> Bool { values[name] == .null }

    func string(_ name: String) throws -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.stringValue else { throw mismatch(name, "a string", value) }
        return text
    }

    func required(_ name: String) throws -> String {
        guard let text = try string(name) else { throw Self.failure("the argument \"\(name)\" is missing") }
        return text
    }

    /// Templates give strings, so the words count too.
    func bool(_ name: String, default standard: Bool) throws -> Bool {
        guard let value = self[name] else { return standard }
        switch value {
        case .bool(let flag): return flag
        case .string(let text) where ["true", "false"].contains(text.lowercased()): return text.lowercased() == "true"
        default: throw mismatch(name, "true or false", value)
        }
    }

    func int(_ name: String, in range: ClosedRange<Int64>) throws -> Int64? {
        guard let value = self[name] else { return nil }
        guard let number = Self.int(value), range.contains(number) else {
            throw mismatch(name, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
        }
        return number
    }

    /// One number or a list of them.
    func ints(_ name: String) throws -> [Int64]? {
        guard let value = self[name] else { return nil }
        if let number = Self.int(value) { return [number] }
        guard let elements = value.arrayValue else { throw mismatch(name, "a whole number or a list of them", value) }
        return try elements.map { element in
            guard let number = Self.int(element) else { throw mismatch(name, "a list of whole numbers", element) }
            return number
        }
    }

    static func int(_ value: JSONValue) -> Int64? {
        value.intValue ?? value.stringValue.flatMap { Int64($0) }
    }

    /// Seconds as a number, or a text such as `30s`.
    func duration(_ name: String) throws -> Duration? {
        guard let value = self[name] else { return nil }
        let duration: Duration
        switch value {
        case .int(let seconds) where seconds < 1_000_000_000: duration = .seconds(seconds)
        case .double(let seconds) where seconds.magnitude < 1e9: duration = .microseconds(Int64(seconds * 1e6))
        case .string(let text):
            do {
                duration = try Duration(parsing: text)
            } catch {
                throw Self.failure("the argument \"\(name)\": \(error)")
            }
        default: throw mismatch(name, "a duration such as 30s", value)
        }
        guard duration > .zero else { throw Self.failure("the argument \"\(name)\" must be longer than nothing") }
        return duration
    }

    func object(_ name: String) throws -> [String: JSONValue]? {
        guard let value = self[name] else { return nil }
        guard let members = value.objectValue else { throw mismatch(name, "a mapping", value) }
        return members
    }

    /// A mapping whose values are written as text.
    func texts(_ name: String) throws -> [String: String]? {
        try object(name)?.reduce(into: [:]) { texts, member in
            guard let text = Self.text(member.value) else {
                throw mismatch("\(name).\(member.key)", "a string or a number", member.value)
            }
            texts[member.key] = text
        }
    }

    /// A scalar as text; nil for null, lists and mappings.
    static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .int, .double, .bool: value.jsonText
        case .null, .array, .object: nil
        }
    }

    /// The error for a value of the wrong kind; the value itself may be a secret and is not repeated.
    func mismatch(_ name: String, _ expected: String, _ found: JSONValue) -> TaskFailure {
        Self.failure("the argument \"\(name)\" must be \(expected), found \(found.kindDescription)")
    }
}

extension OperatorSignature.Parameter {
    /// Airflow's switch for keeping a task's return value.
    static let pushesOutput = Self(
        "do_xcom_push", .boolean, "whether the return value is kept as the task's output; true by default")
}
