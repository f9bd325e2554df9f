import DAGModel
import Execution
import PostgresClient

/// The values for a statement's placeholders, as Airflow's Postgres hook takes them: `%(name)s` from a mapping, `%s` from
/// a list, `%%` for a percent sign.
///
/// They become bound parameters, never text of the statement, so no value can change what it does. Placeholders are
/// seen only in code: not in strings, quoted names and comments. `%%` counts everywhere, as it does in Airflow.
struct SQLParameters: Sendable {
    private enum Values: Sendable {
        case none
        case named([String: JSONValue])
        case listed([JSONValue])
    }

    private let values: Values

    /// Null, an empty mapping or an empty list leave the SQL untouched, percent signs included, as in Airflow.
    init(_ value: JSONValue?) throws {
        switch value {
        case nil, .null: values = .none
        case .object(let members): values = members.isEmpty ? .none : .named(members)
        case .array(let elements): values = elements.isEmpty ? .none : .listed(elements)
        case let other?:
            throw Arguments.failure("parameters must be a mapping or a list, found \(other.kindDescription)")
        }
    }

    /// The statement with `$1`, `$2`, … and the values for them.
    ///
    /// Throws ``TaskFailure`` for a placeholder without a value and for one that is not understood.
    func bind(_ sql: String) throws -> (sql: String, values: [any PostgresValue]) {
        if case .none = values { return (sql, []) }
        let bytes = Array(sql.utf8)
        var output: [UInt8] = []
        var bound: [any PostgresValue] = []
        var scanner = SQLScanner(bytes[...])
        var skipTo = 0
        var position = 0
        while let token = scanner.next() {
            guard token.range.lowerBound >= skipTo else { continue }
            if token.kind == .quoted || token.kind == .comment {
                output += Self.collapsingPercents(bytes[token.range])
                continue
            }
            guard token.kind == .symbol, bytes[token.range.lowerBound] == UInt8(ascii: "%") else {
                output += bytes[token.range]
                continue
            }
            let start = token.range.lowerBound
            guard let (placeholder, end) = try Self.placeholder(bytes, start) else {
                output.append(UInt8(ascii: "%"))
                continue
            }
            skipTo = end
            if case .percent = placeholder {
                output.append(UInt8(ascii: "%"))
                continue
            }
            // Scanning starts anew behind it: the `s` must not join what follows.
            scanner = SQLScanner(bytes[end...])
            let value = try self.value(for: placeholder, position)
            position += 1
            bound.append(SQLValue.parameter(value, before: bytes[end...]))
            output += Array("$\(bound.count)".utf8)
            // `%(a)s1` would else become `$11`.
            if end < bytes.count, bytes[end] >= 48, bytes[end] <= 57 { output.append(UInt8(ascii: " ")) }
        }
        if case .listed(let list) = values, position > 0, position != list.count {
            throw Arguments.failure("the statement has \(position) times %s, and parameters has \(list.count) values")
        }
        return (String(decoding: output, as: UTF8.self), bound)
    }

    private enum Placeholder {
        case percent
        case next
        case name(String)
    }

    /// What the percent sign at `start` begins, and where that ends; nil for a percent sign that stands for itself.
    private static func placeholder(_ bytes: [UInt8], _ start: Int) throws -> (Placeholder, Int)? {
        guard start + 1 < bytes.count else { return nil }
        switch bytes[start + 1] {
        case UInt8(ascii: "%"): return (.percent, start + 2)
        case UInt8(ascii: "s"): return (.next, start + 2)
        case UInt8(ascii: "("):
            guard let close = bytes[start...].firstIndex(of: UInt8(ascii: ")")) else { return nil }
            let name = String(decoding: bytes[(start + 2)..<close], as: UTF8.self)
            guard close + 1 < bytes.count, bytes[close + 1] == UInt8(ascii: "s") else {
                throw Arguments.failure(
                    "the placeholder %(\(name)) must end in s, as in %(\(name))s; write %% for a percent sign")
            }
            return (.name(name), close + 2)
        default: return nil
        }
    }

    private func value(for placeholder: Placeholder, _ position: Int) throws -> JSONValue {
        switch (placeholder, values) {
        case (.name(let name), .named(let members)):
            if let value = members[name] { return value }
            let known = members.keys.sorted()
            let nearest = NearestName.of(name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
            throw Arguments.failure(
                "the SQL uses %(\(name))s, and parameters has only \(known.joined(separator: ", "))\(nearest)")
        case (.next, .listed(let list)):
            guard position < list.count else {
                throw Arguments.failure("the SQL has more %s than parameters has values (\(list.count))")
            }
            return list[position]
        case (.name(let name), _):
            throw Arguments.failure("the SQL uses %(\(name))s, so parameters must be a mapping, not a list")
        default:
            throw Arguments.failure(
                "the SQL uses %s, so parameters must be a list, not a mapping; write %% for a percent sign")
        }
    }

    private static func collapsingPercents(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var isSecond = false
        for byte in text {
            if byte == UInt8(ascii: "%") {
                if isSecond {
                    isSecond = false
                    continue
                }
                isSecond = true
            } else {
                isSecond = false
            }
            output.append(byte)
        }
        return output
    }
}
