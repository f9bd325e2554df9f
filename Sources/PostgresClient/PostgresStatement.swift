/// One SQL statement with its parameters (`$1`, `$2`, …), which are always sent apart from the text.
package struct PostgresStatement: Sendable {
    package var sql: String
    package var parameters: [any PostgresValue]
    /// Whether the connection keeps the statement prepared under its text.
    ///
    /// By default SELECT, INSERT, UPDATE, DELETE, MERGE, WITH, VALUES and TABLE are; other statements have no plan
    /// worth keeping.
    package var isPrepared: Bool

    package init(_ sql: String, _ parameters: [any PostgresValue] = [], prepared: Bool? = nil) {
        self.sql = sql
        self.parameters = parameters
        isPrepared = prepared ?? Self.hasPlan(sql)
    }

    /// The protocol counts parameters in 16 bits.
    private static let maxParameters = 65535

    /// Refuses what cannot be sent, before anything is.
    func validate() throws(PostgresError) {
        guard parameters.count <= Self.maxParameters else {
            throw PostgresError(
                .misuse,
                "\(parameters.count) parameters are too many (at most \(Self.maxParameters)): pass arrays to unnest")
        }
        // It would end the text for libpq, and silently run only its beginning.
        guard !sql.utf8.contains(0) else {
            throw PostgresError(.misuse, "the SQL text contains a zero byte")
        }
    }

    /// The prepared statements' key compares only SQL text, so a statement built anew for each call (with a list of
    /// literals, say) should be `prepared: false` to leave the cache to others.
    private static func hasPlan(_ sql: String) -> Bool {
        let words = ["select", "insert", "update", "delete", "merge", "with", "values", "table"]
        let start = sql.utf8.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 || $0 == 0x0D }
        return words.contains { word in
            var text = start.prefix(word.utf8.count + 1).makeIterator()
            for letter in word.utf8 where text.next().map({ $0 | 0x20 }) != letter { return false }
            guard let next = text.next() else { return false }
            return !(0x61...0x7A).contains(next | 0x20)
        }
    }
}

/// What a session can do.
///
/// A connection, a transaction and a pool (with any connection, for each call anew) offer it.
package protocol PostgresSession: Sendable {
    /// Runs one statement and reads its whole result, in binary form.
    ///
    /// - Parameter timeout: how long it may take; then it is cancelled on the server. Nil is without limit.
    /// - Throws: ``PostgresError``; `CancellationError` when the task was cancelled, after the server stopped.
    @discardableResult
    func query(_ statement: PostgresStatement, timeout: Duration?) async throws -> PostgresResult

    /// Runs statements in one round trip and, outside a transaction, as one transaction: all or none.
    ///
    /// - Throws: ``PostgresError`` of the first failing statement, with its ``PostgresError/statementIndex``.
    @discardableResult
    func pipeline(_ statements: [PostgresStatement], timeout: Duration?) async throws -> [PostgresResult]

    /// Runs the statements of an SQL text in one go, without parameters and without keeping results.
    ///
    /// Outside a transaction they are one transaction, unless the text itself begins and commits some.
    /// - Returns: the number of statements that ran.
    @discardableResult
    func script(_ sql: String, timeout: Duration?) async throws -> Int

    /// Calls `body` with each row as it arrives; memory holds one row at a time.
    ///
    /// `body` runs on the connection's own thread. When it throws, the statement is cancelled and the error passed on.
    /// - Returns: the number of rows.
    @discardableResult
    func forEachRow(
        _ statement: PostgresStatement, timeout: Duration?, _ body: @escaping @Sendable (PostgresRow) throws -> Void
    ) async throws -> Int

    /// Runs SQL and renders its last result as JSON, which may have at most `maxBytes` bytes.
    ///
    /// With parameters it must be a single statement; without, it may be several.
    /// - Throws: ``PostgresError`` of kind `resultTooLarge`: the last statement is cancelled as soon as its result is too
    ///   large. Results before the last one may be of any size, and are not kept.
    func json(
        _ sql: String, _ parameters: [any PostgresValue], rows: PostgresJSONRows, maxBytes: Int, timeout: Duration?
    ) async throws -> PostgresJSONResult
}

extension PostgresSession {
    /// Runs one statement and reads its whole result.
    @discardableResult
    package func query(
        _ sql: String, _ parameters: [any PostgresValue] = [], timeout: Duration? = nil
    ) async throws -> PostgresResult {
        try await query(PostgresStatement(sql, parameters), timeout: timeout)
    }

    /// Runs one statement and answers how many rows it affected.
    @discardableResult
    package func execute(
        _ sql: String, _ parameters: [any PostgresValue] = [], timeout: Duration? = nil
    ) async throws -> Int {
        try await query(PostgresStatement(sql, parameters), timeout: timeout).affectedRows
    }

    /// Runs statements in one round trip, without a time limit.
    @discardableResult
    package func pipeline(_ statements: [PostgresStatement]) async throws -> [PostgresResult] {
        try await pipeline(statements, timeout: nil)
    }

    /// Runs the statements of an SQL text, without a time limit.
    @discardableResult
    package func script(_ sql: String) async throws -> Int {
        try await script(sql, timeout: nil)
    }

    /// Calls `body` with each row as it arrives.
    @discardableResult
    package func forEachRow(
        _ sql: String, _ parameters: [any PostgresValue] = [], timeout: Duration? = nil,
        _ body: @escaping @Sendable (PostgresRow) throws -> Void
    ) async throws -> Int {
        try await forEachRow(PostgresStatement(sql, parameters), timeout: timeout, body)
    }

    /// Renders the last result as JSON: an array of objects of at most 1 MB unless said otherwise.
    package func json(
        _ sql: String, _ parameters: [any PostgresValue] = [], rows: PostgresJSONRows = .objects,
        maxBytes: Int = PostgresJSONResult.defaultMaxBytes
    ) async throws -> PostgresJSONResult {
        try await json(sql, parameters, rows: rows, maxBytes: maxBytes, timeout: nil)
    }

    /// A round trip to the server.
    package func ping(timeout: Duration = .seconds(5)) async throws {
        _ = try await query(PostgresStatement("SELECT 1", prepared: false), timeout: timeout)
    }
}
