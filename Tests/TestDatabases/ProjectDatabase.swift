import FoundationEssentials
package import PostgresClient
import TestSupport

/// A database of a test's own with all of the project's tables, dropped afterwards.
package struct ProjectDatabase: Sendable {
    package let name: String
    /// Under the owner, who is a superuser.
    package let url: String

    /// The project's folder.
    private static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of migrations.
    package static var migrations: String { repository.appending(path: "migrations").path }

    /// Makes a database, runs `body` and drops it again, whatever happens.
    package static func use<Value>(_ body: (ProjectDatabase) async throws -> Value) async throws -> Value {
        let database = try await make()
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(database))
        } catch {
            outcome = .failure(error)
        }
        try await TestCluster.shared.drop(database: database.name)
        return try outcome.get()
    }

    /// A copy of a template that all tests of the process share: migrating takes longer.
    private static func make() async throws -> ProjectDatabase {
        let name = try await TestCluster.shared.makeDatabase(like: "project") { url in
            let connection = try await PostgresConnection.connect(try PostgresSettings(url: url))
            // The role belongs to the whole cluster, and tests of the set-up make it too.
            try await connection.script(
                """
                DO $$ BEGIN
                    CREATE ROLE cryptoflow_warehouse;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                END $$
                """)
            _ = try await Migrator(directory: repository.appending(path: "migrations")).migrate(connection)
            await connection.close()
        }
        // A setting of the database is not copied from the template.
        try await TestCluster.shared.execute(
            "ALTER DATABASE \(name) SET search_path = flow, warehouse, history, public")
        return ProjectDatabase(name: name, url: try await TestCluster.shared.url(database: name))
    }

    /// How to connect as the owner, or with the rights of SQL tasks, market operators, workers and models.
    package func settings(asWarehouse: Bool) throws -> PostgresSettings {
        var settings = try PostgresSettings(url: url)
        if asWarehouse { settings.session = ["role": "cryptoflow_warehouse"] }
        return settings
    }

    /// The text of a file of the project.
    package static func text(of path: String) throws -> String {
        try String(contentsOf: repository.appending(path: path), encoding: .utf8)
    }

    /// The SQL of a DAG with rendered parameters in the place of `%(name)s`.
    package static func sql(_ file: String, _ parameters: [String: String] = [:]) throws -> String {
        var sql = try text(of: "dags/sql/\(file).sql")
        for (name, value) in parameters {
            sql = sql.split(separator: "%(\(name))s", omittingEmptySubsequences: false).joined(separator: "'\(value)'")
        }
        return sql
    }

    /// Runs statements as the owner with psql, past all privileges.
    @discardableResult
    package func asOwner(_ sql: String) async throws -> String {
        try await TestCluster.shared.execute(sql, database: name)
    }
}

extension PostgresPool {
    /// Runs `body` with a pool of these settings, and closes it whatever happens.
    package static func use<Value>(
        _ settings: PostgresSettings, options: PostgresPoolOptions = PostgresPoolOptions(),
        _ body: (PostgresPool) async throws -> Value
    ) async throws -> Value {
        let pool = PostgresPool(settings, options: options)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(pool))
        } catch {
            outcome = .failure(error)
        }
        await pool.close()
        return try outcome.get()
    }

    /// The rows of a query, each as texts joined by "|"; NULL is "-".
    ///
    /// - Parameters:
    ///   - columns: separated by semicolons.
    ///   - rest: from FROM on.
    package func texts(_ columns: String, _ rest: String, with prefix: String = "") async throws -> [String] {
        let texts = columns.split(separator: ";").map { "coalesce((\($0))::text, '-')" }
            .joined(separator: " || '|' || ")
        return try await query("\(prefix) SELECT \(texts) \(rest)").map { try $0.decode(0) }
    }
}
