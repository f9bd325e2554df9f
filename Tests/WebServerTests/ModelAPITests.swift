import CivilTime
import DAGModel
import Testing

@testable import WebServer

@Suite("The API of models", .timeLimit(.minutes(1)))
struct ModelAPITests {
    private let models = FakeModels(
        facts: [Sample.model(2, name: "two", isInUse: true), Sample.model(1, name: "one", verdict: .notJudged)],
        history: [
            ModelChange(
                at: Sample.now, model: 2, modelName: "two", replaced: nil, replacedName: nil, actor: "kim",
                reason: "better", isRollback: false)
        ], latest: Sample.forecasts(after: Sample.now, count: 9))

    private func ask(
        _ target: String, _ models: FakeModels?, method: PageRequest.Method = .get
    ) async throws -> (status: Int, json: JSONValue) {
        let reply = try await TestSite(FakeHistory(), models: models).get(target, method: method)
        #expect(reply.contentType.hasPrefix("application/json"))
        return (reply.status, try JSONValue(parsing: reply.text))
    }

    @Test("models, one model and predictions are JSON")
    func answers() async throws {
        let list = try await ask("/api/ai/models", models)
        #expect(list.status == 200 && list.json["in_use"] == 2)
        #expect(list.json["models"]?.arrayValue?.map { $0["name"] } == ["two", "one"])
        #expect(list.json["models"]?.arrayValue?.last?["judged"] == .null)
        let one = try await ask("/api/ai/models/two", models).json
        #expect(one["verdict"] == "better" && one["walk_forward"]?.arrayValue?.count == 6)
        #expect(one["parameters"]?["eta"] == .double(0.05))
        #expect(one["drift"]?.arrayValue?.last?["value"] == .null)
        let predictions = try await ask("/api/ai/predictions?symbol=KRW-BTC&limit=8", models).json
        let rows = try #require(predictions["predictions"]?.arrayValue)
        #expect(rows.count == 8 && rows[0]["actual_close"] == .null && rows[0]["p_up"] == .double(0.4))
        #expect(rows[7]["model_id"] == .null && rows[7]["p_up"] == .null)
        #expect(
            try await ask("/api/ai/predictions?symbol=krw-btc&exchange=Upbit&limit=8", models).json["predictions"]
                == .array(rows))
        #expect(try await ask("/api/ai/predictions?symbol=x", models).json["predictions"] == .array([]))
        #expect(try await ask("/api/ai/models", FakeModels()).json == ["models": .array([]), "in_use": .null])
    }

    @Test(
        "errors are JSON with a code and a sentence",
        arguments: [
            ("/api/ai/models/9", 404, "not_found"), ("/api/ai/other", 404, "not_found"), ("/api/ai", 404, "not_found"),
            ("/api/ai/predictions?limit=0", 400, "invalid_limit"), ("/api/ai/models?limit=x", 400, "invalid_limit"),
            ("/api/ai/predictions?market=KRW-BTC", 400, "invalid_parameter"),
            ("/api/ai/models/two?limit=3", 400, "invalid_parameter"),
        ])
    func errors(target: String, status: Int, code: String) async throws {
        let reply = try await ask(target, models)
        #expect(reply.status == status)
        #expect(reply.json["error"]?["code"] == .string(code))
        #expect(reply.json["error"]?["message"]?.stringValue?.isEmpty == false)
        #expect(reply.json["error"]?["detail"]?.stringValue?.isEmpty == false)
    }

    @Test("writing is refused, a missing database is said, and no models are no crash")
    func refusals() async throws {
        let posted = try await ask("/api/ai/models", models, method: .other)
        #expect(posted.status == 405 && posted.json["error"]?["code"] == "method_not_allowed")
        let broken = try await ask("/api/ai/models", FakeModels(failure: NoAnswer(patience: .seconds(1))))
        #expect(broken.status == 503 && broken.json["error"]?["code"] == "unavailable")
        let none = try await ask("/api/ai/models", nil)
        #expect(none.status == 503 && none.json["error"]?["code"] == "no_models")
    }

    @Test("the description names every member of the answers")
    func described() async throws {
        let schemas = try JSONValue(parsing: OpenAPI.text(version: "1"))["components"]?["schemas"]
        let required = { (name: String) in
            Set(schemas?[name]?["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        }
        let members = { (value: JSONValue?) in Set(value?.objectValue.map { Array($0.keys) } ?? []) }
        let model = try await ask("/api/ai/models/two", models).json
        #expect(members(model) == required("Model").union(required("ModelFacts")))
        #expect(members(try await ask("/api/ai/models", models).json["models"]?.arrayValue?.first) == required("Model"))
        #expect(members(model["judged"]) == required("Hours"))
        #expect(members(model["judged"]?["model"]) == required("Scores"))
        let forecasts = try await ask("/api/ai/predictions", models).json["predictions"]
        #expect(members(forecasts?.arrayValue?.first) == required("Prediction"))
    }
}
