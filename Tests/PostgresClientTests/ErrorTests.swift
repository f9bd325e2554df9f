import PostgresClient
import Testing

@Suite("Errors", .timeLimit(.minutes(1))) struct ErrorTests {
    @Test("a violated key is named, and its values are kept apart from the description")
    func uniqueViolation() async throws {
        let connection = try await sharedConnection()
        try await connection.execute("CREATE TEMP TABLE t (email text CONSTRAINT one_email UNIQUE)")
        let insert = "INSERT INTO t VALUES ($1)"
        try await connection.execute(insert, ["secret@example.org"])
        let error = try #require(
            await #expect(throws: PostgresError.self) {
                try await connection.execute(insert, ["secret@example.org"])
            })
        #expect(error.sqlState == .uniqueViolation)
        #expect(error.isUniqueViolation)
        #expect(error.constraintName == "one_email")
        #expect(error.tableName == "t")
        #expect(error.severity == "ERROR")
        #expect(error.detail?.contains("secret") == true)
        #expect(!error.isTransient && !error.isConnectionLost)
        #expect(
            error.description == "duplicate key value violates unique constraint \"one_email\" (SQLSTATE 23505) "
                + "in statement: INSERT INTO t VALUES ($1)")
    }

    @Test(
        "no value of a parameter or a row is in an error's description",
        arguments: [
            ("SELECT $1::text::int", "hidden \" value"), ("SELECT $1::text::timestamptz", "hidden value"),
            ("SELECT $1::text::jsonb", "hidden"), ("SELECT $1::text::numeric", "hidden"),
            ("SELECT $1::text::int4", "99999999999"), ("SELECT $1::text::int[]", "{hidden}"),
            ("SELECT $1::text::uuid", "hidden"), ("SELECT ('x' || $1::text)::interval", "hidden"),
            ("SELECT $1::text::bool", "hidden"), ("SELECT chr(0) || $1::text", "hidden"),
        ])
    func noValues(sql: String, value: String) async throws {
        let connection = try await sharedConnection()
        let error = try #require(
            await #expect(throws: PostgresError.self) { try await connection.query(sql, [value]) })
        #expect(!error.description.contains("hidden") && !error.description.contains("99999999999"), "\(error)")
        #expect(error.sqlState != nil)
    }

    @Test("a numeric that is none is refused by the server, without its text in the error")
    func wrongNumeric() async throws {
        let connection = try await sharedConnection()
        let error = try #require(
            await #expect(throws: PostgresError.self) {
                try await connection.query("SELECT $1", [PostgresNumeric("12secret")])
            })
        #expect(
            error.description == "invalid input syntax for type numeric: “…” (SQLSTATE 22P02) in statement: SELECT $1")
        #expect(error.serverMessage?.contains("12secret") == true)
    }

    @Test("wrong SQL comes with the server's hint, the position and the start of the text on one line")
    func wrongSQL() async throws {
        let connection = try await sharedConnection()
        let error = try #require(
            await #expect(throws: PostgresError.self) {
                try await connection.query(
                    "SELECT\n    nam\nFROM (SELECT 1 AS name) AS x WHERE true AND true AND true AND true AND true AND true"
                )
            })
        #expect(error.sqlState == .undefinedColumn)
        #expect(error.position == 12)
        #expect(
            error.description == "column \"nam\" does not exist (SQLSTATE 42703). "
                + "Perhaps you meant to reference the column \"x.name\" in statement: "
                + "SELECT nam FROM (SELECT 1 AS name) AS x WHERE true AND true AND true AND true AN…")
    }

    @Test(
        "errors that may pass are told from those that stay",
        arguments: [
            ("40001", true, false), ("40P01", true, false), ("57P01", true, true), ("53300", true, false),
            ("08006", true, true), ("55P03", true, false), ("23505", false, false), ("42601", false, false),
            ("57014", false, false),
        ])
    func classes(code: String, transient: Bool, lost: Bool) {
        let error = PostgresError(.server, "x", sqlState: SQLState(rawValue: code))
        #expect(error.isTransient == transient)
        #expect(error.isConnectionLost == lost)
    }

    @Test("a serialization failure is the server's and transient")
    func serialization() async throws {
        let settings = try await TestCluster.shared.newDatabase()
        let first = try await PostgresConnection.connect(settings)
        let second = try await PostgresConnection.connect(settings)
        try await first.script("CREATE TABLE t (id int, n int); INSERT INTO t VALUES (1, 0)")
        let error = await #expect(throws: PostgresError.self) {
            try await first.withTransaction(isolation: .repeatableRead) { transaction in
                try await transaction.query("SELECT * FROM t")
                try await second.execute("UPDATE t SET n = n + 1")
                try await transaction.execute("UPDATE t SET n = n + 1")
            }
        }
        #expect(error?.sqlState == .serializationFailure)
        #expect(error?.isTransient == true)
    }
}
