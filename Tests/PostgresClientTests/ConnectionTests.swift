import FoundationEssentials
import PostgresClient
import Testing

@Suite("Connection", .timeLimit(.minutes(1))) struct ConnectionTests {
    @Test("session settings hold from the first statement on, spaces and backslashes included")
    func sessionSettings() async throws {
        var settings = try await TestCluster.shared.settings()
        settings.session = ["search_path": "\"a b\", \"c\\d\"", "statement_timeout": "12s", "enable_seqscan": "off"]
        settings.applicationName = "my program"
        let connection = try await PostgresConnection.connect(settings)
        let row = try await connection.query(
            """
            SELECT current_setting('search_path'), current_setting('statement_timeout'), current_setting('enable_seqscan'),
                current_setting('application_name'), current_setting('TimeZone')
            """)[0]
        #expect(
            try (0..<5).map { try row.decode($0, as: String.self) } == [
                "\"a b\", \"c\\d\"", "12s", "off", "my program", "UTC",
            ])
    }

    @Test("a connection knows its server")
    func server() async throws {
        let connection = try await sharedConnection()
        let version = connection.serverVersion
        #expect(version.major >= 13)
        #expect(version >= PostgresServerVersion(number: 130000))
        #expect(PostgresServerVersion(number: 150018).description == "15.18")
        try await connection.ping()
        let pid: Int32 = try await connection.query("SELECT pg_backend_pid()")[0].decode(0)
        #expect(connection.backendPID == pid)
        await connection.close()
        let error = await #expect(throws: PostgresError.self) { try await connection.ping() }
        #expect(error?.kind == .closed)
    }

    @Test("execute answers how many rows were affected")
    func affectedRows() async throws {
        let connection = try await sharedConnection()
        try await connection.execute("CREATE TEMP TABLE t (id int)")
        #expect(try await connection.execute("INSERT INTO t SELECT generate_series(1, $1)", [Int32(5)]) == 5)
        #expect(try await connection.execute("UPDATE t SET id = id WHERE id > $1", [3]) == 2)
        #expect(try await connection.execute("DELETE FROM t") == 5)
        #expect(try await connection.execute("DROP TABLE t") == 0)
    }

    @Test("a refused connection says where, why and what to do")
    func refused() async throws {
        let settings = PostgresSettings(
            host: "127.0.0.1", port: 1, user: "alice", password: "hunter2", database: "crypto")
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(settings) }
        #expect(
            error?.description == "cannot connect to PostgreSQL at alice@127.0.0.1:1/crypto: Connection refused. "
                + "Check that the server runs there and accepts connections")
        #expect(error?.kind == .connectionFailed)
        #expect(error?.isConnectionLost == true)
        #expect(error?.isTransient == true)
    }

    @Test("a missing database and a wrong session setting are told from an unreachable server")
    func refusedByServer() async throws {
        var settings = try await TestCluster.shared.settings()
        settings.database = "nowhere"
        settings.password = "hunter2"
        let error = try #require(
            await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(settings) })
        #expect(error.sqlState == .undefinedDatabase)
        #expect(!error.isTransient)
        #expect(error.description.contains("database \"nowhere\" does not exist. Create the database"))
        #expect(!error.description.contains("hunter2"))
        settings = try await TestCluster.shared.settings()
        settings.session = ["no_such_setting": "1"]
        let other = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(settings) }
        #expect(other?.description.contains("no_such_setting") == true)
    }

    @Test("opening gives up when its time is over, and when its task is cancelled")
    func silentServer() async throws {
        let listener = try SilentServer()
        let settings = PostgresSettings(
            host: "127.0.0.1", port: listener.port, user: "a", database: "b", connectTimeout: .milliseconds(50))
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(settings) }
        #expect(error?.description.contains("no answer within 0.05 seconds") == true)
        var patient = settings
        patient.connectTimeout = .seconds(600)
        let task = Task { [patient] in try await PostgresConnection.connect(patient) }
        try await listener.accepted(2)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("prepared statements are kept, bounded, and prepared anew when the server refuses them")
    func prepared() async throws {
        let settings = try await TestCluster.shared.settings()
        let connection = try await PostgresConnection.connect(settings, preparedLimit: 3)
        for round in 0..<10 {
            for number in 0..<4 {
                let value: Int = try await connection.query("SELECT $1 + \(number)", [round])[0].decode(0)
                #expect(value == round + number)
            }
        }
        #expect(await connection.preparedCount == 3)
        let onServer: Int = try await connection.query(
            PostgresStatement("SELECT count(*) FROM pg_prepared_statements", prepared: false), timeout: nil)[0].decode(
                0)
        #expect(onServer == 3)

        let sql = "SELECT * FROM t"
        try await connection.execute("CREATE TEMP TABLE t (a int)")
        #expect(try await connection.query(sql).columns.count == 1)
        try await connection.execute("ALTER TABLE t ADD b text")
        #expect(try await connection.query(sql).columns.map(\.name) == ["a", "b"])
        try await connection.execute("DISCARD ALL")
        let afterDiscard: Int = try await connection.query("SELECT $1 + 1", [1])[0].decode(0)
        #expect(afterDiscard == 2)
    }

    @Test("the same SQL text with parameters of other types is another statement")
    func preparedTypes() async throws {
        let connection = try await sharedConnection()
        for _ in 0..<2 {
            #expect(try await connection.query("SELECT $1::text", [5])[0].decode(0) == "5")
            #expect(try await connection.query("SELECT $1::text", ["five"])[0].decode(0) == "five")
        }
    }

    @Test("a script runs as one transaction and says which statement failed")
    func scripts() async throws {
        let connection = try await sharedConnection()
        #expect(try await connection.script("CREATE TEMP TABLE t (id int); INSERT INTO t VALUES (1); SELECT 1") == 3)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.script("INSERT INTO t VALUES (2); SELECT 1/0; INSERT INTO t VALUES (3)")
        }
        #expect(error?.statementIndex == 1)
        #expect(error?.sqlState?.rawValue == "22012")
        #expect(try await connection.query("SELECT count(*) FROM t")[0].decode(0) == 1)
    }

    @Test("rows are handed over one by one, and a failure of the receiver stops the server")
    func forEachRow() async throws {
        let connection = try await sharedConnection()
        let sum = Counter()
        let count = try await connection.forEachRow("SELECT i FROM generate_series(1, $1) i", [1000]) { row in
            sum.add(try row.decode(0))
        }
        #expect(count == 1000)
        #expect(sum.value == 500_500)
        struct Enough: Error {}
        await #expect(throws: Enough.self) {
            try await connection.forEachRow("SELECT generate_series(1, 1000000000)") { _ in throw Enough() }
        }
        let error = await #expect(throws: PostgresError.self) {
            try await connection.forEachRow("SELECT 10 / (5 - i) FROM generate_series(1, 10) i") { _ in }
        }
        #expect(error?.sqlState?.rawValue == "22012")
        try await connection.ping()
    }

    @Test("notices reach the handler")
    func notices() async throws {
        let connection = try await sharedConnection()
        let (stream, continuation) = AsyncStream.makeStream(of: PostgresNotice.self)
        await connection.onNotice { continuation.yield($0) }
        try await connection.script("DO $$ BEGIN RAISE NOTICE 'hello'; RAISE WARNING 'careful'; END $$")
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next()?.message == "hello")
        #expect(await iterator.next()?.severity == "WARNING")
    }

    @Test("COPY as an ordinary statement is refused, not waited for")
    func copyAsStatement() async throws {
        let connection = try await sharedConnection()
        try await connection.execute("CREATE TEMP TABLE t (id int)")
        let error = await #expect(throws: PostgresError.self) { try await connection.execute("COPY t FROM STDIN") }
        #expect(error?.kind == .misuse)
        try await connection.ping()
    }

    @Test("an empty statement and too many parameters are explained")
    func misuse() async throws {
        let connection = try await sharedConnection()
        let many = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT 1", [any PostgresValue](repeating: 1, count: 70_000))
        }
        #expect(many?.description.contains("unnest") == true)
        try await connection.ping()
        _ = try await connection.query("")
        try await connection.ping()
    }

    @Test("a connection that the server ends is lost for its user, with the reason")
    func terminated() async throws {
        let connection = try await sharedConnection()
        let other = try await sharedConnection()
        let pid = connection.backendPID
        try await other.query("SELECT pg_terminate_backend($1, 5000)", [pid])
        let error = await #expect(throws: PostgresError.self) { try await connection.ping() }
        #expect(error?.isConnectionLost == true)
        #expect(error?.isTransient == true)
        #expect(await !connection.isOpen)
        let later = await #expect(throws: PostgresError.self) { try await connection.ping() }
        #expect(later?.isConnectionLost == true)
    }
}
