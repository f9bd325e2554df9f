import CLibPQ

extension PostgresConnection: PostgresSession {
    @discardableResult
    package func query(_ statement: PostgresStatement, timeout: Duration?) async throws -> PostgresResult {
        try await query(statement, timeout: timeout, owner: nil)
    }

    @discardableResult
    package func pipeline(_ statements: [PostgresStatement], timeout: Duration?) async throws -> [PostgresResult] {
        try await pipeline(statements, timeout: timeout, owner: nil)
    }

    @discardableResult
    package func script(_ sql: String, timeout: Duration?) async throws -> Int {
        try await script(sql, timeout: timeout, owner: nil)
    }

    @discardableResult
    package func forEachRow(
        _ statement: PostgresStatement, timeout: Duration?, _ body: @escaping @Sendable (PostgresRow) throws -> Void
    ) async throws -> Int {
        try await forEachRow(statement, timeout: timeout, owner: nil, body)
    }

    package func json(
        _ sql: String, _ parameters: [any PostgresValue], rows: PostgresJSONRows, maxBytes: Int, timeout: Duration?
    ) async throws -> PostgresJSONResult {
        try await json(sql, parameters, rows: rows, maxBytes: maxBytes, timeout: timeout, owner: nil)
    }
}

extension PostgresConnection {
    func query(
        _ statement: PostgresStatement, timeout: Duration?, owner: UInt64?, isCancellable: Bool = true
    ) async throws -> PostgresResult {
        try statement.validate()
        return try await exchange(owner: owner, timeout: timeout, isCancellable: isCancellable, sql: statement.sql) {
            handle, exchange in
            try retryingStalePlan(handle, &exchange) { exchange in
                try dropDiscarded(handle, &exchange)
                try send(statement, handle, &exchange)
                return PostgresResult(try collect(handle, &exchange, statement))
            }
        }
    }

    /// Runs `body` again when a prepared statement turned out to be stale: nothing has happened then, and the second
    /// time it is prepared anew.
    ///
    /// Inside a transaction the failure has ended the transaction, so the error stands.
    func retryingStalePlan<Value>(
        _ handle: OpaquePointer, _ exchange: inout Exchange, _ body: (inout Exchange) throws -> Value
    ) throws -> Value {
        do {
            return try body(&exchange)
        } catch {
            guard exchange.sawStalePlan, exchange.interruption == nil, self.handle != nil,
                PQtransactionStatus(handle) == PQTRANS_IDLE
            else { throw error }
            return try body(&exchange)
        }
    }

    /// Sends a statement, prepared if it should be, with results in `format`.
    func send(
        _ statement: PostgresStatement, _ handle: OpaquePointer, _ exchange: inout Exchange,
        format: PostgresFormat = .binary
    ) throws {
        guard statement.isPrepared else {
            let sent = try parameters.encode(statement.parameters) { count, types, values, lengths, formats in
                PQsendQueryParams(handle, statement.sql, count, types, values, lengths, formats, format.rawValue)
            }
            guard sent == 1 else { throw lose(nil) }
            return
        }
        let entry: PreparedStatements.Entry
        if let known = prepared.entry(for: statement) {
            entry = known
        } else {
            entry = prepared.newEntry(for: statement)
            guard sendPrepare(entry, statement, handle) == 1 else { throw lose(nil) }
            _ = try collect(handle, &exchange, statement)
            prepared.insert(entry, for: statement.sql)
        }
        guard try sendExecute(entry, statement, handle, format) == 1 else { throw lose(nil) }
    }

    func sendPrepare(_ entry: PreparedStatements.Entry, _ statement: PostgresStatement, _ handle: OpaquePointer)
        -> Int32
    {
        PQsendPrepare(handle, entry.name, statement.sql, Int32(entry.types.count), entry.types)
    }

    func sendExecute(
        _ entry: PreparedStatements.Entry, _ statement: PostgresStatement, _ handle: OpaquePointer,
        _ format: PostgresFormat
    ) throws -> Int32 {
        try parameters.encode(statement.parameters) { count, _, values, lengths, formats in
            PQsendQueryPrepared(handle, entry.name, count, values, lengths, formats, format.rawValue)
        }
    }

    /// Reads a statement's results to their end and answers the last one.
    private func collect(
        _ handle: OpaquePointer, _ exchange: inout Exchange, _ statement: PostgresStatement
    ) throws -> ResultHandle {
        var last: ResultHandle?
        var failure: PostgresError?
        while let result = try nextResult(handle, &exchange) {
            if let error = check(result, handle, sql: statement.sql) {
                if failure == nil { failure = error }
                noteStalePlan(result, statement, &exchange)
            } else {
                last = result
            }
        }
        if let failure { throw failure }
        guard let last else {
            throw PostgresError(.misuse, "the SQL text is empty")
        }
        return last
    }

    /// The error that a result stands for, or nil.
    ///
    /// Ends a COPY that was started as an ordinary statement.
    func check(_ result: ResultHandle, _ handle: OpaquePointer, sql: String?) -> PostgresError? {
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_PIPELINE_SYNC: return nil
        case PGRES_EMPTY_QUERY: return nil
        case PGRES_COPY_IN:
            PQputCopyEnd(handle, "COPY FROM STDIN needs copyIn")
            return PostgresError(.misuse, "COPY FROM STDIN cannot run as a statement: use copyIn")
        case PGRES_COPY_OUT, PGRES_COPY_BOTH:
            // Its rows would have to be read one by one; ending the connection is the sure way out.
            return lose(PostgresError(.misuse, "COPY TO STDOUT is not supported: use forEachRow"))
        default: return PostgresError(result, sql: sql)
        }
    }

    func noteStalePlan(_ result: ResultHandle, _ statement: PostgresStatement, _ exchange: inout Exchange) {
        guard let isOnServer = PostgresError.stalePlan(result) else { return }
        prepared.discard(statement.sql, isOnServer: isOnServer)
        exchange.sawStalePlan = true
    }

    /// Removes statements from the server that fell out of the cache; between transactions only, where an error
    /// (somebody ran DISCARD ALL) has no consequences.
    func dropDiscarded(_ handle: OpaquePointer, _ exchange: inout Exchange) throws {
        if prepared.discarded.isEmpty || PQtransactionStatus(handle) != PQTRANS_IDLE { return }
        for name in prepared.takeDiscarded() {
            guard PQsendQuery(handle, "DEALLOCATE \(name)") == 1 else { throw lose(nil) }
            while try nextResult(handle, &exchange) != nil {}
        }
    }

    func script(_ sql: String, timeout: Duration?, owner: UInt64?) async throws -> Int {
        try PostgresStatement(sql, prepared: false).validate()
        return try await exchange(owner: owner, timeout: timeout, sql: sql) { handle, exchange in
            guard PQsendQuery(handle, sql) == 1 else { throw lose(nil) }
            var count = 0
            var failure: PostgresError?
            while let result = try nextResult(handle, &exchange) {
                if var error = check(result, handle, sql: sql) {
                    error.statementIndex = count
                    if failure == nil { failure = error }
                } else if result.status != PGRES_EMPTY_QUERY {
                    count += 1
                }
            }
            if let failure { throw failure }
            return count
        }
    }
}
