extension Bool: PostgresValue {
    package static var postgresType: PostgresType { .bool }
    package static var postgresArrayType: PostgresType { .boolArray }

    package func encode(into writer: inout PostgresWriter) { writer.write(UInt8(self ? 1 : 0)) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        let bytes = try cell.required(.bool)
        guard cell.type == .bool, bytes.count == 1 else { throw cell.mismatch(.bool) }
        self = cell.format == .binary ? bytes[0] != 0 : bytes[0] == UInt8(ascii: "t")
    }
}

extension PostgresCell {
    /// A whole number of any of the integer types, as far as it fits `Integer`.
    fileprivate func wholeNumber<Integer: FixedWidthInteger>(
        as wanted: Integer.Type, _ expected: PostgresType
    ) throws(PostgresCellError) -> Integer {
        let bytes = try required(expected)
        let value: Int64
        switch (type, format) {
        case (.int2, .binary): value = Int64(try integer(bytes, as: Int16.self))
        case (.int4, .binary): value = Int64(try integer(bytes, as: Int32.self))
        case (.int8, .binary): value = try integer(bytes, as: Int64.self)
        case (.oid, .binary): value = Int64(try integer(bytes, as: UInt32.self))
        case (.int2, .text), (.int4, .text), (.int8, .text), (.oid, .text):
            guard let text = Self.text(bytes), let parsed = Int64(text) else {
                throw unreadable(expected, "that is not a whole number")
            }
            value = parsed
        default: throw mismatch(expected)
        }
        guard let fitting = Integer(exactly: value) else {
            throw unreadable(expected, "that does not fit")
        }
        return fitting
    }

    /// A floating-point number of either size.
    fileprivate func floatingPoint() throws(PostgresCellError) -> Double {
        let bytes = try required(.float8)
        switch (type, format) {
        case (.float8, .binary): return Double(bitPattern: try integer(bytes, as: UInt64.self))
        case (.float4, .binary): return Double(Float(bitPattern: try integer(bytes, as: UInt32.self)))
        case (.float8, .text), (.float4, .text):
            guard let text = Self.text(bytes), let value = Double(text) else {
                throw unreadable(.float8, "that is not a number")
            }
            return value
        default: throw mismatch(.float8)
        }
    }
}

extension Int16: PostgresValue {
    package static var postgresType: PostgresType { .int2 }
    package static var postgresArrayType: PostgresType { .int2Array }

    package func encode(into writer: inout PostgresWriter) { writer.write(self) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        self = try cell.wholeNumber(as: Int16.self, .int2)
    }
}

extension Int32: PostgresValue {
    package static var postgresType: PostgresType { .int4 }
    package static var postgresArrayType: PostgresType { .int4Array }

    package func encode(into writer: inout PostgresWriter) { writer.write(self) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        self = try cell.wholeNumber(as: Int32.self, .int4)
    }
}

extension Int64: PostgresValue {
    package static var postgresType: PostgresType { .int8 }
    package static var postgresArrayType: PostgresType { .int8Array }

    package func encode(into writer: inout PostgresWriter) { writer.write(self) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        self = try cell.wholeNumber(as: Int64.self, .int8)
    }
}

/// `Int` is an int8 on the wire, on every platform.
extension Int: PostgresValue {
    package static var postgresType: PostgresType { .int8 }
    package static var postgresArrayType: PostgresType { .int8Array }

    package func encode(into writer: inout PostgresWriter) { writer.write(Int64(self)) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        self = try cell.wholeNumber(as: Int.self, .int8)
    }
}

extension Double: PostgresValue {
    package static var postgresType: PostgresType { .float8 }
    package static var postgresArrayType: PostgresType { .float8Array }

    package func encode(into writer: inout PostgresWriter) { writer.write(bitPattern) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        self = try cell.floatingPoint()
    }
}

extension Float: PostgresValue {
    package static var postgresType: PostgresType { .float4 }
    package static var postgresArrayType: PostgresType { .float4Array }

    package func encode(into writer: inout PostgresWriter) { writer.write(bitPattern) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        guard cell.type == .float4 else { throw cell.mismatch(.float4) }
        self = Float(try cell.floatingPoint())
    }
}
