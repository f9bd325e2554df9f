import DAGModel
import Execution

/// What a value means as a condition.
enum Truth {
    /// A template always gives a text, so words count: empty, `false`, `no`, `off`, `none`, `null` and `0` are false.
    static func of(_ value: JSONValue) -> Bool {
        switch value {
        case .null: false
        case .bool(let flag): flag
        case .int(let number): number != 0
        case .double(let number): number != 0
        case .string(let text): !falseWords.contains(text.lowercased().trimmed)
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    private static let falseWords: Set<String> = ["", "false", "f", "no", "n", "off", "none", "null", "0", "0.0"]

    /// The words that a database's answer may use, both ways.
    ///
    /// Source: Airflow's BranchSQLOperator. Nil for any other text.
    static func ofAnswer(_ value: JSONValue) -> Bool? {
        guard case .string(let text) = value else { return of(value) }
        let word = text.lowercased().trimmed
        if ["true", "t", "yes", "y", "1", "on"].contains(word) { return true }
        return ["false", "f", "no", "n", "0", "off"].contains(word) ? false : Double(word).map { $0 != 0 }
    }
}

extension String {
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
