import DAGModel
import PostgresClient

/// JSON values as parameters of a statement, with the types that the same values would have as literals.
enum SQLValue {
    /// The parameter for a value.
    ///
    /// `rest` is the SQL behind the placeholder.
    ///
    /// A string is of no type yet, as a quoted literal is, so it fits a date as well as a text. A list is an array, and
    /// JSON before `::json` or `::jsonb`; a mapping is always JSON.
    static func parameter(_ value: JSONValue, before rest: ArraySlice<UInt8>) -> any PostgresValue {
        switch value {
        case .bool(let flag): return flag
        case .int(let number): return Int32(exactly: number) ?? number
        // Exact, as a literal is: a float8 would drag numeric columns along.
        case .double(let number): return number.isFinite ? PostgresNumeric("\(number)") : UntypedText("\(number)")
        case .null: return followed(by: "is", rest) ? String?.none : UntypedText(nil)
        // Before IS NULL nothing tells the server a type.
        case .string(let text): return followed(by: "is", rest) ? text : UntypedText(text)
        case .object: return UntypedText(value.jsonText)
        case .array(let elements):
            let isJSON = followed(by: "::json", rest)
            return UntypedText(isJSON ? value.jsonText : arrayText(elements))
        }
    }

    /// PostgreSQL's text of an array: `{1,"a",NULL}`.
    static func arrayText(_ elements: [JSONValue]) -> String {
        let items = elements.map { element -> String in
            switch element {
            case .null: return "NULL"
            case .bool(let flag): return flag ? "t" : "f"
            case .int, .double: return element.jsonText
            case .string(let text): return quoted(text)
            case .array(let inner): return arrayText(inner)
            case .object: return quoted(element.jsonText)
            }
        }
        return "{" + items.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { result.unicodeScalars.append("\\") }
            result.unicodeScalars.append(character)
        }
        return result + "\""
    }

    private static func followed(by word: String, _ rest: ArraySlice<UInt8>) -> Bool {
        let text = rest.drop { $0 <= 0x20 }.prefix(word.utf8.count).map { $0 >= 65 && $0 <= 90 ? $0 | 0x20 : $0 }
        return text.elementsEqual(word.utf8)
    }
}

/// A text whose type the server finds from where it stands, as it does for a quoted literal.
struct UntypedText: PostgresValue, Hashable {
    let text: String?

    init(_ text: String?) { self.text = text }

    static var postgresType: PostgresType { .unknown }
    static var postgresArrayType: PostgresType { .unknown }
    static var postgresFormat: PostgresFormat { .text }

    var isPostgresNull: Bool { text == nil }

    func encode(into writer: inout PostgresWriter) { writer.write(text: text ?? "") }

    init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        text = try String?(postgres: cell)
    }
}
