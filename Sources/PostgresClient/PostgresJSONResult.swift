import CivilTime

/// How a result's rows look in JSON.
package enum PostgresJSONRows: Sendable {
    /// `[{"id":1,"name":"a"}]`. A second column of the same name becomes `name_2`.
    case objects
    /// `[[1,"a"]]`, which also holds the names only once.
    case arrays
}

/// A result as JSON text.
package struct PostgresJSONResult: Sendable {
    /// 1 MB, the limit of a task's output.
    package static let defaultMaxBytes = 1 << 20

    /// A JSON array with one element a row.
    package let text: String
    package let rowCount: Int
    package let columns: [PostgresColumn]
    /// The rows that the last statement affected or returned.
    package let affectedRows: Int
}

/// Collects rows as JSON, up to a limit.
///
/// It reads results in text form, where every type has a text.
///
/// Numbers keep their exact digits, `json` is put in as it is, timestamps become ISO 8601 in UTC, and everything else
/// (arrays too) is a string of the server's text. NaN and infinities are strings, since JSON has no numbers for them.
struct JSONRenderer {
    private var bytes: [UInt8] = [UInt8(ascii: "[")]
    private var keys: [[UInt8]] = []
    private let rows: PostgresJSONRows
    private let maxBytes: Int
    private(set) var columns: [PostgresColumn] = []
    private(set) var rowCount = 0
    private(set) var isTooLarge = false

    init(rows: PostgresJSONRows, maxBytes: Int) {
        self.rows = rows
        self.maxBytes = maxBytes
    }

    /// Starts another result and forgets the one before.
    mutating func begin(_ columns: [PostgresColumn]) {
        self.columns = columns
        bytes.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: "["))
        rowCount = 0
        isTooLarge = false
        var seen: [String: Int] = [:]
        keys = columns.map { column in
            let count = seen[column.name, default: 0] + 1
            seen[column.name] = count
            var key: [UInt8] = []
            let name = count == 1 ? column.name : "\(column.name)_\(count)"
            var copy = name
            copy.withUTF8 { Self.appendString(UnsafeRawBufferPointer($0), to: &key) }
            key.append(UInt8(ascii: ":"))
            return key
        }
    }

    /// Adds a row, unless the limit has been reached.
    mutating func append(_ handle: ResultHandle, row: Int32) {
        rowCount += 1
        if isTooLarge { return }
        if rowCount > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: rows == .objects ? "{" : "["))
        for (index, column) in columns.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if rows == .objects { bytes.append(contentsOf: keys[index]) }
            Self.append(handle.bytes(row: row, column: Int32(index)), column.type, to: &bytes)
            // The closing bracket of the result counts too.
            if bytes.count >= maxBytes { break }
        }
        bytes.append(UInt8(ascii: rows == .objects ? "}" : "]"))
        if bytes.count >= maxBytes {
            isTooLarge = true
            bytes = []
        }
    }

    func finish(affectedRows: Int) -> PostgresJSONResult {
        PostgresJSONResult(
            text: String(decoding: bytes, as: UTF8.self) + "]", rowCount: rowCount, columns: columns,
            affectedRows: affectedRows)
    }

    private static func append(_ field: UnsafeRawBufferPointer?, _ type: PostgresType, to bytes: inout [UInt8]) {
        guard let field else {
            bytes.append(contentsOf: "null".utf8)
            return
        }
        switch type {
        case .bool:
            bytes.append(contentsOf: (field.first == UInt8(ascii: "t") ? "true" : "false").utf8)
        case .int2, .int4, .int8, .oid:
            bytes.append(contentsOf: field)
        case .numeric, .float4, .float8:
            // NaN, Infinity and -Infinity are the forms with a letter other than the exponent's "e".
            let isNumber = !field.contains { $0 > UInt8(ascii: "9") && $0 != UInt8(ascii: "e") }
            isNumber ? bytes.append(contentsOf: field) : appendString(field, to: &bytes)
        case .json, .jsonb:
            bytes.append(contentsOf: field)
        case .timestamptz:
            let time = PostgresCell.text(field).flatMap(PostgresTime.timestamp(text:))
            if let time {
                bytes.append(contentsOf: "\"\(time.iso8601)\"".utf8)
            } else {
                appendString(field, to: &bytes)
            }
        case .timestamp:
            let start = bytes.count
            appendString(field, to: &bytes)
            if let space = bytes[start...].firstIndex(of: UInt8(ascii: " ")) { bytes[space] = UInt8(ascii: "T") }
        default:
            appendString(field, to: &bytes)
        }
    }

    /// Appends UTF-8 text as a JSON string.
    private static func appendString(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let hex = [UInt8]("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(hex[Int(byte >> 4)])
                bytes.append(hex[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
