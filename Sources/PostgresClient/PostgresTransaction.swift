/// How much a transaction sees of others.
package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

/// The handle of a transaction that is under way; of no use after it.
package struct PostgresTransaction: PostgresSession {
    /// The connection it runs on.
    ///
    /// Its own methods refuse statements while the transaction lasts.
    package let connection: PostgresConnection
    let owner: UInt64

    @discardableResult
    package func query(_ statement: PostgresStatement, timeout: Duration?) async throws -> PostgresResult {
        try await connection.query(statement, timeout: timeout, owner: owner)
    }

    @discardableResult
    package func pipeline(_ statements: [PostgresStatement], timeout: Duration?) async throws -> [PostgresResult] {
        try await connection.pipeline(statements, timeout: timeout, owner: owner)
    }

    @discardableResult
    package func script(_ sql: String, timeout: Duration?) async throws -> Int {
        try await connection.script(sql, timeout: timeout, owner: owner)
    }

    @discardableResult
    package func forEachRow(
        _ statement: PostgresStatement, timeout: Duration?, _ body: @escaping @Sendable (PostgresRow) throws -> Void
    ) async throws -> Int {
        try await connection.forEachRow(statement, timeout: timeout, owner: owner, body)
    }

    package func json(
        _ sql: String, _ parameters: [any PostgresValue], rows: PostgresJSONRows, maxBytes: Int, timeout: Duration?
    ) async throws -> PostgresJSONResult {
        try await connection.json(sql, parameters, rows: rows, maxBytes: maxBytes, timeout: timeout, owner: owner)
    }

    /// Loads rows with COPY inside the transaction; see `PostgresConnection.copyIn`.
    @discardableResult
    package func copyIn(_ sql: String, _ body: (PostgresCopyWriter) async throws -> Void) async throws -> Int {
        try await connection.copyIn(sql, inside: owner, body)
    }
}

extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws or the task is cancelled.
    ///
    /// - Throws: what `body` throws; ``PostgresError`` of kind `rolledBack` when a statement had failed although `body`
    ///   returned; of kind `commitUnknown` when the connection ended during COMMIT; `CancellationError`.
    package nonisolated func withTransaction<Value>(
        isolation: PostgresIsolation? = nil, readOnly: Bool = false,
        _ body: (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        let mode = (isolation.map { " ISOLATION LEVEL \($0.rawValue)" } ?? "") + (readOnly ? " READ ONLY" : "")
        let owner = try await begin("BEGIN" + mode)
        do {
            let value = try await body(PostgresTransaction(connection: self, owner: owner))
            try Task.checkCancellation()
            try await commit(owner)
            return value
        } catch {
            await rollBack(owner)
            throw error
        }
    }

    private func begin(_ sql: String) async throws -> UInt64 {
        let owner = try acquireOwner(inside: nil)
        do {
            guard !isInTransaction else {
                throw PostgresError(.misuse, "a transaction is open on the connection already, begun by a statement")
            }
            _ = try await query(PostgresStatement(sql, prepared: false), timeout: nil, owner: owner)
            return owner
        } catch {
            // A cancelled BEGIN may have succeeded all the same.
            await rollBack(owner)
            throw error
        }
    }

    /// Not cancellable: a commit that was sent takes effect or not, and the caller has to know which.
    private func commit(_ owner: UInt64) async throws {
        let result: PostgresResult
        do {
            result = try await query(
                PostgresStatement("COMMIT", prepared: false), timeout: nil, owner: owner, isCancellable: false)
        } catch let error as PostgresError where error.isConnectionLost {
            var unknown = error
            unknown.kind = .commitUnknown
            unknown.message = "whether the transaction was committed is not known, because \(error.message)"
            throw unknown
        }
        guard result.commandTag == "COMMIT" else {
            throw PostgresError(
                .rolledBack, "the transaction was rolled back instead of committed: one of its statements had failed")
        }
        releaseOwner(owner, to: nil)
    }

    /// Ends what is left of a transaction, even in a cancelled task; a connection that cannot do that is given up.
    private func rollBack(_ owner: UInt64) async {
        if isOpen && isInTransaction {
            do {
                _ = try await query(
                    PostgresStatement("ROLLBACK", prepared: false), timeout: Exchange.grace, owner: owner,
                    isCancellable: false)
            } catch {
                lose(error as? PostgresError)
            }
        }
        releaseOwner(owner, to: nil)
    }
}
