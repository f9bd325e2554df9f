import CLibPQ

/// Owns libpq's result memory.
///
/// Unchecked: libpq never modifies a result after handing it out, and reading one from several threads is allowed
/// ("Behavior in Threaded Programs" in its manual).
final class ResultHandle: @unchecked Sendable {
    let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { PQclear(raw) }

    var status: ExecStatusType { PQresultStatus(raw) }

    /// How the server sums the statement up: `INSERT 0 5`, `COMMIT`.
    var commandTag: String { String(cString: PQcmdStatus(raw)) }

    /// The rows that an INSERT, UPDATE, DELETE, MERGE, COPY or SELECT affected; zero for other statements.
    var affectedRows: Int { Int(String(cString: PQcmdTuples(raw))) ?? 0 }

    func columns() -> [PostgresColumn] {
        (0..<PQnfields(raw)).map { index in
            PostgresColumn(
                name: String(cString: PQfname(raw, index)), type: PostgresType(rawValue: PQftype(raw, index)),
                format: PostgresFormat(rawValue: PQfformat(raw, index)) ?? .text)
        }
    }

    /// The bytes of a field, or nil for NULL; valid as long as this object.
    func bytes(row: Int32, column: Int32) -> UnsafeRawBufferPointer? {
        if PQgetisnull(raw, row, column) == 1 { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(raw, row, column), count: Int(PQgetlength(raw, row, column)))
    }
}

/// A column of a result.
package struct PostgresColumn: Sendable, Hashable {
    package let name: String
    package let type: PostgresType
    /// The format its fields came in.
    package let format: PostgresFormat
}

/// The answer to one statement: its rows, or how many rows it affected.
///
/// All rows are in memory; see `forEachRow` and `json` for results that may be large.
package struct PostgresResult: Sendable, RandomAccessCollection {
    let handle: ResultHandle
    package let columns: [PostgresColumn]

    init(_ handle: ResultHandle) {
        self.handle = handle
        columns = handle.columns()
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { Int(PQntuples(handle.raw)) }

    /// The row at `index`, from 0.
    package subscript(index: Int) -> PostgresRow {
        precondition(index >= 0 && index < endIndex, "row \(index) of a result with \(endIndex) rows")
        return PostgresRow(handle: handle, columns: columns, index: Int32(index), number: index)
    }

    /// The rows affected by INSERT, UPDATE, DELETE, MERGE or COPY, or returned by SELECT; zero for other statements.
    package var affectedRows: Int { handle.affectedRows }

    /// How the server sums the statement up, such as `INSERT 0 5`.
    package var commandTag: String { handle.commandTag }

    /// The index of the first column called `name`, or nil.
    package func index(ofColumn name: String) -> Int? {
        columns.firstIndex { $0.name == name }
    }
}

/// One row of a result.
///
/// It keeps the memory of the whole result alive.
package struct PostgresRow: Sendable {
    let handle: ResultHandle
    package let columns: [PostgresColumn]
    /// Where the row is in `handle`.
    let index: Int32
    /// Which row of the answer it is, from 0; in error texts it counts from 1.
    package let number: Int

    /// Decodes the field of a column found by its name (the first of that name).
    ///
    /// - Throws: ``PostgresError`` of kind `decoding` when there is no such column or the field is not a `Value`.
    package func decode<Value: PostgresValue>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let position = columns.firstIndex(where: { $0.name == column }) else {
            let names = columns.map(\.name).joined(separator: ", ")
            throw PostgresError(.decoding, "the result has no column \"\(column)\"; it has: \(names)")
        }
        return try decode(position, as: type)
    }

    /// Decodes the field at a position, from 0.
    ///
    /// - Throws: ``PostgresError`` of kind `decoding` when there is no such column or the field is not a `Value`.
    package func decode<Value: PostgresValue>(
        _ position: Int, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard columns.indices.contains(position) else {
            throw PostgresError(.decoding, "the result has no column \(position + 1); it has \(columns.count)")
        }
        let column = columns[position]
        let cell = PostgresCell(
            type: column.type, format: column.format, bytes: handle.bytes(row: index, column: Int32(position)))
        let value: Value
        do {
            value = try Value(postgres: cell)
        } catch {
            throw PostgresError(
                .decoding,
                "column \"\(column.name)\" of row \(number + 1): expected \(error.expected), found \(error.found)")
        }
        withExtendedLifetime(handle) {}
        return value
    }

    /// Whether the field at `position` is NULL.
    package func isNull(_ position: Int) -> Bool {
        handle.bytes(row: index, column: Int32(position)) == nil
    }

    /// The server's text of a field, or nil for NULL.
    ///
    /// Only for results in text form, and text-like types.
    ///
    /// - Throws: ``PostgresError`` of kind `decoding` when the field came in a binary form that is not text.
    package func text(_ position: Int) throws(PostgresError) -> String? {
        try decode(position, as: String?.self)
    }
}
