/// One field of a result row, as it arrived.
///
/// It points into the result's memory and is valid only during the decoding call that received it, which is why it
/// cannot be copied out.
package struct PostgresCell: ~Copyable {
    /// The field's type as the server named it.
    ///
    /// For a domain it is the type below the domain.
    package let type: PostgresType
    /// Whether `bytes` is the binary or the text form.
    package let format: PostgresFormat
    /// The field's bytes, or nil for NULL.
    package let bytes: UnsafeRawBufferPointer?

    init(type: PostgresType, format: PostgresFormat, bytes: UnsafeRawBufferPointer?) {
        self.type = type
        self.format = format
        self.bytes = bytes
    }

    /// The bytes of a value that must not be NULL.
    ///
    /// - Throws: ``PostgresCellError`` naming `expected` when the field is NULL.
    package func required(_ expected: PostgresType) throws(PostgresCellError) -> UnsafeRawBufferPointer {
        guard let bytes else { throw PostgresCellError(expected: expected.description, found: "NULL") }
        return bytes
    }

    /// The error for a field of a type that does not decode as `expected`.
    package func mismatch(_ expected: PostgresType) -> PostgresCellError {
        PostgresCellError(expected: expected.description, found: bytes == nil ? "NULL" : type.description)
    }

    /// The error for a field of the right type whose bytes cannot be read, or whose value does not fit.
    package func unreadable(_ expected: PostgresType, _ reason: String) -> PostgresCellError {
        PostgresCellError(expected: expected.description, found: "\(type) \(reason)")
    }

    /// Reads an integer in network byte order from the start of `bytes`, which must have exactly its size.
    func integer<Integer: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, as type: Integer.Type
    ) throws(PostgresCellError) -> Integer {
        guard bytes.count == MemoryLayout<Integer>.size else {
            throw unreadable(self.type, "of \(bytes.count) bytes")
        }
        return Integer(bigEndian: bytes.loadUnaligned(as: Integer.self))
    }

    /// The bytes as UTF-8 text; nil when they are not valid UTF-8.
    static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        String(validating: bytes, as: UTF8.self)
    }
}

/// Why a field could not be decoded: what was wanted and what was there, never the value itself.
package struct PostgresCellError: Error {
    package let expected: String
    package let found: String

    package init(expected: String, found: String) {
        self.expected = expected
        self.found = found
    }
}
