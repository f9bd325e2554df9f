import CLibPQ

extension PostgresConnection {
    /// What the server will answer, in the order it was sent.
    enum PipelineStep {
        case prepare(PreparedStatements.Entry, Int)
        case execute(Int)
    }

    /// Sends all statements and one sync, then reads all answers: one round trip and one implicit transaction.
    func pipeline(
        _ statements: [PostgresStatement], timeout: Duration?, owner: UInt64?
    ) async throws -> [PostgresResult] {
        if statements.isEmpty { return [] }
        for statement in statements { try statement.validate() }
        return try await exchange(owner: owner, timeout: timeout, sql: nil) { handle, exchange in
            try retryingStalePlan(handle, &exchange) { exchange in
                try dropDiscarded(handle, &exchange)
                guard PQenterPipelineMode(handle) == 1 else { throw lose(nil) }
                let steps = try sendPipeline(statements, handle)
                let results = Swift.Result { () throws -> [PostgresResult] in
                    try readAnswers(steps, statements, handle, &exchange)
                }
                if self.handle != nil { _ = PQexitPipelineMode(handle) }
                return try results.get()
            }
        }
    }

    /// Sends all statements and a sync.
    func sendPipeline(_ statements: [PostgresStatement], _ handle: OpaquePointer) throws -> [PipelineStep] {
        do {
            return try send(statements, handle)
        } catch {
            // A parameter that cannot be sent: nothing has a sync yet, so the way back is a new connection.
            end((error as? PostgresError) ?? PostgresError(.closed, "a pipeline could not be sent"))
            throw error
        }
    }

    private func send(_ statements: [PostgresStatement], _ handle: OpaquePointer) throws -> [PipelineStep] {
        var steps: [PipelineStep] = []
        steps.reserveCapacity(statements.count + 4)
        // Entries that this pipeline prepares; they join the cache when the server has answered.
        var fresh: [String: PreparedStatements.Entry] = [:]
        for (index, statement) in statements.enumerated() {
            let sent: Int32
            if !statement.isPrepared {
                sent = try parameters.encode(statement.parameters) { count, types, values, lengths, formats in
                    PQsendQueryParams(handle, statement.sql, count, types, values, lengths, formats, 1)
                }
            } else if let entry = prepared.entry(for: statement) ?? fresh[statement.sql], matches(entry, statement) {
                sent = try sendExecute(entry, statement, handle, .binary)
            } else {
                let entry = prepared.newEntry(for: statement)
                guard sendPrepare(entry, statement, handle) == 1 else { throw lose(nil) }
                steps.append(.prepare(entry, index))
                fresh[statement.sql] = entry
                sent = try sendExecute(entry, statement, handle, .binary)
            }
            guard sent == 1 else { throw lose(nil) }
            steps.append(.execute(index))
        }
        guard PQpipelineSync(handle) == 1 else { throw lose(nil) }
        return steps
    }

    private func matches(_ entry: PreparedStatements.Entry, _ statement: PostgresStatement) -> Bool {
        entry.types.count == statement.parameters.count
            && zip(entry.types, statement.parameters).allSatisfy { $0 == type(of: $1).postgresType.rawValue }
    }

    /// Reads the answers to a pipeline up to its sync's.
    func readAnswers(
        _ steps: [PipelineStep], _ statements: [PostgresStatement], _ handle: OpaquePointer, _ exchange: inout Exchange
    ) throws -> [PostgresResult] {
        var results: [PostgresResult] = []
        results.reserveCapacity(statements.count)
        var failure: PostgresError?
        for step in steps {
            let index: Int
            switch step {
            case .prepare(_, let statement), .execute(let statement): index = statement
            }
            // Each answer is followed by nil. After a failure the rest is answered as aborted.
            while let result = try nextResult(handle, &exchange) {
                if result.status == PGRES_PIPELINE_ABORTED { continue }
                if var error = check(result, handle, sql: statements[index].sql) {
                    noteStalePlan(result, statements[index], &exchange)
                    error.statementIndex = index
                    if failure == nil { failure = error }
                } else if case .prepare(let entry, _) = step {
                    prepared.insert(entry, for: statements[index].sql)
                } else {
                    results.append(PostgresResult(result))
                }
            }
        }
        // A failure to commit (a deferred constraint) is answered, and followed by nil, before the sync's own answer.
        var gaps = 0
        while true {
            guard let result = try nextResult(handle, &exchange) else {
                gaps += 1
                if gaps > 2 {
                    throw lose(PostgresError(.connectionLost, "PostgreSQL did not answer the end of a pipeline"))
                }
                continue
            }
            if result.status == PGRES_PIPELINE_SYNC { break }
            if failure == nil, let error = check(result, handle, sql: nil) { failure = error }
        }
        if let failure { throw failure }
        return results
    }
}
