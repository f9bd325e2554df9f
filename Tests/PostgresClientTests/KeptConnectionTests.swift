import PostgresClient
import Testing

@Suite("Kept connection", .timeLimit(.minutes(1))) struct KeptConnectionTests {
    private func backend(_ kept: KeptConnection) async throws -> Int32 {
        let results = try await kept.pipeline([PostgresStatement("SELECT pg_backend_pid()")])
        return try #require(results.first?.first).decode(0)
    }

    @Test("opens when first needed, stays, and is opened again once the server has ended it")
    func reopening() async throws {
        let kept = KeptConnection(try await TestCluster.shared.settings())
        let first = try await backend(kept)
        #expect(try await backend(kept) == first)
        let other = try await PostgresConnection.connect(try await TestCluster.shared.settings())
        // Answers once the session is gone.
        try await other.query("SELECT pg_terminate_backend($1, 30000)", [first])
        #expect(try await backend(kept) != first)
        await other.close()
        await kept.close()
    }

    @Test("does all or nothing, and goes on after a statement that fails")
    func failure() async throws {
        let kept = KeptConnection(try await TestCluster.shared.settings())
        let first = try await backend(kept)
        _ = try await kept.pipeline([PostgresStatement("CREATE TEMP TABLE kept (number int PRIMARY KEY)")])
        let insert = PostgresStatement("INSERT INTO kept VALUES ($1)", [Int32(1)])
        let error = await #expect(throws: PostgresError.self) { try await kept.pipeline([insert, insert]) }
        #expect(error?.isUniqueViolation == true && error?.statementIndex == 1)
        let count = try await kept.pipeline([PostgresStatement("SELECT count(*) FROM kept")])
        #expect(try count.first?.first?.decode(0, as: Int.self) == 0)
        #expect(try await backend(kept) == first)
        await kept.close()
    }

    @Test("checks one that was idle for long with a round trip")
    func idle() async throws {
        let kept = KeptConnection(try await TestCluster.shared.settings(), checkAfterIdle: .zero)
        let first = try await backend(kept)
        #expect(try await backend(kept) == first)
        await kept.close()
    }

    @Test("several callers at once share one connection")
    func together() async throws {
        let kept = KeptConnection(try await TestCluster.shared.settings())
        let backends = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<20 { group.addTask { try await backend(kept) } }
            return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
        }
        #expect(backends.count == 1)
        await kept.close()
    }

    @Test("sends the next pipeline while the one before is not answered, and answers them in order")
    func ahead() async throws {
        let kept = KeptConnection(try await TestCluster.shared.settings())
        let server = try await backend(kept)
        let holder = try await PostgresConnection.connect(try await TestCluster.shared.settings())
        try await holder.query("SELECT pg_advisory_lock(7001)")
        async let first = kept.pipeline([PostgresStatement("SELECT 1 FROM pg_advisory_lock(7001)")])
        try await waitForLock(of: server, seenBy: holder)
        let (made, making) = AsyncStream.makeStream(of: Void.self)
        async let failing = failure { try await kept.pipeline([PostgresStatement("SELECT 1 / $1", [0])]) }
        async let third = kept.pipeline {
            making.yield()
            return [PostgresStatement("SELECT $1 + 1", [2])]
        }
        // Made, though the first is not answered: this test would hang otherwise.
        for await _ in made { break }
        try await holder.query("SELECT pg_advisory_unlock(7001)")
        #expect(try await first.first?.first?.decode(0, as: Int32.self) == 1)
        let error = await failing
        #expect(error?.sqlState?.rawValue == "22012")
        #expect(try await third.first?.first?.decode(0, as: Int.self) == 3)
        #expect(try await backend(kept) == server)
        await holder.close()
        await kept.close()
    }

    @Test("all that were sent fail with their connection, and the next ones get another")
    func lost() async throws {
        let kept = KeptConnection(try await TestCluster.shared.settings())
        let server = try await backend(kept)
        let holder = try await PostgresConnection.connect(try await TestCluster.shared.settings())
        try await holder.query("SELECT pg_advisory_lock(7002)")
        async let first = failure {
            try await kept.pipeline([PostgresStatement("SELECT 1 FROM pg_advisory_lock(7002)")])
        }
        try await waitForLock(of: server, seenBy: holder)
        let (made, making) = AsyncStream.makeStream(of: Void.self)
        async let second = failure {
            try await kept.pipeline {
                making.yield()
                return [PostgresStatement("SELECT 1")]
            }
        }
        for await _ in made { break }
        try await holder.query("SELECT pg_terminate_backend($1, 30000)", [server])
        #expect(await first?.isConnectionLost == true)
        #expect(await second?.isConnectionLost == true)
        #expect(try await backend(kept) != server)
        await holder.close()
        await kept.close()
    }

    @Test("prepares a statement anew whose plan no longer fits")
    func stalePlan() async throws {
        let kept = KeptConnection(try await TestCluster.shared.settings())
        _ = try await kept.pipeline([PostgresStatement("CREATE TEMP TABLE changing (a int)")])
        let select = PostgresStatement("SELECT * FROM changing")
        _ = try await kept.pipeline([select])
        _ = try await kept.pipeline([PostgresStatement("ALTER TABLE changing ADD b int")])
        #expect(try await kept.pipeline([select]).first?.columns.count == 2)
        await kept.close()
    }

    private func failure(_ body: () async throws -> [PostgresResult]) async -> PostgresError? {
        do {
            _ = try await body()
            return nil
        } catch { return error as? PostgresError }
    }

    private func waitForLock(of server: Int32, seenBy other: PostgresConnection) async throws {
        let waiting = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'"
        while try await other.query(waiting, [server]).isEmpty { await Task.yield() }
    }

    @Test("says that it is closed, and where nobody listens")
    func closed() async throws {
        let kept = KeptConnection(try await TestCluster.shared.settings())
        _ = try await backend(kept)
        await kept.close()
        let error = await #expect(throws: PostgresError.self) { try await backend(kept) }
        #expect(error?.kind == .closed)
        let nowhere = KeptConnection(try PostgresSettings(url: "postgresql://nobody@/x?host=/nonexistent"))
        let failure = await #expect(throws: PostgresError.self) { try await backend(nowhere) }
        #expect(failure?.kind == .connectionFailed)
    }
}
