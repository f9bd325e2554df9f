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
