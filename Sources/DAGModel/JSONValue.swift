/// A JSON value: what task arguments, parameters and outputs are made of.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The value of `key` when this is an object that has it.
    package subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The text of a string; nil for every other kind.
    package var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number when it is an integer; nil for every other kind.
    package var intValue: Int64? {
        if case .int(let number) = self { number } else { nil }
    }

    package var boolValue: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    package var arrayValue: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var objectValue: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// "a string", "an object" …: the kind as an error message names it.
    package var kindDescription: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "a mapping"
        }
    }
}

extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .int(number)
        } else if let number = try? container.decode(Double.self) {
            self = .double(number)
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let elements = try? container.decode([JSONValue].self) {
            self = .array(elements)
        } else {
            self = Self.unescaped(try container.decode([String: JSONValue].self))
        }
    }

    /// The encoders write 2.0 as 2, which would come back as an integer: such a number goes as `{"$double": "2.0"}`.
    ///
    /// An object that looks like that gets one more `$` before its key, as does one that looks like such an object.
    private static let wholeDouble = "$double"

    /// Whether an object's only key is `$double`, or that with more of `$` before it.
    private static func looksLikeDouble(_ key: String) -> Bool {
        key.hasSuffix(wholeDouble) && key.utf8.dropLast(wholeDouble.utf8.count).allSatisfy { $0 == UInt8(ascii: "$") }
    }

    /// What an object stands for that an encoder wrote.
    private static func unescaped(_ members: [String: JSONValue]) -> JSONValue {
        guard members.count == 1, let (key, value) = members.first, looksLikeDouble(key) else {
            return .object(members)
        }
        if key == wholeDouble { return value.stringValue.flatMap(Double.init).map { .double($0) } ?? .object(members) }
        return .object([String(key.dropFirst()): value])
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .int(let number): try container.encode(number)
        case .double(let number) where number == number.rounded() && number.isFinite:
            try container.encode([Self.wholeDouble: "\(number)"])
        case .double(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let members):
            if members.count == 1, let (key, value) = members.first, Self.looksLikeDouble(key) {
                try container.encode(["$" + key: value])
            } else {
                try container.encode(members)
            }
        }
    }
}

extension JSONValue {
    /// Reads one JSON text.
    ///
    /// Throws `DecodingError` when it is not JSON, and for a number that 64 bits cannot hold. `2.0` stays a number with a
    /// fraction.
    package init(parsing text: String) throws {
        self.init(try JSONTree(parsing: text))
    }

    private init(_ tree: JSONTree) {
        switch tree {
        case .scalar(let value): self = value
        case .array(let elements): self = .array(elements.map { JSONValue($0) })
        case .object(let members):
            self = .object(
                Dictionary(members.map { ($0.name, JSONValue($0.value)) }, uniquingKeysWith: { $1 }))
        }
    }

    /// The value as one line of JSON, object keys sorted, so equal values have equal texts.
    ///
    /// A number that JSON cannot hold (infinity, not a number) is written as null.
    package var jsonText: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .int(let number): text += String(number)
        case .double(let number): text += number.isFinite ? "\(number)" : "null"
        case .string(let string): Self.write(string, to: &text)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += ", " }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, key) in members.keys.sorted().enumerated() {
                if index > 0 { text += ", " }
                Self.write(key, to: &text)
                text += ": "
                members[key, default: .null].write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
