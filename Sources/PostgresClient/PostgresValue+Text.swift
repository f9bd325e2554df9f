package import FoundationEssentials

/// Declared as `text`; write `$1::uuid` and the like where another type is meant. Reads every text-like type, enums,
/// JSON, and any type at all where the result came in text form.
extension String: PostgresValue {
    package static var postgresType: PostgresType { .text }
    package static var postgresArrayType: PostgresType { .textArray }

    package func encode(into writer: inout PostgresWriter) { writer.write(text: self) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        var bytes = try cell.required(.text)
        if cell.format == .binary {
            if cell.type == .jsonb {
                bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())  // the version of the binary form
            } else if !cell.type.isTextLike && !cell.type.isUserDefined {
                throw cell.mismatch(.text)
            }
        }
        guard let text = PostgresCell.text(bytes) else {
            throw cell.unreadable(.text, "that is not UTF-8")
        }
        self = text
    }
}

/// `[UInt8]` is a `bytea`, and `[[UInt8]]` an array of them.
extension UInt8: PostgresArrayElement {
    package static var postgresListType: PostgresType { .bytea }
    package static var postgresListOfListsType: PostgresType { .byteaArray }
    package static var postgresListFormat: PostgresFormat { .binary }

    package static func encodeList(_ list: [UInt8], into writer: inout PostgresWriter) {
        list.withUnsafeBytes { writer.write(bytes: $0) }
    }

    package static func decodeList(_ cell: borrowing PostgresCell) throws(PostgresCellError) -> [UInt8] {
        let bytes = try cell.required(.bytea)
        guard cell.type == .bytea, cell.format == .binary else { throw cell.mismatch(.bytea) }
        return [UInt8](bytes)
    }
}

extension Data: PostgresArrayElement {}

extension Data: PostgresValue {
    package static var postgresType: PostgresType { .bytea }
    package static var postgresArrayType: PostgresType { .byteaArray }

    package func encode(into writer: inout PostgresWriter) {
        withUnsafeBytes { writer.write(bytes: $0) }
    }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        self = Data(try UInt8.decodeList(cell))
    }
}

extension UUID: PostgresArrayElement {}

extension UUID: PostgresValue {
    package static var postgresType: PostgresType { .uuid }
    package static var postgresArrayType: PostgresType { .uuidArray }

    package func encode(into writer: inout PostgresWriter) {
        withUnsafeBytes(of: uuid) { writer.write(bytes: $0) }
    }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        let bytes = try cell.required(.uuid)
        guard cell.type == .uuid else { throw cell.mismatch(.uuid) }
        if cell.format == .text {
            guard let value = PostgresCell.text(bytes).flatMap(UUID.init(uuidString:)) else {
                throw cell.unreadable(.uuid, "that is not a UUID")
            }
            self = value
        } else {
            guard bytes.count == MemoryLayout<uuid_t>.size else { throw cell.mismatch(.uuid) }
            self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
        }
    }
}

/// A JSON document, as its text.
///
/// Sent as `jsonb`; the server validates it. Reads `json` and `jsonb`.
package struct PostgresJSON: PostgresValue, Hashable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral value: String) { text = value }

    package static var postgresType: PostgresType { .jsonb }
    package static var postgresArrayType: PostgresType { .jsonbArray }

    package func encode(into writer: inout PostgresWriter) {
        writer.write(UInt8(1))  // the version of jsonb's binary form
        writer.write(text: text)
    }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        guard cell.type == .json || cell.type == .jsonb else { throw cell.mismatch(.jsonb) }
        text = try String(postgres: cell)
    }
}

/// An exact decimal number, as its text: `"0.00000001"`, `"-12.50"`, `"NaN"`.
///
/// Sent as `numeric`.
///
/// It keeps the scale that the database has (`1.50` stays `1.50`). Types with an exact decimal of their own build it
/// from their text.
package struct PostgresNumeric: PostgresValue, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static var postgresType: PostgresType { .numeric }
    package static var postgresArrayType: PostgresType { .numericArray }
    package static var postgresFormat: PostgresFormat { .text }

    package func encode(into writer: inout PostgresWriter) { writer.write(text: text) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        let bytes = try cell.required(.numeric)
        switch (cell.type, cell.format) {
        case (.numeric, .binary):
            guard let text = NumericText.text(binary: bytes) else {
                throw cell.unreadable(.numeric, "of an unknown form")
            }
            self.text = text
        case (.numeric, .text):
            text = String(decoding: bytes, as: UTF8.self)
        case (.int2, _), (.int4, _), (.int8, _):
            text = String(try Int64(postgres: cell))
        default: throw cell.mismatch(.numeric)
        }
    }
}
