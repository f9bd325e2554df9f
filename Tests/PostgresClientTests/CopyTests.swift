import PostgresClient
import Testing

@Suite("COPY", .timeLimit(.minutes(1))) struct CopyTests {
    struct Failure: Error {}

    private func connectionWithTable() async throws -> PostgresConnection {
        let connection = try await sharedConnection()
        try await connection.execute("CREATE TEMP TABLE t (id int8, name text, price numeric)")
        return connection
    }

    private func count(_ connection: PostgresConnection) async throws -> Int {
        try await connection.query("SELECT count(*) FROM t")[0].decode(0)
    }

    @Test("rows in text form are loaded, special characters and NULL included")
    func text() async throws {
        let connection = try await connectionWithTable()
        let loaded = try await connection.copyIn("COPY t FROM STDIN") { writer in
            var rows = PostgresCopyRows()
            rows.append(1)
            rows.append("tab\tline\nback\\slash \\N")
            rows.append("0.10")
            rows.endRow()
            rows.append(2)
            rows.append(nil)
            rows.append(nil)
            rows.endRow()
            try await writer.write(&rows)
            #expect(rows.bytes.isEmpty)
        }
        #expect(loaded == 2)
        let rows = try await connection.query("SELECT * FROM t ORDER BY id")
        #expect(try rows[0].decode("name") == "tab\tline\nback\\slash \\N")
        #expect(try rows[0].decode("price", as: PostgresNumeric.self).text == "0.10")
        #expect(rows[1].isNull(1) && rows[1].isNull(2))
    }

    @Test("chunks of an asynchronous sequence are loaded wherever they are cut")
    func chunks() async throws {
        let connection = try await connectionWithTable()
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        for number in 0..<1000 {
            continuation.yield(Array("\(number)\tna".utf8))
            continuation.yield(Array("me\t1\n".utf8))
        }
        continuation.finish()
        #expect(try await connection.copyIn("COPY t FROM STDIN", from: stream) == 1000)
        #expect(try await count(connection) == 1000)
    }

    @Test("binary data and data larger than all buffers are loaded")
    func large() async throws {
        let connection = try await connectionWithTable()
        let row = Array("7\t\(String(repeating: "x", count: 1000))\t1\n".utf8)
        var many: [UInt8] = []
        for _ in 0..<5000 { many.append(contentsOf: row) }
        let data = many
        let loaded = try await connection.copyIn("COPY t FROM STDIN") { try await $0.write(data) }
        #expect(loaded == 5000)
        try await connection.execute("CREATE TEMP TABLE b (id int8)")
        var binary = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        binary += [0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5, 0xFF, 0xFF]
        #expect(try await connection.copyIn("COPY b FROM STDIN (FORMAT binary)") { try await $0.write(binary) } == 1)
        #expect(try await connection.query("SELECT id FROM b")[0].decode(0) == 5)
    }

    @Test("a failing writer or a cancelled task loads nothing, and the connection goes on")
    func abort() async throws {
        let connection = try await connectionWithTable()
        await #expect(throws: Failure.self) {
            try await connection.copyIn("COPY t FROM STDIN") { writer in
                try await writer.write(Array("1\ta\t1\n".utf8))
                throw Failure()
            }
        }
        let task = Task {
            try await connection.copyIn("COPY t FROM STDIN") { writer in
                try await writer.write(Array("1\ta\t1\n".utf8))
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await count(connection) == 0)
    }

    @Test("refused data is the server's error without the data")
    func refused() async throws {
        let connection = try await connectionWithTable()
        let error = try #require(
            await #expect(throws: PostgresError.self) {
                try await connection.copyIn("COPY t FROM STDIN") { try await $0.write(Array("secret\ta\t1\n".utf8)) }
            })
        #expect(error.sqlState?.rawValue == "22P02")
        #expect(!error.description.contains("secret"))
        #expect(error.context?.contains("secret") == true)
        await #expect(throws: PostgresError.self) { try await connection.copyIn("COPY nowhere FROM STDIN") { _ in } }
        await #expect(throws: PostgresError.self) { try await connection.copyIn("SELECT 1") { _ in } }
        #expect(try await count(connection) == 0)
    }

    @Test("a COPY inside a transaction belongs to it, and keeps other statements out while it lasts")
    func inTransaction() async throws {
        let connection = try await connectionWithTable()
        try await connection.withTransaction { transaction in
            try await transaction.copyIn("COPY t FROM STDIN") { writer in
                try await writer.write(Array("1\ta\t1\n".utf8))
                await #expect(throws: PostgresError.self) { try await transaction.query("SELECT 1") }
            }
            #expect(try await transaction.query("SELECT count(*) FROM t")[0].decode(0) == 1)
        }
        #expect(try await count(connection) == 1)
    }
}
