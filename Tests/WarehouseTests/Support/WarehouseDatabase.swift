import PostgresClient
import TestDatabases
import Testing
import Warehouse

/// A database with the warehouse in it, and what tests do with it.
struct WarehouseDatabase: Sendable {
    /// Connections under the role of market operators and SQL tasks.
    let pool: PostgresPool

    /// The pages' reads, without the pages' impatience: beside other tests a statement may take seconds.
    var queries: MarketQueries { MarketQueries(session: pool, timeout: .seconds(60)) }

    /// Makes a database, runs `body` and drops it again.
    static func use(_ body: (WarehouseDatabase) async throws -> Void) async throws {
        try await ProjectDatabase.use { project in
            var settings = try project.settings(asWarehouse: true)
            settings.session["search_path"] = "warehouse, public"
            try await PostgresPool.use(settings) { try await body(WarehouseDatabase(pool: $0)) }
        }
    }

    /// The rows of a query, each as texts joined by "|"; NULL is "-".
    func rows(_ columns: String, _ rest: String) async throws -> [String] {
        try await pool.texts(columns, rest)
    }

    func count(_ rest: String) async throws -> Int {
        let result = try await pool.query("SELECT count(*) \(rest)")
        return Int(try #require(result.first).decode(0, as: Int64.self))
    }

    /// Runs a DAG's SQL as its task does: in one transaction, with the hull of the events (nil: a manual run).
    func refine(_ file: String, since: String? = nil, until: String? = nil) async throws {
        let sql = try ProjectDatabase.sql(file, ["since": since ?? "None", "until": until ?? "None"])
        try await pool.script(sql)
    }

    /// Silver, then Gold, as asset events would start them.
    func refineCandles(since: String? = nil, until: String? = nil) async throws {
        try await refine("silver_candles", since: since, until: until)
        try await refine("gold_trend_volatility", since: since)
    }
}
