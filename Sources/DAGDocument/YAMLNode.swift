import DAGModel

/// A line and a column of a file, 1-based; the column counts characters (Unicode scalars).
struct Mark: Hashable, Comparable, Sendable {
    var line: Int32
    var column: Int32

    static func < (left: Mark, right: Mark) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A value of a document with its place.
struct YAMLNode: Sendable {
    let mark: Mark
    /// The number of nodes this one stands for once aliases are expanded, itself included.
    let size: Int
    let content: Content

    enum Content: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string(String)
        case list([YAMLNode])
        case map([YAMLEntry])
    }

    /// How a scalar was written: needed to find a place inside its text.
    enum Style: UInt8, Sendable { case plain, quoted, literal, folded, none }
    let style: Style
    /// The text of a plain scalar that is not a string, as written, for messages: `2026`, `1e3`, `yes`.
    let source: String?

    init(mark: Mark, size: Int, content: Content, style: Style = .none, source: String? = nil) {
        self.mark = mark
        self.size = size
        self.content = content
        self.style = style
        self.source = source
    }
}

/// One key of a mapping and its value.
///
/// A key is text, whatever it looks like: `1` and `"1"` are the same key, as in JSON.
struct YAMLEntry: Sendable {
    let key: String
    let keyMark: Mark
    let value: YAMLNode
}

extension YAMLNode {
    var string: String? {
        if case .string(let text) = content { text } else { nil }
    }

    var isNull: Bool {
        if case .null = content { true } else { false }
    }

    var entries: [YAMLEntry]? {
        if case .map(let entries) = content { entries } else { nil }
    }

    /// What was found, for a message: its kind, and the value when it is short.
    var found: String {
        switch content {
        case .null: return "null"
        case .bool(let flag): return "the boolean \(source ?? "\(flag)")"
        case .int(let number): return "the number \(source ?? "\(number)")"
        case .double(let number): return "the number \(source ?? "\(number)")"
        case .string(let text):
            if text.isEmpty { return "an empty string" }
            guard text.utf8.count <= 60, !text.utf8.contains(10) else { return "a string" }
            return "the string \"\(text)\""
        case .list(let elements): return elements.isEmpty ? "an empty list" : "a list"
        case .map(let entries): return entries.isEmpty ? "an empty mapping" : "a mapping"
        }
    }

    /// The value as JSON.
    ///
    /// A number that JSON cannot hold stays a number here and is written as null.
    var json: JSONValue {
        switch content {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .map(let entries):
            .object(Dictionary(entries.map { ($0.key, $0.value.json) }, uniquingKeysWith: { first, _ in first }))
        }
    }
}

extension [YAMLEntry] {
    subscript(key: String) -> YAMLEntry? { first { $0.key == key } }
}
