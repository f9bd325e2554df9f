import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

/// A database with the warehouse in it, and what tests do with it.
struct WarehouseDatabase: Sendable {
    /// Connections under the role of market operators and SQL tasks.
    let pool: PostgresPool

    private static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Makes a database, runs `body` and drops it again.
    static func use(_ body: (WarehouseDatabase) async throws -> Void) async throws {
        let name = try await TestCluster.shared.makeDatabase(like: "warehouse") { url in
            let connection = try await PostgresConnection.connect(try PostgresSettings(url: url))
            // The role belongs to the whole cluster, and other suites make it too.
            try await connection.script(
                """
                DO $$ BEGIN
                    CREATE ROLE cryptoflow_warehouse;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                END $$
                """)
            try await connection.script(text(of: "migrations/0002_warehouse.sql"))
            await connection.close()
        }
        var settings = try PostgresSettings(url: try await TestCluster.shared.url(database: name))
        settings.session = ["role": "cryptoflow_warehouse", "search_path": "warehouse, public"]
        let database = WarehouseDatabase(pool: PostgresPool(settings))
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

    static func text(of path: String) throws -> String {
        try String(contentsOf: repository.appending(path: path), encoding: .utf8)
    }

    /// The rows of a query, each as texts joined by "|"; NULL is "-".
    func rows(_ columns: String, _ rest: String) async throws -> [String] {
        let texts = columns.split(separator: ";").map { "coalesce((\($0))::text, '-')" }.joined(
            separator: " || '|' || ")
        return try await pool.query("SELECT \(texts) \(rest)").map { try $0.decode(0) }
    }

    func count(_ rest: String) async throws -> Int {
        let result = try await pool.query("SELECT count(*) \(rest)")
        return Int(try #require(result.first).decode(0, as: Int64.self))
    }

    /// Runs a DAG's SQL as its task does: in one transaction, with the hull of the events (nil: a manual run).
    func refine(_ file: String, since: String? = nil, until: String? = nil) async throws {
        var sql = try Self.text(of: "dags/sql/\(file).sql")
        for (name, value) in ["since": since, "until": until] {
            sql = sql.split(separator: "%(\(name))s", omittingEmptySubsequences: false)
                .joined(separator: "'\(value ?? "None")'")
        }
        try await pool.script(sql)
    }

    /// Silver, then Gold, as asset events would start them.
    func refineCandles(since: String? = nil, until: String? = nil) async throws {
        try await refine("silver_candles", since: since, until: until)
        try await refine("gold_trend_volatility", since: since)
    }
}
