import CivilTime
import Crypto
package import ModelRegistry
import PostgresClient

extension ModelDatabase {
    /// The model in use, with its boosters; nil when forecasts are naive.
    package func modelInUse() async throws -> (id: Int64, stored: ModelWorkshop.StoredModel)? {
        let queries = ModelQueries(session: connection, timeout: .seconds(60))
        guard let model = try await queries.inUse() else { return nil }
        return try await stored(model, queries)
    }

    /// A model by id or name, with its boosters.
    package func model(_ reference: String) async throws -> (id: Int64, stored: ModelWorkshop.StoredModel) {
        let queries = ModelQueries(session: connection, timeout: .seconds(60))
        return try await stored(try await queries.model(reference), queries)
    }

    private func stored(
        _ model: RegisteredModel, _ queries: ModelQueries
    ) async throws -> (id: Int64, stored: ModelWorkshop.StoredModel) {
        let boosters = try await queries.boosters(model.id)
        guard let until = Timestamp(iso8601: model.card.training.until) else {
            throw ModelFailure(.invalid, "the artefact of \(model.name) does not say until when it was trained")
        }
        return (
            model.id,
            ModelWorkshop.StoredModel(
                card: model.card, returnBooster: boosters.return, classBooster: boosters.class, trainedUntil: until)
        )
    }

    /// The codes of markets; those that have none yet are given the next ones, in the order of their names.
    package func encoder(for markets: some Collection<MarketKey>) async throws -> LabelEncoder {
        let sorted = markets.sorted()
        return try await connection.withTransaction { transaction in
            // One at a time, so that codes have no holes and none is given twice.
            _ = try await transaction.query(
                "SELECT pg_advisory_xact_lock(hashtextextended('model_market_code', 0))")
            let sql = """
                INSERT INTO warehouse.model_market_code (exchange, market, code)
                SELECT exchange, market,
                       (SELECT coalesce(max(code) + 1, 0) FROM warehouse.model_market_code)
                       + row_number() OVER (ORDER BY exchange COLLATE "C", market COLLATE "C") - 1
                FROM unnest($1::text[], $2::text[]) AS new (exchange, market)
                WHERE NOT EXISTS (
                    SELECT FROM warehouse.model_market_code AS known
                    WHERE known.exchange = new.exchange AND known.market = new.market)
                """
            _ = try await transaction.query(sql, [sorted.map(\.exchange), sorted.map(\.market)])
            let rows = try await transaction.query("SELECT exchange, market, code FROM warehouse.model_market_code")
            return LabelEncoder(
                try rows.map { row in
                    ModelCard.MarketCode(
                        exchange: try row.decode(0), market: try row.decode(1),
                        code: Int(try row.decode(2, as: Int32.self)))
                })
        }
    }

    /// What became of a trained model.
    package struct Registration: Sendable {
        package let id: Int64
        package let name: String
        /// False when the same model, or one of the same task, was stored before.
        package let isNew: Bool
        package let promotion: ModelPromotion?
    }

    /// Stores a model, and puts it into use when it was judged better: both or neither.
    ///
    /// A model of the same bits, and one that the same task stored before (it was killed right afterwards), are not stored
    /// again.
    ///
    /// - Parameter rival: the model in use that it was judged against; nil for none.
    /// - Throws: ``ModelFailure`` when another one was put into use meanwhile: then better than `rival` says nothing.
    package func register(_ model: TrainedModel, judgedAgainst rival: Int64?) async throws -> Registration {
        let card = model.card
        let digest = Array(SHA256.hash(data: Array(model.artefact.utf8)))
        return try await connection.withTransaction { transaction in
            let sql = """
                INSERT INTO warehouse.model_registry (
                    name, trained_from, trained_until, training_rows, judged_from, judged_until, judged_rows, verdict,
                    reason, artefact, sha256, dag_id, run_id, task_id, map_index)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::json, $11, $12, $13, $14, $15)
                ON CONFLICT DO NOTHING RETURNING id
                """
            let added = try await transaction.query(
                sql,
                [
                    card.name, model.trainedFrom, model.trainedUntil, Int64(card.training.rows), model.judgedFrom,
                    model.judgedUntil, Int64(card.judgement.candidate?.model.rows ?? 0),
                    card.judgement.verdict.rawValue, card.judgement.reason, model.artefact, digest,
                    card.madeBy.dagID, card.madeBy.runID, card.madeBy.taskID, Int32(card.madeBy.mapIndex ?? -1),
                ])
            guard let row = added.first else { return try await known(card, in: transaction) }
            let id: Int64 = try row.decode(0)
            var promotion: ModelPromotion?
            if card.judgement.verdict == .better {
                guard try await ModelPromotions.lockedModelInUse(in: transaction) == rival else {
                    throw ModelFailure(
                        .failed,
                        "another model was put into use while \(card.name) was judged: it has to be judged again")
                }
                let actor = card.madeBy.runID.map { "\(card.madeBy.dagID ?? "") \($0)" } ?? "cryptoflow-model"
                promotion = try await ModelPromotions.put(
                    id, actor: actor, reason: card.judgement.reason, in: transaction)
            }
            try await hold(transaction)
            return Registration(id: id, name: card.name, isNew: true, promotion: promotion)
        }
    }

    private func known(_ card: ModelCard, in transaction: PostgresTransaction) async throws -> Registration {
        let sql = """
            SELECT id, name FROM warehouse.model_registry
            WHERE name = $1 OR (dag_id = $2 AND run_id = $3 AND task_id = $4 AND map_index = $5)
            ORDER BY name = $1 DESC LIMIT 1
            """
        let rows = try await transaction.query(
            sql,
            [
                card.name, card.madeBy.dagID, card.madeBy.runID, card.madeBy.taskID,
                Int32(card.madeBy.mapIndex ?? -1),
            ])
        guard let row = rows.first else { throw ModelFailure(.failed, "the model \(card.name) was not stored") }
        return Registration(id: try row.decode(0), name: try row.decode(1), isNew: false, promotion: nil)
    }
}
