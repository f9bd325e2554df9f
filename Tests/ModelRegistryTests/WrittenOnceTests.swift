import ModelRegistry
import PostgresClient
import TestModels
import Testing

@Suite("What may be written", .timeLimit(.minutes(1))) struct WrittenOnceTests {
    @Test("models, promotions and codes are written once, for the owner too")
    func owner() async throws {
        try await RegistryDatabase.use { database in
            let model = try await database.add(TestModels.card("a"))
            try await database.owner.withTransaction { transaction in
                _ = try await ModelPromotions.put(model, actor: "kim", reason: "x", in: transaction)
            }
            try await database.owner.script(
                "INSERT INTO warehouse.model_market_code (exchange, market, code) VALUES ('upbit', 'KRW-BTC', 0)")
            for change in [
                "UPDATE warehouse.model_registry SET reason = 'x'", "DELETE FROM warehouse.model_registry",
                "UPDATE warehouse.model_promotion SET actor = 'x'", "DELETE FROM warehouse.model_promotion",
                "UPDATE warehouse.model_market_code SET code = 7", "DELETE FROM warehouse.model_market_code",
            ] {
                let error = await #expect(throws: PostgresError.self, "\(change)") {
                    try await database.owner.script(change)
                }
                #expect(error?.message.contains("is written once") == true, "\(change)")
            }
            #expect(try await database.queries.model("a").card.judgement.verdict == .better)
        }
    }

    @Test("the program's role adds models and forecasts, joins outcomes, and may do nothing else")
    func role() async throws {
        try await RegistryDatabase.use { database in
            let model = try await database.add(TestModels.card("a"))
            try await database.warehouse.withTransaction { transaction in
                _ = try await ModelPromotions.put(model, actor: "train", reason: "x", in: transaction)
            }
            try await database.warehouse.script(
                """
                INSERT INTO warehouse.model_market_code (exchange, market, code) VALUES ('upbit', 'KRW-BTC', 0);
                INSERT INTO warehouse.gold_prediction (exchange, market, open_time, target_time, is_late, model_id,
                    model_name, market_known, close, forecast_return, forecast_price, dead_band)
                VALUES ('upbit', 'KRW-BTC', '2026-11-01', '2026-11-01 01:00', false, \(model), 'a', true, 1, 0, 1, 0.0005);
                UPDATE warehouse.gold_prediction SET actual_close = 1, actual_return = 0, error = 0, is_inside = true;
                INSERT INTO warehouse.model_drift VALUES (\(model), now(), 'psi', 'rsi_14', 0.3, 0.2, true, 'moved',
                    '2026-11-01', '2026-11-07');
                """)
            for change in [
                "UPDATE warehouse.gold_prediction SET forecast_return = 1", "DELETE FROM warehouse.gold_prediction",
                "UPDATE warehouse.model_registry SET reason = 'x'", "DELETE FROM warehouse.model_registry",
                "TRUNCATE warehouse.model_promotion", "UPDATE warehouse.model_drift SET warns = false",
                "DROP TABLE warehouse.model_drift",
                "ALTER TABLE warehouse.model_registry DISABLE TRIGGER ALL",
                "INSERT INTO flow.audit_log (actor, action) VALUES ('x', 'y')",
            ] {
                let error = await #expect(throws: PostgresError.self, "\(change)") {
                    try await database.warehouse.script(change)
                }
                #expect(error?.sqlState == .insufficientPrivilege, "\(change)")
            }
        }
    }
}
