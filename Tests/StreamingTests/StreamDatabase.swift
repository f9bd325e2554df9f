import PostgresClient
import TestDatabases
import Testing

/// A database with the warehouse and the streaming tables, and what tests ask of it.
struct StreamDatabase: Sendable {
    /// Connections under the role of the streaming workers.
    let pool: PostgresPool
    private let project: ProjectDatabase

    /// The name under which the pool's connections appear at the server.
    static let applicationName = "streaming tests"

    /// Makes a database, runs `body` and drops it again.
    static func use(_ body: (StreamDatabase) async throws -> Void) async throws {
        try await ProjectDatabase.use { project in
            var settings = try project.settings(asWarehouse: true)
            settings.applicationName = applicationName
            try await PostgresPool.use(settings, options: PostgresPoolOptions(connectPatience: .zero)) { pool in
                try await body(StreamDatabase(pool: pool, project: project))
            }
        }
    }

    /// The rows of a query, each as texts joined by "|"; NULL is "-".
    func rows(_ columns: String, _ rest: String, with prefix: String = "") async throws -> [String] {
        try await pool.texts(columns, rest, with: prefix)
    }

    func count(_ rest: String) async throws -> Int {
        let result = try await pool.query("SELECT count(*) \(rest)")
        return Int(try #require(result.first).decode(0, as: Int64.self))
    }

    /// Runs statements as the database's owner, past all privileges.
    @discardableResult
    func asOwner(_ sql: String) async throws -> String {
        try await project.asOwner(sql)
    }

    /// Ends every connection of the pool at the server, whatever it is doing.
    func killConnections() async throws {
        try await asOwner(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = '\(Self.applicationName)'
            """)
    }
}
