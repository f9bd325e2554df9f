/// A value that can be bound as a statement's parameter and read from a result's field.
///
/// Parameters are always bound, never spliced into SQL text. A type has one wire type and one format; most use binary.
/// Enums with a raw value get everything from their raw value: `extension RunState: PostgresValue {}`.
package protocol PostgresValue: PostgresArrayElement {
    /// The type that the parameter is declared as.
    static var postgresType: PostgresType { get }
    /// The type of an array of such values.
    static var postgresArrayType: PostgresType { get }
    /// The format that ``encode(into:)`` writes. Binary unless said otherwise.
    static var postgresFormat: PostgresFormat { get }
    /// Whether the value stands for NULL; then it is not encoded. False unless said otherwise.
    var isPostgresNull: Bool { get }

    /// Writes the value's bytes, without a length.
    func encode(into writer: inout PostgresWriter)

    /// Reads a field, NULL included.
    ///
    /// - Throws: ``PostgresCellError`` when the field is NULL (and the type has no value for it), of another type or
    ///   out of range.
    init(postgres cell: borrowing PostgresCell) throws(PostgresCellError)
}

extension PostgresValue {
    package static var postgresFormat: PostgresFormat { .binary }
    package var isPostgresNull: Bool { false }
}

extension PostgresValue where Self: RawRepresentable, RawValue: PostgresValue {
    package static var postgresType: PostgresType { RawValue.postgresType }
    package static var postgresArrayType: PostgresType { RawValue.postgresArrayType }
    package static var postgresFormat: PostgresFormat { RawValue.postgresFormat }
    package var isPostgresNull: Bool { rawValue.isPostgresNull }

    package func encode(into writer: inout PostgresWriter) { rawValue.encode(into: &writer) }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        guard let value = Self(rawValue: try RawValue(postgres: cell)) else {
            throw cell.unreadable(RawValue.postgresType, "that is not a known \(Self.self)")
        }
        self = value
    }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresValue {}

/// `nil` is NULL, in parameters, in fields and as an element of an array.
extension Optional: PostgresValue where Wrapped: PostgresValue {
    package static var postgresType: PostgresType { Wrapped.postgresType }
    package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
    package static var postgresFormat: PostgresFormat { Wrapped.postgresFormat }

    package var isPostgresNull: Bool {
        switch self {
        case .none: true
        case .some(let value): value.isPostgresNull
        }
    }

    package func encode(into writer: inout PostgresWriter) {
        if case .some(let value) = self { value.encode(into: &writer) }
    }

    package init(postgres cell: borrowing PostgresCell) throws(PostgresCellError) {
        self = cell.bytes == nil ? .none : .some(try Wrapped(postgres: cell))
    }
}
