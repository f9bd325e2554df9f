import CivilTime
import ModelRegistry
import PostgresClient
import TestDatabases
import Testing

@testable import Model

/// A database with all migrations, and hours in Silver and Gold.
private struct Bench {
    let owner: PostgresConnection
    let database: ModelDatabase
    /// Under the role of tasks, as the program works.
    private let worker: PostgresConnection

    static func use(_ body: (Bench) async throws -> Void) async throws {
        try await ProjectDatabase.use { project in
            let worker = try await PostgresConnection.connect(project.settings(asWarehouse: true))
            let owner = try await PostgresConnection.connect(project.settings(asWarehouse: false))
            let bench = Bench(
                owner: owner, database: ModelDatabase(connection: worker, attempt: nil), worker: worker)
            let outcome: Result<Void, any Error>
            do {
                try await bench.makeReply()
                outcome = .success(try await body(bench))
            } catch {
                outcome = .failure(error)
            }
            await owner.close()
            await worker.close()
            try outcome.get()
        }
    }

    /// The reply that candles are said to come from.
    private func makeReply() async throws {
        try await owner.script(
            """
            INSERT INTO warehouse.crypto_24hr_rawingest_landing
                (source, endpoint, request, interval_start, interval_end, call_ts)
            VALUES ('upbit', 'candles', 'GET /', now(), now(), now())
            """)
    }

    /// Puts hours into Silver and Gold, with the indicators that the samples have.
    func put(_ hours: [MarketHour], of market: String) async throws {
        let numbers: [(MarketHour) -> Double?] = [\.open, \.high, \.low, \.close, \.volume]
        let arrays: [any PostgresValue] =
            [hours.map(\.openTime)] + numbers.map { number in hours.map { number($0) ?? 0 } } + [market]
        try await owner.execute(
            """
            INSERT INTO warehouse.silver_candle (
                exchange, market, unit, open_time, open, high, low, close, volume, call_ts, call_id, payload_hash)
            SELECT 'upbit', $7::text, 60, t, o::numeric, h::numeric, l::numeric, c::numeric, v::numeric, now(), 1, '\\x00'
            FROM unnest($1::timestamptz[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::float8[])
                AS row (t, o, h, l, c, v)
            ON CONFLICT DO NOTHING
            """, arrays)
        try await owner.execute(
            """
            INSERT INTO warehouse.gold_trend_volatility (
                exchange, market, open_time, close, ema_12, ema_26, macd, macd_signal, macd_hist, rsi_14, atr_14,
                bb_middle, bb_upper, bb_lower, vol_close_24h, vol_close_168h, vol_parkinson_24h,
                vol_garman_klass_24h, missing_24h, missing_168h, missing_99, warmup_candles)
            SELECT exchange, market, open_time, close, close, close, 0, 0, 0, 50, close * 0.002, close, close * 1.01,
                   close * 0.99, 0.5, 0.5, 0.4, 0.4, 0, 0, 0, 900
            FROM warehouse.silver_candle WHERE market = $1 ON CONFLICT DO NOTHING
            """, [market])
    }

    func train(until: Timestamp? = nil, run: String? = "r1") async throws -> Training.Report {
        var parameters = TrainingParameters()
        parameters.rounds = 40
        return try await Training(database: database, workshop: ModelWorkshop()).run(
            parameters: parameters, until: until, exchange: nil, markets: nil,
            maker: ModelCard.Maker(dagID: "model_retraining", runID: run, taskID: "train"), say: { _ in })
    }

    func predict(_ model: String? = nil, since: Timestamp? = nil) async throws -> Predicting.Report {
        try await Predicting(database: database, workshop: ModelWorkshop()).run(
            model: model, since: since, exchange: nil, say: { _ in })
    }

    func joinOutcomes() async throws {
        try await worker.script(ProjectDatabase.sql("prediction_outcomes"))
    }

    func value(_ sql: String) async throws -> String {
        try #require(try await owner.query("SELECT (\(sql))::text").first).decode(0)
    }
}

@Suite("Models in the database", .timeLimit(.minutes(2))) struct ModelDatabaseTests {
    @Test("codes are given once, in the order of names, and never shifted by later markets")
    func encoder() async throws {
        try await Bench.use { bench in
            let first = try await bench.database.encoder(for: [Samples.ether, Samples.market])
            #expect(first.code(of: Samples.market) == 0 && first.code(of: Samples.ether) == 1)
            let earlier = MarketKey(exchange: "bithumb", market: "KRW-AAA")
            let second = try await bench.database.encoder(for: [earlier, Samples.ether])
            #expect(second.code(of: earlier) == 2 && second.code(of: Samples.market) == 0)
            let error = await #expect(throws: PostgresError.self) {
                try await bench.owner.execute("UPDATE warehouse.model_market_code SET code = 9 WHERE code = 0")
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains("written once"))
        }
    }

    @Test("a better model is promoted with its row, and a repeated task stores nothing twice")
    func promoted() async throws {
        try await Bench.use { bench in
            try await bench.put(Samples.hours(Samples.pattern(1_400, seed: 11)), of: "KRW-BTC")
            try await bench.put(Samples.hours(Samples.pattern(1_400, seed: 12)), of: "KRW-ETH")
            let report = try await bench.train()
            #expect(report.card.judgement.verdict == .better && report.registration.promotion != nil)
            let again = try await bench.train()
            #expect(!again.registration.isNew && again.registration.id == report.registration.id)
            let other = try await bench.train(run: "r2")
            #expect(other.card.judgement.verdict == .notBetter, "the model in use is now this very model")
            #expect(!other.registration.isNew, "the same bits are stored once")
            #expect(try await bench.value("SELECT count(*) FROM warehouse.model_registry") == "1")
            #expect(try await bench.value("SELECT name FROM warehouse.model_in_use") == report.card.name)
            #expect(
                try await bench.value(
                    "SELECT sha256 = sha256(convert_to(artefact::text, 'UTF8')) FROM warehouse.model_registry")
                    == "true")
            await #expect(throws: PostgresError.self) {
                try await bench.owner.execute("DELETE FROM warehouse.model_registry")
            }
        }
    }

    @Test("without a model the naive forecast is stored and says so; with one, exactly that one, only on later hours")
    func predictions() async throws {
        try await Bench.use { bench in
            let hours = Samples.hours(Samples.pattern(1_400, seed: 11))
            try await bench.put(Array(hours[..<1_390]), of: "KRW-BTC")
            let naive = try await bench.predict()
            #expect(naive.stored == 1 && naive.byModel == 0 && naive.model == nil)
            #expect(
                try await bench.value("SELECT model_name FROM warehouse.gold_prediction")
                    == "naive: no model is promoted")
            #expect(
                try await bench.value(
                    "SELECT forecast_price = close::float8 AND lower_price < close AND p_up IS NULL "
                        + "FROM warehouse.gold_prediction") == "true")

            let report = try await bench.train()
            #expect(report.card.judgement.verdict == .better)
            try await bench.put(Array(hours[1_390..<1_395]), of: "KRW-BTC")
            try await bench.put(Array(hours[1_300..<1_395]), of: "KRW-NEW")
            let since = hours[1_389].openTime
            let made = try await bench.predict(since: since)
            // The first hour keeps the naive forecast that it has.
            #expect(made.model == report.card.name && made.stored == 5 + 6)
            #expect(
                try await bench.value(
                    "SELECT count(*) FROM warehouse.gold_prediction WHERE model_id = \(report.registration.id) "
                        + "AND model_name = '\(report.card.name)' AND cardinality(features) = 23") == "11")
            #expect(
                try await bench.value(
                    "SELECT bool_and(NOT market_known AND features[1] = 'NaN') FROM warehouse.gold_prediction "
                        + "WHERE market = 'KRW-NEW'") == "true")
            #expect(try await bench.predict(since: since).stored == 0, "made once, never again")
            try await bench.owner.script("UPDATE warehouse.gold_prediction SET dead_band = 10")

            try await bench.joinOutcomes()
            #expect(
                try await bench.value(
                    "SELECT count(*) FROM warehouse.gold_prediction WHERE actual_close IS NOT NULL") == "10")
            #expect(
                try await bench.value(
                    "SELECT bool_and(abs(error - (actual_return - forecast_return)) < 1e-15 "
                        + "AND abs(actual_return - ln(actual_close / close)::float8) < 1e-9) "
                        + "FROM warehouse.gold_prediction WHERE actual_close IS NOT NULL") == "true")
            #expect(
                try await bench.value(
                    "SELECT DISTINCT actual_class FROM warehouse.gold_prediction WHERE error IS NOT NULL")
                    == "flat", "an outcome is classed by its forecast's own dead band")
            let before = try await bench.value("SELECT max(outcome_at) FROM warehouse.gold_prediction")
            try await bench.joinOutcomes()
            #expect(try await bench.value("SELECT max(outcome_at) FROM warehouse.gold_prediction") == before)
            // It was trained on this hour, so it must not say anything about it.
            try await bench.owner.script("DELETE FROM warehouse.gold_prediction")
            let trainedOn = report.registration.id
            try await bench.owner.script(
                "DELETE FROM warehouse.silver_candle WHERE open_time > '\(report.card.training.until)'")
            let early = try await bench.predict("\(trainedOn)")
            #expect(early.byModel == 0 && early.stored > 0)
            #expect(
                try await bench.value(
                    "SELECT DISTINCT model_name FROM warehouse.gold_prediction WHERE market = 'KRW-BTC'")
                    == "naive: the model was trained on this hour")
        }
    }

    @Test("hours after a gap get the naive forecast, with that reason")
    func gap() async throws {
        try await Bench.use { bench in
            var hours = Samples.hours(Samples.pattern(1_400, seed: 11))
            try await bench.put(Array(hours[..<1_390]), of: "KRW-BTC")
            _ = try await bench.train()
            hours.remove(at: 1_392)
            try await bench.put(hours, of: "KRW-BTC")
            let report = try await bench.predict()
            #expect(report.stored == 1 && report.byModel == 0)
            #expect(
                try await bench.value("SELECT model_name FROM warehouse.gold_prediction")
                    == "naive: one of the 24 hours before has no candle")
        }
    }

    @Test("too little to train on is nothing to do, not a failure; so is a check of drift without a model")
    func nothing() async throws {
        try await Bench.use { bench in
            let empty = await #expect(throws: ModelFailure.self) { try await bench.train() }
            #expect(empty?.kind == .nothingToDo)
            let nothing = await #expect(throws: ModelFailure.self) { try await bench.predict() }
            #expect(nothing?.kind == .nothingToDo)
            try await bench.put(Samples.hours(Samples.noise(300, seed: 1)), of: "KRW-BTC")
            let few = await #expect(throws: ModelFailure.self) { try await bench.train() }
            #expect(few?.kind == .nothingToDo && few?.description.contains("too few hours") == true)
            let drift = await #expect(throws: ModelFailure.self) {
                try await DriftCheck(database: bench.database).run(say: { _ in })
            }
            #expect(drift?.kind == .nothingToDo)
        }
    }

    @Test("values beyond all sense are left out and spoil nothing")
    func absurd() async throws {
        try await Bench.use { bench in
            try await bench.put(Samples.hours(Samples.pattern(1_400, seed: 11)), of: "KRW-BTC")
            try await bench.owner.script(
                """
                UPDATE warehouse.silver_candle SET close = 1e400, high = 1e400
                WHERE open_time = (SELECT min(open_time) + interval '700 hours' FROM warehouse.silver_candle);
                UPDATE warehouse.silver_candle SET volume = 0
                WHERE open_time = (SELECT min(open_time) + interval '800 hours' FROM warehouse.silver_candle);
                """)
            let report = try await bench.train()
            #expect(report.card.training.dropped["absurd"] == 50)
            #expect(report.card.training.dropped["absurd_next_hour"] == 1)
            #expect(report.card.judgement.verdict == .better)
        }
    }

    @Test("the drift check warns of features that left their training, and stores what it found")
    func drift() async throws {
        try await Bench.use { bench in
            let calm = Samples.hours(Samples.pattern(1_400, seed: 11))
            try await bench.put(calm, of: "KRW-BTC")
            _ = try await bench.train()
            let quiet = try await DriftCheck(database: bench.database).run(say: { _ in })
            #expect(quiet.filter(\.warns).map(\.detail) == [])
            #expect(quiet.contains { $0.measure == "rmse_7d" && $0.value == nil })
            let last = try #require(calm.last)
            try await bench.put(
                Samples.hours(
                    Samples.noise(200, seed: 9, deviation: 0.05), from: last.hour + 1, start: last.close ?? 1),
                of: "KRW-BTC")
            let wild = try await DriftCheck(database: bench.database).run(say: { _ in })
            #expect(wild.contains { $0.subject == "return_1" && $0.warns && ($0.value ?? 0) > 0.25 })
            #expect(
                try await bench.value("SELECT count(DISTINCT checked_at) FROM warehouse.model_drift") == "2")
        }
    }

    @Test(
        "a candidate that was judged against another model than the one in use by now is not put into use, nor stored")
    func overtaken() async throws {
        try await Bench.use { bench in
            try await bench.put(Samples.hours(Samples.pattern(1_400, seed: 11)), of: "KRW-BTC")
            let first = try await bench.train().registration
            #expect(first.promotion != nil)
            var parameters = TrainingParameters()
            parameters.rounds = 60
            let hours = try await bench.database.hours(from: .distantPast, until: .distantFuture)
            let model = try await ModelWorkshop().train(
                FeatureTable(hours), encoder: try await bench.database.encoder(for: hours.keys),
                parameters: parameters, inUse: nil, maker: ModelCard.Maker(), now: .now(), say: { _ in })
            #expect(model.card.judgement.verdict == .better)
            let error = await #expect(throws: ModelFailure.self) {
                try await bench.database.register(model, judgedAgainst: nil)
            }
            #expect(error?.kind == .failed && error?.description.contains("judged again") == true)
            #expect(try await bench.value("SELECT count(*) FROM warehouse.model_registry") == "1")
            #expect(try await bench.database.register(model, judgedAgainst: first.id).promotion?.replaced == first.id)
        }
    }

    @Test("an attempt that is not live any more commits nothing")
    func fenced() async throws {
        try await Bench.use { bench in
            try await bench.put(Samples.hours(Samples.pattern(1_400, seed: 11)), of: "KRW-BTC")
            let fenced = ModelDatabase(connection: bench.database.connection, attempt: 99)
            await #expect(throws: PostgresError.self) {
                try await Predicting(database: fenced, workshop: ModelWorkshop()).run(
                    model: nil, since: nil, exchange: nil, say: { _ in })
            }
            #expect(try await bench.value("SELECT count(*) FROM warehouse.gold_prediction") == "0")
        }
    }
}
