import DAGModel
import PostgresClient

/// The rows of a result as a task's output: a list of lists.
enum SQLRows {
    /// Integers are numbers, `numeric` is its exact text, floats are numbers, `json` is itself, times are ISO 8601 text,
    /// everything else is the server's text.
    static func output(_ result: PostgresJSONResult) throws -> JSONValue {
        let numeric = result.columns.map { $0.type == .numeric }
        let text = numeric.contains(true) ? quotingNumerics(result.text, numeric) : result.text
        return try JSONValue(parsing: text)
    }

    /// Puts quotes around the numbers of the numeric columns, which a binary float would round.
    static func quotingNumerics(_ json: String, _ isNumeric: [Bool]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(json.utf8.count + json.utf8.count / 8)
        var depth = 0
        var column = 0
        var inString = false
        var escaped = false
        var inNumber = false
        for byte in json.utf8 {
            if inString {
                output.append(byte)
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            let isPart =
                (byte >= 48 && byte <= 57)
                || (inNumber && [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "+")].contains(byte))
                || byte == UInt8(ascii: "-")
            if depth == 2, column < isNumeric.count, isNumeric[column], isPart != inNumber {
                output.append(UInt8(ascii: "\""))
                inNumber = isPart
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth == 2 { column = 0 }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ",") where depth == 2: column += 1
            default: break
            }
            output.append(byte)
        }
        return String(decoding: output, as: UTF8.self)
    }
}
