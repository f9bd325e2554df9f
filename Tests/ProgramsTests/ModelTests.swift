import CivilTime
import Commands
import ModelRegistry
import PostgresClient
import Programs
import Synchronization
import TestModels
import Testing
import WebServer

/// The commands and the pages of models over a real registry.
@Suite("models in a database", .timeLimit(.minutes(2))) struct ModelTests {
    private struct Outcome {
        let code: Int32
        let output: String
        let errors: String
    }

    /// Runs a command line in this process, as `cryptoflow` would.
    private func run(_ arguments: String..., on database: RegistryDatabase) async -> Outcome {
        let written = Mutex((output: "", errors: ""))
        let console = Console { stream, text in
            written.withLock { texts in
                if stream == .output { texts.output += text } else { texts.errors += text }
            }
        }
        let environment = CommandEnvironment(
            opener: ProgramHistory(), models: ProgramModels(), operators: [], version: "1", console: console,
            actor: "tester", variables: ["CRYPTOFLOW_DATABASE_URL": database.url])
        let code = await Commands.run(ModelRoot.self, arguments: arguments, in: environment)
        return written.withLock { Outcome(code: code, output: $0.output, errors: $0.errors) }
    }

    @Test("list, show, promote, rollback and compare work on the registry, and the audit log knows who")
    func commands() async throws {
        try await RegistryDatabase.use { database in
            #expect(await run("model", "list", on: database).output.hasPrefix("no models yet"))
            #expect(await run("model", "show", on: database).code == 1)
            let first = try await database.add(TestModels.card("first"))
            try await database.add(TestModels.card("second", verdict: .notBetter))
            let promoted = await run("model", "promote", "\(first)", on: database)
            #expect(promoted.output == "model first is in use; this replaced the naive forecast\n")
            let second = await run("model", "promote", "second", "--reason", "a try", on: database)
            #expect(
                second.code == 0 && second.errors.hasPrefix("warning: this model is in use although it was not better"))
            #expect(await run("model", "show", on: database).output.contains("RMSE 0.00502"))
            let artefact = await run("model", "show", "second", "--artefact", on: database).output
            #expect(artefact == (try await database.queries.artefact(first + 1)))
            #expect(await run("model", "compare", "first", "current", on: database).code == 0)
            #expect(await run("model", "rollback", on: database).output.contains("model first is in use"))
            let none = await run("model", "promote", "none", on: database)
            #expect(none.output.contains("forecasts are naive from now on"))
            let unknown = await run("model", "promote", "frist", on: database)
            #expect(unknown.code == 1 && unknown.errors.contains("(first)"))
            #expect(await run("model", "predictions", on: database).output.contains("no forecasts yet"))
            let rows = try await database.owner.query(
                "SELECT actor || ' ' || action FROM flow.audit_log WHERE action LIKE 'model.%' ORDER BY id"
            ).map { row in try row.decode(0, as: String.self) }
            #expect(
                rows == [
                    "tester model.promote", "tester model.promote", "tester model.rollback", "tester model.promote",
                ])
        }
    }

    @Test("a database from before there were models says what to do")
    func old() async throws {
        try await RegistryDatabase.use { database in
            try await database.owner.script("DROP SCHEMA warehouse CASCADE")
            let outcome = await run("model", "list", on: database)
            #expect(outcome.code == 1 && outcome.errors.contains("cryptoflow db migrate"))
        }
    }

    @Test("pages read models, changes, forecasts and drift under the role of the programs")
    func pages() async throws {
        try await RegistryDatabase.use { database in
            let pages = RegistryPages(queries: database.queries, predictions: database.predictions)
            #expect(try await pages.models(limit: 10).isEmpty)
            #expect(try await pages.model("current") == nil)
            #expect(try await pages.changes(limit: 10).isEmpty)
            #expect(try await pages.forecasts(exchange: "upbit", market: "KRW-BTC", limit: 10).isEmpty)
            let id = try await database.add(TestModels.card("a"))
            try await database.add(TestModels.card("b", judged: false))
            _ = try await database.promoting { try await $0.promote("a", actor: "kim", reason: "better") }
            try await database.warehouse.script(
                """
                INSERT INTO warehouse.gold_prediction (exchange, market, open_time, target_time, is_late, model_id,
                    model_name, market_known, close, forecast_return, forecast_price, lower_price, upper_price,
                    dead_band, p_down, p_flat, p_up, actual_return, error, is_inside)
                VALUES ('upbit', 'KRW-BTC', '2026-11-01', '2026-11-01 01:00Z', false, \(id), 'a', true, 100.5, 0.01,
                    101, 99, 103, 0.001, 0.2, 0.3, 0.5, 0.02, 0.01, true);
                INSERT INTO warehouse.model_drift VALUES (\(id), now(), 'psi', 'rsi_14', 0.3, 0.2, true, 'moved',
                    '2026-11-01', '2026-11-07');
                """)
            let list = try await pages.models(limit: 10)
            #expect(list.map(\.name) == ["b", "a"] && list.map(\.isInUse) == [false, true])
            #expect(list.map(\.verdict) == [.notJudged, .better] && list[0].judged == nil)
            let facts = try #require(try await pages.model("current"))
            #expect(facts.summary.id == id && facts.windows.count == 6 && facts.markets.count == 2)
            #expect(facts.drift.map(\.warns) == [true])
            #expect(facts.features.first?.useForReturn == 0.3)
            #expect(facts.run?.dag == "model_retraining")
            #expect(try await pages.changes(limit: 10).map(\.actor) == ["kim"])
            for (exchange, market) in [("upbit", "KRW-BTC"), (nil, "KRW-BTC"), ("upbit", nil), (nil, nil)] {
                let found = try await pages.forecasts(exchange: exchange, market: market, limit: 10)
                #expect(
                    found.map(\.price) == [101] && found.map(\.close) == ["100.5"] && found.map(\.deadBand) == [0.001])
            }
            #expect(try await pages.forecasts(exchange: "x", market: nil, limit: 10).isEmpty)
            let record = try await pages.record(exchange: "upbit", market: "KRW-BTC", model: id, hours: 168)
            #expect(record == ForecastRecord(hours: 1, rmse: 0.01, naiveRMSE: 0.02, coverage: 1))
        }
    }
}
