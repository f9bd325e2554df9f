import CivilTime
import ModelRegistry
import PostgresClient
import TestModels
import Testing

@Suite("Reading models", .timeLimit(.minutes(1))) struct ModelQueriesTests {
    @Test("a card comes back from the database as it went in, to the last bit of its numbers")
    func roundTrip() async throws {
        try await RegistryDatabase.use { database in
            var card = TestModels.card("a")
            let hard = [0.1 + 0.2, 1.0 / 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 4.9e-3.nextUp]
            card.distributions = [ModelCard.Distribution(feature: "\"ü\n\\/", edges: hard, shares: hard)]
            card.band = ModelCard.Band(level: 0.8, lower: -1.0 / 7, upper: 2.0 / 3)
            let id = try await database.add(card)
            let model = try await database.queries.model("a")
            #expect(model.id == id && !model.isInUse && model.promotedAt == nil)
            #expect(model.card == card)
            #expect(
                model.card.distributions.first?.edges.map(\.bitPattern) == hard.map(\.bitPattern))
            #expect(try await database.queries.model("\(id)") == model)
            #expect(try await database.queries.models() == [model])
        }
    }

    @Test("the artefact is the card's members and the boosters, verbatim")
    func artefact() async throws {
        try await RegistryDatabase.use { database in
            let card = TestModels.card("a")
            let id = try await database.add(card)
            let booster = TestModels.booster
            let text = try await database.queries.artefact(id)
            #expect(text == (try ModelArtefactText.artefact(card, returnBooster: booster, classBooster: booster)))
            #expect(text.hasSuffix(",\"boosters\":{\"class\":\(booster),\"return\":\(booster)}}"))
            #expect(try ModelArtefactText.card(text, of: "a") == card)
            let boosters = try await database.queries.boosters(id)
            #expect(boosters.return == booster && boosters.class == booster)
            let digest: String = try #require(
                try await database.owner.query("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", [text]).first
            ).decode(0)
            #expect(try await database.queries.model("a").sha256 == digest)
        }
    }

    @Test("a name that looks like an id is still that model's name")
    func nameLikeID() async throws {
        try await RegistryDatabase.use { database in
            let first = try await database.add(TestModels.card("a"))
            let second = try await database.add(TestModels.card("\(first)"))
            #expect(try await database.queries.model("\(first)").id == second)
        }
    }

    @Test("forecasts come newest first, with their record and the drift that was found")
    func forecasts() async throws {
        try await RegistryDatabase.use { database in
            let model = try await database.add(TestModels.card("a"))
            try await database.warehouse.script(
                """
                INSERT INTO warehouse.gold_prediction (exchange, market, open_time, target_time, is_late, model_id,
                    model_name, market_known, close, forecast_return, lower_return, upper_return, forecast_price,
                    lower_price, upper_price, dead_band, p_down, p_flat, p_up, actual_return, error, is_inside)
                SELECT 'upbit', market, t, t + interval '1 hour', extract(hour FROM t) = 3, \(model), 'a', true, 100.50,
                       0.01, -0.02, 0.03, 101, 99, 103, 0.0005, 0.2, 0.3, 0.5, 0.02, 0.01, true
                FROM generate_series('2026-11-01 00:00Z'::timestamptz, '2026-11-01 05:00Z', interval '1 hour') AS t,
                     unnest(ARRAY['KRW-BTC', 'KRW-ETH']) AS market;
                INSERT INTO warehouse.model_drift VALUES
                    (\(model), '2026-11-02', 'psi', 'rsi_14', 0.1, 0.2, false, 'as before', '2026-10-25', '2026-11-01'),
                    (\(model), '2026-11-02', 'rmse_7d', 'all', 1.2, 1.1, true, 'worse', '2026-10-25', '2026-11-01');
                """)
            let queries = database.predictions
            let latest = try await queries.latest(exchange: "upbit", market: "KRW-BTC", limit: 2)
            #expect(latest.map(\.targetTime.iso8601) == ["2026-11-01T06:00:00Z", "2026-11-01T05:00:00Z"])
            #expect(latest.first?.close == "100.50" && latest.first?.probabilities == [0.2, 0.3, 0.5])
            #expect(try await queries.latest(market: nil, limit: 100).count == 12)
            #expect(try await queries.latest(market: "KRW-ETH", limit: 100).count == 6)
            #expect(try await queries.latest(market: "x", limit: 100).isEmpty)
            let record = try await queries.record(exchange: "upbit", market: "KRW-BTC", model: model, hours: 168)
            #expect(record.hours == 5 && record.coverage == 1 && record.directionalAccuracy == 1)
            #expect(record.rmse == 0.01 && record.naiveRMSE == 0.02)
            let none = try await queries.record(exchange: "upbit", market: "KRW-BTC", model: nil, hours: 168)
            #expect(none.hours == 0 && none.rmse == nil)
            #expect(try await queries.drift(of: model).map(\.subject) == ["all", "rsi_14"])
        }
    }
}
