import CLibPQ

/// Sends the data of a COPY that is under way.
package struct PostgresCopyWriter: Sendable {
    let connection: PostgresConnection
    let owner: UInt64

    /// Sends bytes in the format that the COPY statement names; they need not end at the end of a row.
    ///
    /// Waits while the server is not ready for more. A few ten kilobytes at a time are best.
    package func write(_ bytes: [UInt8]) async throws {
        try await connection.putCopyData(bytes, owner: owner)
    }

    /// Sends the rows that `rows` has collected, and empties it.
    package func write(_ rows: inout PostgresCopyRows) async throws {
        let bytes = rows.bytes
        rows.removeAll()
        try await write(bytes)
    }
}

/// Rows in COPY's text format, the default of `COPY … FROM STDIN`.
package struct PostgresCopyRows: Sendable {
    /// The rows so far; complete up to the last ``endRow()``.
    package private(set) var bytes: [UInt8] = []
    private var isAtStart = true

    package init() {}

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        isAtStart = true
    }

    private mutating func separate() {
        if !isAtStart { bytes.append(UInt8(ascii: "\t")) }
        isAtStart = false
    }

    /// Adds a field by its text in SQL (nil is NULL): a number, a timestamp in ISO 8601, JSON, any text.
    package mutating func append(_ text: String?) {
        separate()
        guard let text else {
            bytes.append(contentsOf: "\\N".utf8)
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            default: bytes.append(byte)
            }
        }
    }

    /// Adds a whole number.
    package mutating func append(_ number: Int64) {
        separate()
        bytes.append(contentsOf: String(number).utf8)
    }

    /// Ends the row.
    package mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        isAtStart = true
    }
}

extension PostgresConnection {
    /// Loads rows with `COPY … FROM STDIN`, whose data `body` writes.
    ///
    /// Other statements have to wait for its end.
    ///
    /// When `body` throws, or the task is cancelled, nothing of it is loaded.
    /// - Returns: the number of rows.
    @discardableResult
    package nonisolated func copyIn(
        _ sql: String, _ body: (PostgresCopyWriter) async throws -> Void
    ) async throws -> Int {
        try await copyIn(sql, inside: nil, body)
    }

    /// Loads rows with `COPY … FROM STDIN` from chunks of bytes.
    @discardableResult
    package nonisolated func copyIn<Chunks: AsyncSequence>(_ sql: String, from chunks: Chunks) async throws -> Int
    where Chunks.Element == [UInt8] {
        try await copyIn(sql, inside: nil) { writer in
            for try await chunk in chunks { try await writer.write(chunk) }
        }
    }

    nonisolated func copyIn(
        _ sql: String, inside outer: UInt64?, _ body: (PostgresCopyWriter) async throws -> Void
    ) async throws -> Int {
        let owner = try await beginCopy(sql, inside: outer)
        do {
            try await body(PostgresCopyWriter(connection: self, owner: owner))
            try Task.checkCancellation()
        } catch {
            // When the server refused the data, its reason is better than what the writer saw.
            let serverError = await abortCopy(sql, owner: owner, inside: outer)
            throw serverError ?? error
        }
        return try await endCopy(sql, owner: owner, inside: outer)
    }

    private func beginCopy(_ sql: String, inside outer: UInt64?) async throws -> UInt64 {
        let owner = try acquireOwner(inside: outer)
        do {
            try await exchange(owner: owner, timeout: nil, sql: sql) { handle, exchange in
                guard PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 0) == 1 else { throw lose(nil) }
                guard let result = try nextResult(handle, &exchange) else {
                    throw PostgresError(.misuse, "the SQL text is empty")
                }
                if result.status == PGRES_COPY_IN { return }
                let error = check(result, handle, sql: sql)
                while self.handle != nil, try nextResult(handle, &exchange) != nil {}
                throw error ?? PostgresError(.misuse, "the statement is not a COPY … FROM STDIN")
            }
            return owner
        } catch {
            // A cancel may have come when the server had begun to wait for data.
            _ = await abortCopy(sql, owner: owner, inside: outer)
            throw error
        }
    }

    func putCopyData(_ bytes: [UInt8], owner: UInt64) async throws {
        try await exchange(owner: owner, timeout: nil, sql: nil) { handle, exchange in
            var offset = 0
            // Pieces keep libpq's own buffer small, and let a refusal by the server be noticed early.
            let pieceSize = 64 * 1024
            while offset < bytes.count {
                let piece = Swift.min(pieceSize, bytes.count - offset)
                let put = bytes.withUnsafeBytes { raw in
                    PQputCopyData(
                        handle, raw.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }, Int32(piece))
                }
                if put < 0 { throw lose(nil) }
                if put == 1 { offset += piece }
                // Not more than a piece is in memory: what was put is sent before the next one.
                var flush = PQflush(handle)
                while flush == 1 {
                    try waitForServer(handle, &exchange, forWriting: true)
                    if exchange.interruption != nil { throw CancellationError() }
                    flush = PQflush(handle)
                }
                if flush < 0 { throw lose(nil) }
            }
            if exchange.ticket?.isCancelled == true { throw CancellationError() }
        }
    }

    private func endCopy(_ sql: String, owner: UInt64, inside outer: UInt64?) async throws -> Int {
        defer { releaseOwner(owner, to: outer) }
        return try await exchange(owner: owner, timeout: nil, sql: sql) { handle, exchange in
            let (rows, error) = try finishCopy(handle, &exchange, sql, reason: nil)
            if let error { throw error }
            return rows
        }
    }

    /// Ends a COPY without loading anything; answers the server's reason if it had refused the data before.
    private func abortCopy(_ sql: String, owner: UInt64, inside outer: UInt64?) async -> PostgresError? {
        defer { releaseOwner(owner, to: outer) }
        guard isOpen else { return nil }
        do {
            return try await exchange(owner: owner, timeout: Exchange.grace, isCancellable: false, sql: sql) {
                handle, exchange in
                let (_, error) = try finishCopy(handle, &exchange, sql, reason: "the data ended early")
                // 57014 is the answer to our own end.
                return error?.sqlState == .queryCanceled ? nil : error
            }
        } catch {
            return error as? PostgresError
        }
    }

    private func finishCopy(
        _ handle: OpaquePointer, _ exchange: inout Exchange, _ sql: String, reason: String?
    ) throws -> (rows: Int, error: PostgresError?) {
        // When no COPY is under way any more (the server ended it), this fails and only the answers are left to read.
        while PQputCopyEnd(handle, reason) == 0 { try waitForServer(handle, &exchange, forWriting: true) }
        var rows = 0
        var failure: PostgresError?
        while let result = try nextResult(handle, &exchange) {
            if result.status == PGRES_COPY_IN { continue }
            if let error = check(result, handle, sql: sql) {
                if failure == nil { failure = error }
            } else {
                rows = result.affectedRows
            }
        }
        return (rows, failure)
    }
}
