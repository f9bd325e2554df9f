import CLibPQ

extension PostgresConnection {
    func forEachRow(
        _ statement: PostgresStatement, timeout: Duration?, owner: UInt64?,
        _ body: @Sendable (PostgresRow) throws -> Void
    ) async throws -> Int {
        try statement.validate()
        return try await exchange(owner: owner, timeout: timeout, sql: statement.sql) { handle, exchange in
            try dropDiscarded(handle, &exchange)
            try send(statement, handle, &exchange)
            guard PQsetSingleRowMode(handle) == 1 else { throw lose(nil) }
            var columns: [PostgresColumn]?
            var count = 0
            var failure: (any Error)?
            while let result = try nextResult(handle, &exchange) {
                if let error = check(result, handle, sql: statement.sql) {
                    // After the body's own failure the server only reports that it was cancelled.
                    if failure == nil { failure = error }
                    noteStalePlan(result, statement, &exchange)
                    continue
                }
                guard result.status == PGRES_SINGLE_TUPLE, failure == nil else { continue }
                let known = columns ?? result.columns()
                columns = known
                do {
                    try body(PostgresRow(handle: result, columns: known, index: 0, number: count))
                    count += 1
                } catch {
                    failure = error
                    interrupt(&exchange, .abandoned)
                }
            }
            if let failure { throw failure }
            return count
        }
    }

    func json(
        _ sql: String, _ parameters: [any PostgresValue], rows: PostgresJSONRows, maxBytes: Int, timeout: Duration?,
        owner: UInt64?
    ) async throws -> PostgresJSONResult {
        let statement = PostgresStatement(sql, parameters, prepared: false)
        try statement.validate()
        return try await exchange(owner: owner, timeout: timeout, sql: sql) { handle, exchange in
            // Only the simple protocol takes several statements; its results are in text form anyhow.
            let isScript = parameters.isEmpty
            let total = isScript ? SQLScript.statementStarts(sql)?.count : 1
            if isScript {
                guard PQsendQuery(handle, sql) == 1 else { throw lose(nil) }
            } else {
                try send(statement, handle, &exchange, format: .text)
            }
            guard PQsetSingleRowMode(handle) == 1 else { throw lose(nil) }
            var renderer = JSONRenderer(rows: rows, maxBytes: maxBytes)
            var isInsideResult = false
            var affectedRows = 0
            var count = 0
            var failure: PostgresError?
            while let result = try nextResult(handle, &exchange) {
                if var error = check(result, handle, sql: sql) {
                    if isScript { error.statementIndex = count }
                    if failure == nil { failure = error }
                    continue
                }
                if result.status == PGRES_SINGLE_TUPLE {
                    if !isInsideResult { renderer.begin(result.columns()) }
                    isInsideResult = true
                    renderer.append(result, row: 0)
                    // Only the last result counts, so what comes before it is read to its end.
                    if renderer.isTooLarge, let total, count + 1 >= total { interrupt(&exchange, .abandoned) }
                } else {
                    // The end of a statement; one without rows has only this.
                    if !isInsideResult { renderer.begin(result.columns()) }
                    isInsideResult = false
                    affectedRows = result.affectedRows
                    count += 1
                }
            }
            if renderer.isTooLarge, failure == nil || exchange.interruption == .abandoned {
                var error = PostgresError(
                    .resultTooLarge,
                    "the result is larger than \(maxBytes) bytes of JSON: select fewer rows or columns, or write to a table"
                )
                error.statementLabel = PostgresError.label(sql)
                throw error
            }
            if let failure { throw failure }
            return renderer.finish(affectedRows: affectedRows)
        }
    }
}
