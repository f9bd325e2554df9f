package import Testing

/// Gives a test (or every test of a suite) a database of its own, dropped afterwards: `@Test(.database)`, then
/// `let url = try #require(TestDatabase.url)`.
package struct DatabaseTrait: TestTrait, SuiteTrait, TestScoping {
    /// A suite hands the trait on to its tests: each has its own database.
    package var isRecursive: Bool { true }

    /// Makes the database, binds its URL, runs the test, drops the database.
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else {
            try await function()
            return
        }
        let name = try await TestCluster.shared.makeDatabase()
        let url = try await TestCluster.shared.url(database: name)
        do {
            try await TestDatabase.$current.withValue((name, url)) { try await function() }
        } catch {
            try? await TestCluster.shared.drop(database: name)
            throw error
        }
        try await TestCluster.shared.drop(database: name)
    }
}

extension Trait where Self == DatabaseTrait {
    /// A fresh PostgreSQL database for each test.
    package static var database: Self { Self() }
}

/// The database of the running test.
package enum TestDatabase {
    @TaskLocal static var current: (name: String, url: String)?

    /// Its URL for libpq; nil without the `.database` trait.
    package static var url: String? { current?.url }
    /// Its name; nil without the `.database` trait.
    package static var name: String? { current?.name }
}
