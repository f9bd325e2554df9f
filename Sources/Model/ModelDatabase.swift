package import CivilTime
import Crypto
package import ModelRegistry
package import PostgresClient

/// What `cryptoflow-model` reads from and writes to the warehouse, over one connection.
package struct ModelDatabase: Sendable {
    let connection: PostgresConnection
    /// The attempt on whose behalf it works; nil outside a task.
    ///
    /// What an attempt writes is committed only while the attempt is live.
    private let attempt: Int64?

    package init(connection: PostgresConnection, attempt: Int64?) {
        self.connection = connection
        self.attempt = attempt
    }

    // MARK: - Hours

    /// Beyond this, either way, a price or volume is taken for an error of the data.
    private static let number = "CASE WHEN %@ BETWEEN 1e-30 AND 1e30 THEN %@::double precision END"

    private static let hoursSQL: String = {
        let candle = ["open", "high", "low", "close", "volume"].map { name in
            number.split(separator: "%@", omittingEmptySubsequences: false).joined(separator: "c.\(name)")
        }
        let gold = [
            "vol_close_24h", "vol_close_168h", "vol_parkinson_24h", "vol_garman_klass_24h", "rsi_14", "macd",
            "macd_hist", "atr_14", "bb_middle", "bb_upper", "bb_lower",
        ].map { "g.\($0)" }
        return """
            SELECT c.exchange, c.market, div(extract(epoch FROM c.open_time), 3600)::bigint,
                   \((candle + gold).joined(separator: ", "))
            FROM warehouse.silver_candle AS c
            LEFT JOIN warehouse.gold_trend_volatility AS g USING (exchange, market, open_time)
            WHERE c.unit = 60 AND c.open_time >= $1 AND c.open_time < $2
              AND ($3::text IS NULL OR c.exchange = $3) AND ($4::text[] IS NULL OR c.market = ANY ($4))
            ORDER BY c.exchange, c.market, c.open_time
            """
    }()

    /// The hours in a stretch, by market, ascending; all of an exchange's or of all exchanges' unless some are named.
    package func hours(
        from: Timestamp, until: Timestamp, exchange: String? = nil, markets: [String]? = nil
    ) async throws -> [MarketKey: [MarketHour]] {
        let result = try await connection.query(
            PostgresStatement(Self.hoursSQL, [from, until, exchange, markets]), timeout: .seconds(300))
        var hours: [MarketKey: [MarketHour]] = [:]
        for row in result {
            let market = MarketKey(exchange: try row.decode(0), market: try row.decode(1))
            var hour = MarketHour(hour: try row.decode(2))
            hour.open = try row.decode(3)
            hour.high = try row.decode(4)
            hour.low = try row.decode(5)
            hour.close = try row.decode(6)
            hour.volume = try row.decode(7)
            hour.volatilityClose24h = try row.decode(8)
            hour.volatilityClose168h = try row.decode(9)
            hour.volatilityParkinson24h = try row.decode(10)
            hour.volatilityGarmanKlass24h = try row.decode(11)
            hour.rsi14 = try row.decode(12)
            hour.macd = try row.decode(13)
            hour.macdHistogram = try row.decode(14)
            hour.atr14 = try row.decode(15)
            hour.bollingerMiddle = try row.decode(16)
            hour.bollingerUpper = try row.decode(17)
            hour.bollingerLower = try row.decode(18)
            hours[market, default: []].append(hour)
        }
        return hours
    }

    /// The newest candle's open time of all markets; nil when Silver is empty.
    package func newestHour(exchange: String? = nil) async throws -> Timestamp? {
        // By jumping from one market to the next in the primary key: reading all of Silver takes time that grows with it.
        let sql = """
            WITH RECURSIVE listed AS (
                (SELECT exchange, market FROM warehouse.silver_candle ORDER BY exchange, market LIMIT 1)
                UNION ALL
                SELECT following.* FROM listed, LATERAL (
                    SELECT exchange, market FROM warehouse.silver_candle
                    WHERE (exchange, market) > (listed.exchange, listed.market)
                    ORDER BY exchange, market LIMIT 1) AS following
            )
            SELECT max(newest.open_time)
            FROM listed
            CROSS JOIN LATERAL (
                SELECT open_time FROM warehouse.silver_candle AS c
                WHERE c.exchange = listed.exchange AND c.market = listed.market AND c.unit = 60
                ORDER BY open_time DESC LIMIT 1) AS newest
            WHERE $1::text IS NULL OR listed.exchange = $1
            """
        let newest: Timestamp? = try await connection.query(
            PostgresStatement(sql, [exchange]), timeout: .seconds(60)
        ).first?.decode(0)
        return newest
    }

    // MARK: - Models

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

    /// Commits only what a live attempt wrote: one that was declared lost must not.
    func hold(_ transaction: PostgresTransaction) async throws {
        guard let attempt else { return }
        _ = try await transaction.query("SELECT flow.hold_attempt($1)", [attempt])
    }
}
