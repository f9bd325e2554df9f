import DAGModel
import HTTPClient

/// What an answer must be for the task to succeed: `{status: [200], contains: text, json: {a.b: value}}`.
struct ResponseCheck: Sendable {
    private let statuses: [Int64]?
    private let text: String?
    private let members: [String: JSONValue]

    init(_ rules: [String: JSONValue]) throws {
        for name in rules.keys.sorted() where !["status", "contains", "json"].contains(name) {
            throw Arguments.failure("response_check.\(name) is unknown: status, contains and json are understood")
        }
        switch rules["status"] {
        case nil, .null: statuses = nil
        case .array(let elements)?:
            statuses = try elements.map { element in
                guard let status = Arguments.int(element) else {
                    throw Arguments.failure("response_check.status must be a list of numbers")
                }
                return status
            }
        case let value?:
            guard let status = Arguments.int(value) else {
                throw Arguments.failure("response_check.status must be a number or a list of numbers")
            }
            statuses = [status]
        }
        switch rules["contains"] {
        case nil, .null: text = nil
        case .string(let wanted)?: text = wanted
        default: throw Arguments.failure("response_check.contains must be a string")
        }
        switch rules["json"] {
        case nil, .null: members = [:]
        case .object(let wanted)?: members = wanted
        default: throw Arguments.failure("response_check.json must be a mapping of paths (a.b.0) to values")
        }
    }

    /// What is wrong with the answer; nil when it is as it must be.
    func problem(_ response: HTTPResponse) -> String? {
        if let statuses {
            guard statuses.contains(Int64(response.status)) else {
                let wanted = statuses.map { String($0) }.joined(separator: ", ")
                return "the answer is \(response.status), expected \(wanted): \(Self.excerpt(response))"
            }
        } else if response.status >= 400 {
            return "the answer is \(response.status): \(Self.excerpt(response))"
        }
        if let text, !response.text.contains(text) {
            return "the answer does not contain \"\(text.prefix(100))\": \(Self.excerpt(response))"
        }
        guard !members.isEmpty else { return nil }
        guard let value = try? JSONValue(parsing: response.text) else {
            return "the answer is not JSON: \(Self.excerpt(response))"
        }
        for (path, wanted) in members.sorted(by: { $0.key < $1.key }) {
            let found = Self.value(at: path, in: value)
            if found != wanted {
                let text = found?.jsonText ?? "nothing"
                return "\(path) is \(text.prefix(100)), expected \(wanted.jsonText.prefix(100))"
            }
        }
        return nil
    }

    /// Follows `a.b.0`: names of mappings, places of lists.
    private static func value(at path: String, in value: JSONValue) -> JSONValue? {
        var current = value
        for step in path.split(separator: ".") {
            if let list = current.arrayValue {
                guard let index = Int(step), list.indices.contains(index) else { return nil }
                current = list[index]
            } else {
                guard let next = current[String(step)] else { return nil }
                current = next
            }
        }
        return current
    }

    /// The beginning of the body, in one line.
    static func excerpt(_ response: HTTPResponse) -> String {
        let text = response.text.prefix(300).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return text.isEmpty ? "(empty body)" : String(text.prefix(200))
    }
}
