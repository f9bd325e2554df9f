/// Each call borrows a connection for itself, so consecutive calls may run on different ones.
extension PostgresPool: PostgresSession {
    @discardableResult
    package nonisolated func query(_ statement: PostgresStatement, timeout: Duration?) async throws -> PostgresResult {
        try await withConnection { try await $0.query(statement, timeout: timeout) }
    }

    @discardableResult
    package nonisolated func pipeline(
        _ statements: [PostgresStatement], timeout: Duration?
    ) async throws -> [PostgresResult] {
        try await withConnection { try await $0.pipeline(statements, timeout: timeout) }
    }

    @discardableResult
    package nonisolated func script(_ sql: String, timeout: Duration?) async throws -> Int {
        try await withConnection { try await $0.script(sql, timeout: timeout) }
    }

    @discardableResult
    package nonisolated func forEachRow(
        _ statement: PostgresStatement, timeout: Duration?, _ body: @escaping @Sendable (PostgresRow) throws -> Void
    ) async throws -> Int {
        try await withConnection { try await $0.forEachRow(statement, timeout: timeout, body) }
    }

    package nonisolated func json(
        _ sql: String, _ parameters: [any PostgresValue], rows: PostgresJSONRows, maxBytes: Int, timeout: Duration?
    ) async throws -> PostgresJSONResult {
        try await withConnection {
            try await $0.json(sql, parameters, rows: rows, maxBytes: maxBytes, timeout: timeout)
        }
    }
}
