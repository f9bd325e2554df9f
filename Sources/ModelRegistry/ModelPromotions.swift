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

    /// Puts a model into use, and says so in the audit log, which only the database's owner may write.
    ///
    /// - Parameter reference: of a model, as ``ModelQueries/model(_:)`` takes it; nil for none: the naive forecast.
    /// - Returns: what changed; nil when it was in use already.
    /// - Throws: ``ModelRegistryError`` for a model that is not there.
    package func promote(_ reference: String?, actor: String, reason: String) async throws -> ModelPromotion? {
        try await connection.withTransaction { transaction in
            var model: Int64?
            if let reference { model = try await ModelQueries(session: transaction).model(reference).id }
            let change = try await Self.put(model, actor: actor, reason: reason, in: transaction)
            if let change { try await Self.audit(change, "model.promote", in: transaction) }
            return change
        }
    }

    /// Puts back what was in use before, which may be no model: then forecasts are naive.
    ///
    /// Repeated, it goes further back: each change is undone once. The audit log says so too.
    /// - Throws: ``ModelRegistryError`` when nothing was ever promoted, or all of it is undone.
    package func rollBack(actor: String, reason: String) async throws -> ModelPromotion {
        try await connection.withTransaction { transaction in
            try await Self.lock(transaction)
            // Undoing is a change too; a stack of the models in use leaves out what was undone already.
            var stack: [Int64?] = [nil]
            let rows = try await transaction.query(
                "SELECT model_id, is_rollback FROM warehouse.model_promotion ORDER BY id")
            for row in rows {
                if try row.decode("is_rollback") {
                    if stack.count > 1 { stack.removeLast() }
                } else {
                    stack.append(try row.decode("model_id"))
                }
            }
            guard stack.count > 1 else {
                throw ModelRegistryError(
                    rows.isEmpty
                        ? "nothing to roll back: no model was ever promoted, and forecasts are naive"
                        : "nothing to roll back: every promotion is undone, and forecasts are naive")
            }
            stack.removeLast()
            let change = try await Self.put(
                stack.last ?? nil, actor: actor, reason: reason, isRollback: true, in: transaction)
            guard let change else { throw ModelRegistryError("the model before is the same as the one in use") }
            try await Self.audit(change, "model.rollback", in: transaction)
            return change
        }
    }

    /// Adds the change within a transaction of the caller's; nil when it would change nothing.
    package static func put(
        _ model: Int64?, actor: String, reason: String, isRollback: Bool = false, in transaction: PostgresTransaction
    ) async throws -> ModelPromotion? {
        let current = try await lockedModelInUse(in: transaction)
        if current == model { return nil }
        let sql = """
            WITH added AS (
                INSERT INTO warehouse.model_promotion (model_id, replaced, actor, reason, is_rollback)
                VALUES ($1, $2, $3, $4, $5)
                RETURNING *)
            SELECT added.*, m.name AS model_name, o.name AS replaced_name
            FROM added
            LEFT JOIN warehouse.model_registry AS m ON m.id = added.model_id
            LEFT JOIN warehouse.model_registry AS o ON o.id = added.replaced
            """
        return try await transaction.query(sql, [model, current, actor, reason, isRollback]).first.map {
            try ModelPromotion($0)
        }
    }

    /// The id of the model in use, which stays in use until the transaction ends; nil when forecasts are naive.
    package static func lockedModelInUse(in transaction: PostgresTransaction) async throws -> Int64? {
        try await lock(transaction)
        return try await transaction.query("SELECT model_id FROM warehouse.model_promotion ORDER BY id DESC LIMIT 1")
            .first.flatMap { try $0.decode(0) }
    }

    private static func audit(
        _ change: ModelPromotion, _ action: String, in transaction: PostgresTransaction
    ) async throws {
        let sql = """
            INSERT INTO flow.audit_log (actor, action, detail)
            VALUES ($1, $2, json_build_object('model', $3::text, 'replaced', $4::text, 'reason', $5::text))
            """
        _ = try await transaction.query(
            sql, [change.actor, action, change.modelName, change.replacedName, change.reason])
    }

    private static func lock(_ transaction: PostgresTransaction) async throws {
        _ = try await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended('model_promotion', 0))")
    }
}
