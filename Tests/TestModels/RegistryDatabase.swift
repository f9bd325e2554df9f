package import ModelRegistry
package import PostgresClient
import TestDatabases
import TestSupport

/// A database with all migrations, and connections under both roles.
package struct RegistryDatabase: Sendable {
    package let owner: PostgresPool
    /// Under the role of cryptoflow-model.
    package let warehouse: PostgresPool
    package let url: String

    /// Makes a database, runs `body` and drops it again.
    package static func use(_ body: (RegistryDatabase) async throws -> Void) async throws {
        try await ProjectDatabase.use { project in
            try await PostgresPool.use(project.settings(asWarehouse: false)) { owner in
                try await PostgresPool.use(project.settings(asWarehouse: true)) { warehouse in
                    try await body(RegistryDatabase(owner: owner, warehouse: warehouse, url: project.url))
                }
            }
        }
    }

    /// Longer than any statement takes beside other tests: the patience of pages is not what these tests are about.
    private static let patience = Duration.seconds(60)

    package var queries: ModelQueries { ModelQueries(session: warehouse, timeout: Self.patience) }
    package var predictions: PredictionQueries { PredictionQueries(session: warehouse, timeout: Self.patience) }

    /// Stores a model as cryptoflow-model does, and returns its id.
    @discardableResult
    package func add(_ card: ModelCard) async throws -> Int64 {
        let text = try ModelArtefactText.artefact(
            card, returnBooster: TestModels.booster, classBooster: TestModels.booster)
        let sql = """
            INSERT INTO warehouse.model_registry
                (name, trained_from, trained_until, training_rows, judged_from, judged_until, judged_rows, verdict,
                 reason, artefact, sha256)
            VALUES ($1, '2026-01-01', '2026-10-31', 100, '2026-11-01', '2026-11-07', 10, $2, $3, $4::text::json,
                    sha256(convert_to($4, 'UTF8')))
            RETURNING id
            """
        let result = try await warehouse.query(
            sql, [card.name, card.judgement.verdict.rawValue, card.judgement.reason, text])
        guard let row = result.first else { throw TestClusterError(description: "no row came back") }
        return try row.decode(0)
    }

    /// Runs `body` on a connection of the owner's own.
    package func promoting<Value>(_ body: (ModelPromotions) async throws -> Value) async throws -> Value {
        let connection = try await PostgresConnection.connect(try PostgresSettings(url: url))
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(ModelPromotions(connection: connection)))
        } catch {
            outcome = .failure(error)
        }
        await connection.close()
        return try outcome.get()
    }
}
