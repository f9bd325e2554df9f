import TestSupport
import Testing

@Suite("The tests' own cluster", .timeLimit(.minutes(1))) struct TestClusterTests {
    @Test("every test gets a database of its own", .database, arguments: 1...3)
    func database(number: Int) async throws {
        let name = try #require(TestDatabase.name)
        try await TestCluster.shared.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (\(number))", database: name)
        #expect(try await TestCluster.shared.execute("SELECT n FROM t", database: name) == "\(number)")
    }
}
