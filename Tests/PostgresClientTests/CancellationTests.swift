import PostgresClient
import Testing

@Suite("Cancelling", .timeLimit(.minutes(1))) struct CancellationTests {
    /// Waits until the server shows a statement of `connection` with `fragment` in its text as running, or not.
    private func wait(
        for connection: PostgresConnection, fragment: String, running: Bool, seenBy observer: PostgresConnection
    ) async throws {
        let pid = connection.backendPID
        while true {
            let found: Bool = try await observer.query(
                """
                SELECT EXISTS (SELECT FROM pg_stat_activity
                    WHERE pid = $1 AND state = 'active' AND position($2 in query) > 0)
                """, [pid, fragment])[0].decode(0)
            if found == running { return }
        }
    }

    @Test("a cancelled task's statement stops on the server, and the connection goes on")
    func cancelRunning() async throws {
        let connection = try await sharedConnection()
        let observer = try await sharedConnection()
        let pid = connection.backendPID
        let task = Task { try await connection.query("SELECT pg_sleep(600)") }
        try await wait(for: connection, fragment: "pg_sleep(600)", running: true, seenBy: observer)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await wait(for: connection, fragment: "pg_sleep(600)", running: false, seenBy: observer)
        #expect(try await connection.query("SELECT pg_backend_pid()")[0].decode(0) == pid)
    }

    @Test("cancelling at any moment never reaches the next caller's statement")
    func lateCancels() async throws {
        let connection = try await sharedConnection()
        for round in 0..<200 {
            let task = Task { try await connection.query("SELECT pg_sleep(0.0002)") }
            if round.isMultiple(of: 2) { await Task.yield() }
            task.cancel()
            // Ended or cancelled in time: both are right.
            do { _ = try await task.value } catch { #expect(error is CancellationError) }
            let value: Int = try await connection.query("SELECT $1 FROM pg_sleep(0)", [round])[0].decode(0)
            #expect(value == round)
        }
    }

    @Test("a task that is cancelled already sends nothing")
    func cancelledBefore() async throws {
        let connection = try await sharedConnection()
        try await connection.execute("CREATE TEMP TABLE t (id int)")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await connection.execute("INSERT INTO t VALUES (1)")
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await connection.query("SELECT count(*) FROM t")[0].decode(0) == 0)
    }

    @Test("a statement over its time limit is a timeout, not a cancellation")
    func timeout() async throws {
        let connection = try await sharedConnection()
        let error = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT pg_sleep(600)", timeout: .milliseconds(20))
        }
        #expect(error?.kind == .timedOut)
        #expect(error?.isConnectionLost == false)
        #expect(
            error?.description
                == "the statement took longer than 0.02 seconds and was cancelled in statement: SELECT pg_sleep(600)")
        try await connection.query("SELECT 1", timeout: .seconds(30))
    }

    @Test("a statement that somebody else cancels is the server's error")
    func cancelledByServer() async throws {
        let connection = try await sharedConnection()
        let observer = try await sharedConnection()
        let pid = connection.backendPID
        let task = Task { try await connection.query("SELECT pg_sleep(600)") }
        try await wait(for: connection, fragment: "pg_sleep(600)", running: true, seenBy: observer)
        try await observer.query("SELECT pg_cancel_backend($1)", [pid])
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.sqlState == .queryCanceled)
        #expect(error?.kind == .server)
        try await connection.execute("SET statement_timeout = 1")
        let own = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(600)") }
        #expect(own?.sqlState == .queryCanceled)
    }

    @Test("a pipeline is cancelled like a statement")
    func pipeline() async throws {
        let connection = try await sharedConnection()
        let observer = try await sharedConnection()
        try await connection.execute("CREATE TEMP TABLE t (id int)")
        let task = Task {
            try await connection.pipeline([
                PostgresStatement("INSERT INTO t VALUES ($1)", [Int32(1)]), PostgresStatement("SELECT pg_sleep(600)"),
                PostgresStatement("INSERT INTO t VALUES ($1)", [Int32(2)]),
            ])
        }
        try await wait(for: connection, fragment: "pg_sleep(600)", running: true, seenBy: observer)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await connection.query("SELECT count(*) FROM t")[0].decode(0) == 0)
    }

    @Test("a blocked connection holds no thread that others need")
    func threads() async throws {
        let connections = try await withThrowingTaskGroup(of: PostgresConnection.self) { group in
            for _ in 0..<8 { group.addTask { try await sharedConnection() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let sleepers = connections.map { connection in Task { try await connection.query("SELECT pg_sleep(600)") } }
        let observer = try await sharedConnection()
        for connection in connections {
            try await wait(for: connection, fragment: "pg_sleep(600)", running: true, seenBy: observer)
        }
        for sleeper in sleepers { sleeper.cancel() }
        for sleeper in sleepers { await #expect(throws: CancellationError.self) { try await sleeper.value } }
    }
}
