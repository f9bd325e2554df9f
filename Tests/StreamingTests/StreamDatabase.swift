import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

/// A database with the warehouse and the streaming tables, and what tests ask of it.
struct StreamDatabase: Sendable {
    /// Connections under the role of the streaming workers.
    let pool: PostgresPool
    private let name: String

    private static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The name under which the pool's connections appear at the server.
    static let applicationName = "streaming tests"

    /// Makes a database, runs `body` and drops it again.
    static func use(_ body: (StreamDatabase) async throws -> Void) async throws {
        let name = try await TestCluster.shared.makeDatabase(like: "streaming") { url in
            let connection = try await PostgresConnection.connect(try PostgresSettings(url: url))
            // The role belongs to the whole cluster, and other suites make it too.
            try await connection.script(
                """
                DO $$ BEGIN
                    CREATE ROLE cryptoflow_warehouse;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                END $$
                """)
            for file in ["0002_warehouse", "0004_streaming"] {
                try await connection.script(text(of: "migrations/\(file).sql"))
            }
            await connection.close()
        }
        var settings = try PostgresSettings(url: try await TestCluster.shared.url(database: name))
        settings.session = ["role": "cryptoflow_warehouse"]
        settings.applicationName = applicationName
        let options = PostgresPoolOptions(connectPatience: .zero)
        let database = StreamDatabase(pool: PostgresPool(settings, options: options), name: name)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(database))
        } catch {
            outcome = .failure(error)
        }
        await database.pool.close()
        try await TestCluster.shared.drop(database: name)
        try outcome.get()
    }

    private static func text(of path: String) throws -> String {
        try String(contentsOf: repository.appending(path: path), encoding: .utf8)
    }

    /// The rows of a query, each as texts joined by "|"; NULL is "-".
    func rows(_ columns: String, _ rest: String, with prefix: String = "") async throws -> [String] {
        let texts = columns.split(separator: ";").map { "coalesce((\($0))::text, '-')" }.joined(
            separator: " || '|' || ")
        return try await pool.query("\(prefix) SELECT \(texts) \(rest)").map { try $0.decode(0) }
    }

    func count(_ rest: String) async throws -> Int {
        let result = try await pool.query("SELECT count(*) \(rest)")
        return Int(try #require(result.first).decode(0, as: Int64.self))
    }

    /// Runs statements as the database's owner, past all privileges.
    @discardableResult
    func asOwner(_ sql: String) async throws -> String {
        try await TestCluster.shared.execute(sql, database: name)
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
