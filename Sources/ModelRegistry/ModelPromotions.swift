package import PostgresClient

/// Puts models into use.
///
/// Writers take turns by a lock, so what is replaced is always what was in use.
package struct ModelPromotions: Sendable {
    private let connection: PostgresConnection

    /// - Parameter connection: used for one transaction a call.
    package init(connection: PostgresConnection) {
        self.connection = connection
    }

    /// Puts a model into use.
    ///
    /// - Returns: what changed; nil when it was in use already.
    /// - Throws: ``ModelRegistryError`` for a model that is not there.
    package func promote(_ reference: String, actor: String, reason: String) async throws -> ModelPromotion? {
        try await connection.withTransaction { transaction in
            let model = try await ModelQueries(session: transaction).model(reference)
            return try await Self.put(model.id, actor: actor, reason: reason, in: transaction)
        }
    }

    /// Puts back what was in use before, which may be no model: then forecasts are naive.
    ///
    /// Repeated, it goes further back: each change is undone once.
    /// - Throws: ``ModelRegistryError`` when nothing was ever promoted, or all of it is undone.
    package func rollBack(actor: String, reason: String) async throws -> ModelPromotion {
        try await connection.withTransaction { transaction in
            try await Self.lock(transaction)
            // Undoing is a change too; a stack of the models in use leaves out what was undone already.
            var stack: [Int64?] = [nil]
            let rows = try await transaction.query(
                "SELECT model_id, reason LIKE 'rollback:%' AS undoes FROM warehouse.model_promotion ORDER BY id")
            for row in rows {
                if try row.decode("undoes") {
                    if stack.count > 1 { stack.removeLast() }
                } else {
                    stack.append(try row.decode("model_id"))
                }
            }
            guard stack.count > 1 else {
                throw ModelRegistryError("nothing to roll back: no model is in use, and forecasts are naive")
            }
            stack.removeLast()
            let change = try await Self.put(
                stack.last ?? nil, actor: actor, reason: "rollback: \(reason)", in: transaction)
            guard let change else { throw ModelRegistryError("the model before is the same as the one in use") }
            return change
        }
    }

    /// Adds the change within a transaction of the caller's; nil when it would change nothing.
    package static func put(
        _ model: Int64?, actor: String, reason: String, in transaction: PostgresTransaction
    ) async throws -> ModelPromotion? {
        try await lock(transaction)
        let current: Int64? = try await transaction.query(
            "SELECT model_id FROM warehouse.model_promotion ORDER BY id DESC LIMIT 1"
        ).first.flatMap { try $0.decode(0) }
        if current == model { return nil }
        let sql = """
            WITH added AS (
                INSERT INTO warehouse.model_promotion (model_id, replaced, actor, reason) VALUES ($1, $2, $3, $4)
                RETURNING *)
            SELECT added.*, m.name AS model_name, o.name AS replaced_name
            FROM added
            LEFT JOIN warehouse.model_registry AS m ON m.id = added.model_id
            LEFT JOIN warehouse.model_registry AS o ON o.id = added.replaced
            """
        return try await transaction.query(sql, [model, current, actor, reason]).first.map { try ModelPromotion($0) }
    }

    private static func lock(_ transaction: PostgresTransaction) async throws {
        _ = try await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended('model_promotion', 0))")
    }
}
