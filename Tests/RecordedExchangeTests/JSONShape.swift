/// A JSON document that keeps the order of keys and the text of numbers, which the comparison of shapes is about.
indirect enum JSONShape: Equatable {
    case object([(key: String, value: JSONShape)])
    case array([JSONShape])
    case string(String)
    case number(String)
    case literal(String)

    struct Malformed: Error {}

    static func parse(_ bytes: [UInt8]) throws -> JSONShape {
        var rest = bytes[...]
        let value = try value(&rest)
        skipSpace(&rest)
        guard rest.isEmpty else { throw Malformed() }
        return value
    }

    /// Keys in order with the types below them; an array is described by its first element.
    var signature: String {
        switch self {
        case .object(let members): "{" + members.map { "\($0.key):\($0.value.signature)" }.joined(separator: ",") + "}"
        case .array(let elements): "[" + (elements.first?.signature ?? "") + "]"
        case .string: "string"
        case .number: "number"
        case .literal(let text): text == "null" ? "null" : "bool"
        }
    }

    var elements: [JSONShape] { if case .array(let elements) = self { elements } else { [] } }

    subscript(key: String) -> JSONShape? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The text of a number or a string.
    var text: String? {
        switch self {
        case .string(let text), .number(let text), .literal(let text): text
        case .object, .array: nil
        }
    }

    /// A member's text in every element of an array.
    func values(of key: String) -> [String] { elements.compactMap { $0[key]?.text } }

    static func == (left: JSONShape, right: JSONShape) -> Bool { left.signature == right.signature }

    private static func skipSpace(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        skipSpace(&rest)
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) throws -> String {
        // No answer of the exchange has escapes.
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { throw Malformed() }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    private static func value(_ rest: inout ArraySlice<UInt8>) throws -> JSONShape {
        if take("{", &rest) {
            var members: [(key: String, value: JSONShape)] = []
            if take("}", &rest) { return .object(members) }
            repeat {
                guard take("\"", &rest) else { throw Malformed() }
                let key = try quoted(&rest)
                guard take(":", &rest) else { throw Malformed() }
                members.append((key, try value(&rest)))
            } while take(",", &rest)
            guard take("}", &rest) else { throw Malformed() }
            return .object(members)
        }
        if take("[", &rest) {
            var elements: [JSONShape] = []
            if take("]", &rest) { return .array(elements) }
            repeat { elements.append(try value(&rest)) } while take(",", &rest)
            guard take("]", &rest) else { throw Malformed() }
            return .array(elements)
        }
        if take("\"", &rest) { return .string(try quoted(&rest)) }
        let end = rest.firstIndex { ",]} \n".utf8.contains($0) } ?? rest.endIndex
        let text = String(decoding: rest[..<end], as: UTF8.self)
        rest = rest[end...]
        if ["true", "false", "null"].contains(text) { return .literal(text) }
        guard Double(text) != nil else { throw Malformed() }
        return .number(text)
    }
}
