package import PostgresClient

/// Reads of the model registry, for the command line, pages and programs: bounded in rows and time.
package struct ModelQueries: Sendable {
    private let session: any PostgresSession
    private let timeout: Duration

    /// - Parameter timeout: of each statement.
    package init(session: any PostgresSession, timeout: Duration = .seconds(5)) {
        self.session = session
        self.timeout = timeout
    }

    /// A card is what the artefact has besides the boosters, which are large.
    private static let columns = """
        r.id, r.name, r.created_at,
        (SELECT max(p.promoted_at) FROM warehouse.model_promotion AS p WHERE p.model_id = r.id) AS promoted_at,
        coalesce(r.id = (SELECT model_id FROM warehouse.model_promotion ORDER BY id DESC LIMIT 1), false) AS is_in_use,
        encode(r.sha256, 'hex') AS sha256,
        r.card::text AS card
        """

    /// The newest models, newest first.
    package func models(limit: Int = 50) async throws -> [RegisteredModel] {
        let sql = "SELECT \(Self.columns) FROM warehouse.model_registry AS r ORDER BY r.id DESC LIMIT $1"
        return try await session.query(
            PostgresStatement(sql, [Int32(min(max(limit, 1), 1_000))]), timeout: timeout
        ).map { try RegisteredModel($0) }
    }

    /// The model in use; nil when forecasts are naive.
    package func inUse() async throws -> RegisteredModel? {
        let sql = """
            SELECT \(Self.columns) FROM warehouse.model_registry AS r
            WHERE r.id = (SELECT model_id FROM warehouse.model_promotion ORDER BY id DESC LIMIT 1)
            """
        return try await session.query(PostgresStatement(sql), timeout: timeout).first.map { try RegisteredModel($0) }
    }

    /// The model with this id or name, or `current` for the one in use.
    ///
    /// - Throws: ``ModelRegistryError`` naming the known ones when there is none.
    package func model(_ reference: String) async throws -> RegisteredModel {
        if let model = try await find(reference) { return model }
        if reference == "current" {
            throw ModelRegistryError(
                "no model is in use: forecasts are naive. `cryptoflow model list` shows all models")
        }
        let names = try await session.query(
            PostgresStatement("SELECT id, name FROM warehouse.model_registry ORDER BY id DESC LIMIT 5"),
            timeout: timeout
        ).map { "\(try $0.decode("id", as: Int64.self)) (\(try $0.decode("name", as: String.self)))" }
        throw ModelRegistryError(
            names.isEmpty
                ? "there is no model yet: `cryptoflow dag trigger model_retraining` trains one"
                : "there is no model \"\(reference)\"; the newest are \(names.joined(separator: ", "))")
    }

    /// The model with this id or name, or `current` for the one in use; nil when there is none.
    ///
    /// A name that looks like an id goes first.
    package func find(_ reference: String) async throws -> RegisteredModel? {
        if reference == "current" { return try await inUse() }
        let sql = """
            SELECT \(Self.columns) FROM warehouse.model_registry AS r WHERE r.name = $1 OR r.id = $2
            ORDER BY r.name = $1 DESC LIMIT 1
            """
        return try await session.query(
            PostgresStatement(sql, [reference, Int64(reference) ?? -1]), timeout: timeout
        ).first.map { try RegisteredModel($0) }
    }

    /// The changes of the model in use, newest first.
    package func promotions(limit: Int = 20) async throws -> [ModelPromotion] {
        let sql = """
            SELECT p.*, m.name AS model_name, o.name AS replaced_name
            FROM warehouse.model_promotion AS p
            LEFT JOIN warehouse.model_registry AS m ON m.id = p.model_id
            LEFT JOIN warehouse.model_registry AS o ON o.id = p.replaced
            ORDER BY p.id DESC LIMIT $1
            """
        return try await session.query(
            PostgresStatement(sql, [Int32(min(max(limit, 1), 1_000))]), timeout: timeout
        ).map { try ModelPromotion($0) }
    }

    /// The whole artefact as it was stored: JSON with the boosters.
    package func artefact(_ model: Int64) async throws -> String {
        let rows = try await session.query(
            PostgresStatement("SELECT artefact::text FROM warehouse.model_registry WHERE id = $1", [model]),
            timeout: timeout)
        guard let row = rows.first else { throw ModelRegistryError("there is no model \(model)") }
        return try row.decode(0)
    }

    /// XGBoost's JSON of both boosters, as XGBoost wrote it.
    package func boosters(_ model: Int64) async throws -> (return: String, class: String) {
        let sql = """
            SELECT (artefact #> '{boosters,return}')::text, (artefact #> '{boosters,class}')::text
            FROM warehouse.model_registry WHERE id = $1
            """
        let rows = try await session.query(PostgresStatement(sql, [model]), timeout: timeout)
        guard let row = rows.first else { throw ModelRegistryError("there is no model \(model)") }
        return (try row.decode(0), try row.decode(1))
    }
}
