import PostgresClient
import Testing

@Suite("Transactions and pipelines", .timeLimit(.minutes(1))) struct TransactionTests {
    struct Failure: Error {}

    private func connectionWithTable() async throws -> PostgresConnection {
        let connection = try await sharedConnection()
        try await connection.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name text)")
        return connection
    }

    private func count(_ connection: PostgresConnection) async throws -> Int {
        try await connection.query("SELECT count(*) FROM t")[0].decode(0)
    }

    @Test("a transaction is committed when its body returns and rolled back when it throws")
    func commitAndRollback() async throws {
        let connection = try await connectionWithTable()
        let answer = try await connection.withTransaction { transaction in
            try await transaction.execute("INSERT INTO t VALUES (1)")
            return 42
        }
        #expect(answer == 42)
        await #expect(throws: Failure.self) {
            try await connection.withTransaction { transaction in
                try await transaction.execute("INSERT INTO t VALUES (2)")
                throw Failure()
            }
        }
        #expect(try await count(connection) == 1)
        #expect(await !connection.isInTransaction)
    }

    @Test("a transaction of a cancelled task is rolled back")
    func cancelled() async throws {
        let connection = try await connectionWithTable()
        let task = Task {
            try await connection.withTransaction { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await count(connection) == 0)
        #expect(await !connection.isInTransaction)
    }

    @Test("a body that hides a failed statement does not pass as committed")
    func hiddenFailure() async throws {
        let connection = try await connectionWithTable()
        let error = await #expect(throws: PostgresError.self) {
            try await connection.withTransaction { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                _ = try? await transaction.execute("SELECT 1/0")
            }
        }
        #expect(error?.kind == .rolledBack)
        #expect(try await count(connection) == 0)
    }

    @Test("isolation and read-only mode reach the server")
    func modes() async throws {
        let connection = try await sharedConnection()
        let row = try await connection.withTransaction(isolation: .serializable, readOnly: true) { transaction in
            try await transaction.query(
                "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")[0]
        }
        #expect(try row.decode(0) == "serializable")
        #expect(try row.decode(1) == "on")
    }

    @Test("while a transaction lasts only its handle may be used, and afterwards not even that")
    func handles() async throws {
        let connection = try await connectionWithTable()
        let stale = try await connection.withTransaction { transaction in
            let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
            #expect(error?.kind == .misuse)
            await #expect(throws: PostgresError.self) { try await connection.withTransaction { _ in } }
            try await transaction.execute("INSERT INTO t VALUES (1)")
            return transaction
        }
        let error = await #expect(throws: PostgresError.self) { try await stale.query("SELECT 1") }
        #expect(error?.kind == .misuse)
        #expect(try await count(connection) == 1)
    }

    @Test("a connection lost during the commit says that the outcome is not known")
    func commitUnknown() async throws {
        let connection = try await freshConnection()
        try await connection.script(
            """
            CREATE TABLE d (id int);
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(600); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON d DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION die();
            """)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.withTransaction { try await $0.execute("INSERT INTO d VALUES (1)") }
        }
        #expect(error?.kind == .commitUnknown)
        #expect(error?.isTransient == false)
        #expect(error?.isConnectionLost == true)
    }

    @Test("a pipeline is one transaction with one result for each statement")
    func pipeline() async throws {
        let connection = try await connectionWithTable()
        let results = try await connection.pipeline([
            PostgresStatement(
                "INSERT INTO t SELECT id, name FROM unnest($1, $2) u (id, name)",
                [[1, 2, 3], ["a", nil, "c"] as [String?]]),
            PostgresStatement("UPDATE t SET name = 'x' WHERE id > $1", [1]),
            PostgresStatement("SELECT id, name FROM t ORDER BY id"),
            PostgresStatement("UPDATE t SET name = 'x' WHERE id > $1", [2]),
            PostgresStatement("SELECT txid_current()", prepared: false),
            PostgresStatement("SELECT txid_current()"),
        ])
        #expect(results.map(\.affectedRows) == [3, 2, 3, 1, 1, 1])
        #expect(try results[2].map { try $0.decode(1, as: String?.self) } == ["a", "x", "x"])
        #expect(try results[4][0].decode(0, as: Int64.self) == results[5][0].decode(0, as: Int64.self))
        #expect(try await connection.pipeline([]).isEmpty)
    }

    @Test("a failing statement of a pipeline takes everything back and is named by its index", arguments: 0..<3)
    func pipelineFailure(failing: Int) async throws {
        let connection = try await connectionWithTable()
        var statements = (0..<3).map { PostgresStatement("INSERT INTO t VALUES ($1)", [Int32($0)]) }
        statements[failing] = PostgresStatement("INSERT INTO t VALUES ($1, $2)", [Int32(0), "secret"])
        if failing == 0 { statements.append(statements[0]) }
        let expected = failing == 0 ? 3 : failing
        for _ in 0..<2 {
            let error = await #expect(throws: PostgresError.self) { try await connection.pipeline(statements) }
            #expect(error?.statementIndex == expected)
            #expect(error?.isUniqueViolation == true)
            #expect(try await count(connection) == 0)
        }
        // What was prepared in a failed pipeline is known exactly.
        try await connection.pipeline([PostgresStatement("INSERT INTO t VALUES ($1, $2)", [Int32(9), "fine"])])
        #expect(try await count(connection) == 1)
    }

    @Test("a statement that cannot be prepared fails its pipeline, and the next one works")
    func pipelineSyntaxError() async throws {
        let connection = try await connectionWithTable()
        let error = await #expect(throws: PostgresError.self) {
            try await connection.pipeline([
                PostgresStatement("INSERT INTO t VALUES (1)"), PostgresStatement("SELECT nothing FROM nowhere"),
                PostgresStatement("SELECT 3"),
            ])
        }
        #expect(error?.sqlState == .undefinedTable)
        #expect(error?.statementIndex == 1)
        let results = try await connection.pipeline([PostgresStatement("SELECT 3"), PostgresStatement("SELECT 4")])
        #expect(try results.map { try $0[0].decode(0, as: Int.self) } == [3, 4])
    }

    @Test("a deferred constraint that fails at the end fails the pipeline")
    func pipelineDeferred() async throws {
        let connection = try await sharedConnection()
        try await connection.execute("CREATE TEMP TABLE u (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        let insert = PostgresStatement("INSERT INTO u VALUES (1)")
        let error = await #expect(throws: PostgresError.self) { try await connection.pipeline([insert, insert]) }
        #expect(error?.isUniqueViolation == true)
        #expect(try await connection.query("SELECT count(*) FROM u")[0].decode(0) == 0)
    }

    @Test("a pipeline larger than all buffers neither blocks nor loses anything")
    func largePipeline() async throws {
        let connection = try await sharedConnection()
        let text = String(repeating: "x", count: 100_000)
        let results = try await connection.pipeline(
            (0..<200).map { PostgresStatement("SELECT $1::text || $2", [text, "\($0)"]) })
        #expect(results.count == 200)
        #expect(try results[199][0].decode(0, as: String.self).hasSuffix("x199"))
    }

    @Test("a pipeline inside a transaction belongs to it")
    func pipelineInTransaction() async throws {
        let connection = try await connectionWithTable()
        await #expect(throws: Failure.self) {
            try await connection.withTransaction { transaction in
                try await transaction.pipeline([PostgresStatement("INSERT INTO t VALUES (1)")])
                throw Failure()
            }
        }
        #expect(try await count(connection) == 0)
    }
}
