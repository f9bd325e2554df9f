import PostgresClient
import Testing

@Suite("Pool", .timeLimit(.minutes(1))) struct PoolTests {
    private func pool(_ options: PostgresPoolOptions = PostgresPoolOptions()) async throws -> PostgresPool {
        PostgresPool(try await TestCluster.shared.settings(), options: options)
    }

    /// Waits until the pool's counts are as wanted.
    private func wait(for pool: PostgresPool, until isReached: (PostgresPool.Counts) -> Bool) async {
        while !isReached(await pool.counts) { await Task.yield() }
    }

    /// Connections that are lent until ``giveBack()``.
    private final class Loans: Sendable {
        private let tasks: [Task<Void, any Error>]
        private let release: AsyncStream<Void>.Continuation

        init(_ count: Int, of pool: PostgresPool) async {
            let (lent, lending) = AsyncStream.makeStream(of: Void.self)
            let (released, release) = AsyncStream.makeStream(of: Void.self)
            self.release = release
            tasks = (0..<count).map { _ in
                Task {
                    try await pool.withConnection { _ in
                        lending.yield()
                        for await _ in released {}
                    }
                }
            }
            var iterator = lent.makeAsyncIterator()
            for _ in 0..<count { _ = await iterator.next() }
        }

        func giveBack() async throws {
            release.finish()
            for task in tasks { try await task.value }
        }
    }

    @Test("connections open when needed, are used again, and never more than allowed")
    func limit() async throws {
        let pool = try await pool(PostgresPoolOptions(maxConnections: 3))
        #expect(await pool.counts == .init(open: 0, idle: 0, waiting: 0))
        for _ in 0..<5 { try await pool.ping() }
        #expect(await pool.counts == .init(open: 1, idle: 1, waiting: 0))
        let running = Counter()
        let peak = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    try await pool.withConnection { connection in
                        running.add(1)
                        peak.raise(to: running.value)
                        try await connection.query("SELECT pg_sleep(0.001)")
                        running.add(-1)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(peak.value <= 3)
        #expect(await pool.counts == .init(open: 3, idle: 3, waiting: 0))
        await pool.close()
    }

    @Test("waiting callers are served in the order they came")
    func fairness() async throws {
        let pool = try await pool(PostgresPoolOptions(maxConnections: 1))
        let loan = await Loans(1, of: pool)
        let (order, served) = AsyncStream.makeStream(of: Int.self)
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<10 {
            tasks.append(Task { try await pool.withConnection { _ in _ = served.yield(number) } })
            await wait(for: pool) { $0.waiting == number + 1 }
        }
        try await loan.giveBack()
        for task in tasks { try await task.value }
        served.finish()
        #expect(await order.reduce(into: []) { $0.append($1) } == Array(0..<10))
        await pool.close()
    }

    @Test("waiting ends with an error that says why, and by cancelling")
    func acquireTimeout() async throws {
        let pool = try await pool(PostgresPoolOptions(maxConnections: 1, acquireTimeout: .milliseconds(20)))
        let loan = await Loans(1, of: pool)
        let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
        #expect(error?.kind == .acquireTimedOut)
        #expect(error?.description.contains("became free within 0.02 seconds: all 1 are in use") == true)
        try await loan.giveBack()

        let patient = try await self.pool(PostgresPoolOptions(maxConnections: 1, acquireTimeout: .seconds(600)))
        let other = await Loans(1, of: patient)
        let task = Task { try await patient.ping() }
        await wait(for: patient) { $0.waiting == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await patient.counts.waiting == 0)
        try await other.giveBack()
        try await patient.ping()
        await patient.close()
        await pool.close()
    }

    @Test("a connection that the server ended is replaced without the caller's notice")
    func reconnect() async throws {
        let pool = try await pool()
        let other = try await sharedConnection()
        for _ in 0..<3 {
            let pid: Int32 = try await pool.query("SELECT pg_backend_pid()")[0].decode(0)
            try await other.query("SELECT pg_terminate_backend($1, 5000)", [pid])
            let next: Int32 = try await pool.query("SELECT pg_backend_pid()")[0].decode(0)
            #expect(next != pid)
            #expect(await pool.counts == .init(open: 1, idle: 1, waiting: 0))
        }
        await pool.close()
    }

    @Test("a connection idle for long is checked with a round trip")
    func healthCheck() async throws {
        let pool = try await pool(PostgresPoolOptions(checkAfterIdle: .zero))
        let first: Int32 = try await pool.query("SELECT pg_backend_pid()")[0].decode(0)
        let second: Int32 = try await pool.query("SELECT pg_backend_pid()")[0].decode(0)
        #expect(first == second)
        await pool.close()
    }

    @Test("a connection lost while lent gives its place to the next caller")
    func lostWhileLent() async throws {
        let pool = try await pool(PostgresPoolOptions(maxConnections: 1))
        let error = await #expect(throws: PostgresError.self) {
            try await pool.query("SELECT pg_terminate_backend(pg_backend_pid())")
        }
        #expect(error?.isConnectionLost == true)
        #expect(await pool.counts.open == 0)
        try await pool.ping()
        await pool.close()
    }

    @Test("a transaction left open is rolled back before the next caller")
    func leftOpen() async throws {
        let pool = try await pool(PostgresPoolOptions(maxConnections: 1))
        let pid = try await pool.withConnection { connection in
            try await connection.script("BEGIN; CREATE TABLE left_open (id int)")
            return connection.backendPID
        }
        try await pool.withConnection { connection in
            #expect(await !connection.isInTransaction)
            #expect(connection.backendPID == pid)
            let name: String? = try await connection.query("SELECT to_regclass('left_open')::text")[0].decode(0)
            #expect(name == nil)
        }
        await pool.close()
    }

    @Test("an unreachable server is tried again for as long as allowed, a wrong database not at all")
    func patience() async throws {
        let unreachable = PostgresSettings(host: "127.0.0.1", port: 1, user: "a", database: "b")
        let hasty = PostgresPool(unreachable, options: PostgresPoolOptions(connectPatience: .zero))
        let patient = PostgresPool(
            unreachable,
            options: PostgresPoolOptions(connectPatience: .milliseconds(50), initialBackoff: .milliseconds(5)))
        for pool in [hasty, patient] {
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error?.kind == .connectionFailed)
            #expect(await pool.counts.open == 0)
        }
        var settings = try await TestCluster.shared.settings()
        settings.database = "nowhere"
        let wrong = PostgresPool(settings, options: PostgresPoolOptions(connectPatience: .seconds(600)))
        let error = await #expect(throws: PostgresError.self) { try await wrong.ping() }
        #expect(error?.sqlState == .undefinedDatabase)
        let waiting = PostgresPool(unreachable, options: PostgresPoolOptions(connectPatience: .seconds(600)))
        let task = Task { try await waiting.ping() }
        await wait(for: waiting) { $0.open == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await waiting.counts.open == 0)
    }

    @Test("closing waits for what is lent and refuses what comes later")
    func close() async throws {
        let pool = try await pool(PostgresPoolOptions(maxConnections: 2))
        try await pool.ping()
        let loan = await Loans(2, of: pool)
        let waiting = Task { try await pool.ping() }
        await wait(for: pool) { $0.waiting == 1 }
        let closing = Task { await pool.close() }
        let error = await #expect(throws: PostgresError.self) { try await waiting.value }
        #expect(error?.kind == .closed)
        try await loan.giveBack()
        await closing.value
        #expect(await pool.counts == .init(open: 0, idle: 0, waiting: 0))
        let later = await #expect(throws: PostgresError.self) { try await pool.ping() }
        #expect(later?.kind == .closed)
    }

    @Test("a pool is a session: transactions, pipelines, scripts and JSON")
    func session() async throws {
        let pool = try await pool()
        let value: Int = try await pool.withTransaction { try await $0.query("SELECT $1", [7])[0].decode(0) }
        #expect(value == 7)
        #expect(try await pool.pipeline([PostgresStatement("SELECT 1"), PostgresStatement("SELECT 2")]).count == 2)
        #expect(try await pool.script("SELECT 1; SELECT 2") == 2)
        #expect(try await pool.json("SELECT 1 AS a").text == #"[{"a":1}]"#)
        let rows = Counter()
        #expect(try await pool.forEachRow("SELECT generate_series(1, 10)") { _ in rows.add(1) } == 10)
        #expect(rows.value == 10)
        await pool.close()
    }
}
