/// An element of a Swift array that travels as one parameter.
///
/// It is a protocol of its own because `[UInt8]` is a `bytea`, not an array of one-byte numbers; every
/// ``PostgresValue`` gets PostgreSQL's array forms from the default implementations.
package protocol PostgresArrayElement: Sendable {
    /// The type of `[Self]`.
    static var postgresListType: PostgresType { get }
    /// The type of `[[Self]]`, which only `bytea` has; others cannot be nested and answer `unknown`.
    static var postgresListOfListsType: PostgresType { get }
    /// The format of `[Self]`.
    static var postgresListFormat: PostgresFormat { get }
    /// Writes `list` as one value.
    static func encodeList(_ list: [Self], into writer: inout PostgresWriter)
    /// Reads one field as a list.
    static func decodeList(_ cell: borrowing PostgresCell) throws(PostgresCellError) -> [Self]
}

/// Arrays are one-dimensional. An empty array is `{}`, never NULL; make it optional for that.
extension Array: PostgresArrayElement where Element: PostgresArrayElement {}

extension Array: PostgresValue where Element: PostgresArrayElement {
    package static var postgresType: PostgresType { Element.postgresListType }
    package static var postgresArrayType: PostgresType { Element.postgresListOfListsType }
    package static var postgresFormat: PostgresFormat { Element.postgresListFormat }

    package func encode(into writer: inout PostgresWriter) { Element.encodeList(self, into: &writer) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        self = try Element.decodeList(cell)
    }
}

extension PostgresArrayElement where Self: PostgresValue {
    package static var postgresListType: PostgresType { postgresArrayType }
    package static var postgresListOfListsType: PostgresType { .unknown }
    package static var postgresListFormat: PostgresFormat { postgresFormat }

    package static func encodeList(_ list: [Self], into writer: inout PostgresWriter) {
        switch postgresFormat {
        case .binary: encodeBinaryList(list, into: &writer)
        case .text: encodeTextList(list, into: &writer)
        }
    }

    /// The form of `array_recv`: dimensions, NULL flag, element type, then size and lower bound, then the elements.
    private static func encodeBinaryList(_ list: [Self], into writer: inout PostgresWriter) {
        if list.isEmpty {
            writer.write(Int32(0))
            writer.write(Int32(0))
            writer.write(postgresType.rawValue)
            return
        }
        writer.write(Int32(1))
        writer.write(Int32(1))  // may contain NULL: the server checks each element itself
        writer.write(postgresType.rawValue)
        writer.write(Int32(list.count))
        writer.write(Int32(1))
        for element in list {
            let start = writer.count
            writer.write(Int32(-1))
            if !element.isPostgresNull {
                element.encode(into: &writer)
                writer.overwrite(at: start, with: Int32(writer.count - start - 4))
            }
        }
    }

    /// The text form `{"1.5",NULL}`; quoting every element is always right.
    private static func encodeTextList(_ list: [Self], into writer: inout PostgresWriter) {
        writer.write(UInt8(ascii: "{"))
        var isFirst = true
        for element in list {
            if !isFirst { writer.write(UInt8(ascii: ",")) }
            isFirst = false
            if element.isPostgresNull {
                writer.write(text: "NULL")
                continue
            }
            writer.write(UInt8(ascii: "\""))
            let start = writer.count
            element.encode(into: &writer)
            writer.escapeArrayElement(from: start)
            writer.write(UInt8(ascii: "\""))
        }
        writer.write(UInt8(ascii: "}"))
    }

    package static func decodeList(_ cell: borrowing PostgresCell) throws(PostgresCellError) -> [Self] {
        let bytes = try cell.required(postgresArrayType)
        guard cell.format == .binary else {
            throw cell.unreadable(postgresArrayType, "in text form, which is not read as an array")
        }
        var reader = ArrayReader(bytes: bytes)
        guard let dimensions = reader.next(Int32.self), reader.next(Int32.self) != nil,
            let element = reader.next(UInt32.self)
        else { throw cell.mismatch(postgresArrayType) }
        if dimensions == 0 { return [] }
        guard dimensions == 1 else {
            throw cell.unreadable(postgresArrayType, "of \(dimensions) dimensions")
        }
        // A type that is not an array could happen to look like one; the element count has to fit its size.
        guard let count = reader.next(Int32.self), count >= 0, reader.next(Int32.self) != nil,
            Int(count) <= bytes.count / 4
        else { throw cell.mismatch(postgresArrayType) }
        var list: [Self] = []
        list.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let length = reader.next(Int32.self) else { throw cell.mismatch(postgresArrayType) }
            var content: UnsafeRawBufferPointer?
            if length >= 0 {
                guard let part = reader.next(count: Int(length)) else { throw cell.mismatch(postgresArrayType) }
                content = part
            }
            let part = PostgresCell(type: PostgresType(rawValue: element), format: .binary, bytes: content)
            list.append(try Self(postgres: part))
        }
        return list
    }
}

/// Reads the binary form of an array from front to back; nil past its end.
private struct ArrayReader {
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    mutating func next<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
        let size = MemoryLayout<Integer>.size
        guard bytes.count - offset >= size else { return nil }
        defer { offset += size }
        return Integer(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    mutating func next(count: Int) -> UnsafeRawBufferPointer? {
        guard bytes.count - offset >= count else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}
