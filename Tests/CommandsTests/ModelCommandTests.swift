import Commands
import DAGModel
import ModelRegistry
import Synchronization
import TestModels
import Testing

@Suite("Commands on models", .timeLimit(.minutes(1))) struct ModelCommandTests {
    typealias Harness = CommandLineHarness

    private let models = FakeModels(
        [
            TestModels.registered(3, TestModels.card("third", judged: false)),
            TestModels.registered(2, TestModels.card("second", verdict: .notBetter)),
            TestModels.registered(1, TestModels.card("first"), isInUse: true),
        ],
        predictions: [
            TestModels.prediction(), TestModels.prediction(hoursAgo: 1, isLate: true, actual: "100200.1"),
            TestModels.prediction(hoursAgo: 2, model: nil, name: "naive: no model is in use", actual: "100200.1"),
        ])

    @Test("list shows verdicts beside the naive forecast's figures, and which one is in use")
    func list() async throws {
        let outcome = await Harness.run("model", "list", models: models)
        #expect(outcome.code == 0)
        let lines = outcome.outputLines
        #expect(lines.count == 4)
        #expect(lines[1].contains("third") && lines[1].contains("not judged"))
        #expect(lines[2].contains("second") && lines[2].contains("not better") && lines[2].contains("0.00502"))
        #expect(lines[3].contains("first") && lines[3].contains("in use") && lines[3].contains("better"))
        let json = await Harness.run("model", "list", "-o", "json", "--limit", "2", models: models).json
        #expect(json.arrayValue?.count == 2)
        #expect(json.arrayValue?.last?["verdict"] == "not_better")
        #expect(json.arrayValue?.first?["scores"] == .null)
        #expect(models.state.withLock { $0.closings } == 2)
    }

    @Test("without models, list says how to get one, and show what is known")
    func none() async throws {
        let outcome = await Harness.run("model", "list", models: FakeModels())
        #expect(outcome.code == 0 && outcome.output.contains("dag trigger model_retraining"))
        let show = await Harness.run("model", "show", models: FakeModels())
        #expect(show.code == 1)
        #expect(show.errors == "error: there is no model \"current\"\n")
        #expect(await Harness.run("model", "predictions", models: FakeModels()).output.contains("no forecasts yet"))
    }

    @Test("show tells scores, windows, markets, encoder, features, parameters and origin")
    func show() async throws {
        let outcome = await Harness.run("model", "show", models: models)
        #expect(outcome.code == 0)
        for text in [
            "verdict     better: RMSE 0.00491", "in use since", "IN USE THEN", "Walk-forward", "upbit KRW-ETH",
            "rsi_14", "max_depth", "run scheduled__2026-11-08T00:00:00+00:00", "96 beside a gap", "KRW-BTC",
            String(repeating: "ab", count: 32),
        ] { #expect(outcome.output.contains(text), "\(text)") }
        let json = await Harness.run("model", "show", "2", "--output", "json", models: models).json
        #expect(json["card"]?["walk_forward"]?.arrayValue?.count == 6)
        #expect(json["card"]?["judgement"]?["verdict"] == "not_better")
        let yaml = await Harness.run("model", "show", "2", "--output", "yaml", models: models)
        #expect(yaml.output.contains("is_in_use: false"))
        // One that was not judged has nothing to show of it.
        #expect(!(await Harness.run("model", "show", "third", models: models).output.contains("IN USE THEN")))
    }

    @Test("show --artefact prints the stored text and nothing else")
    func artefact() async throws {
        let outcome = await Harness.run("model", "show", "second", "--artefact", models: models)
        #expect(outcome.output == "{\"format\":  1, \"id\":2}")
    }

    @Test("promote says what was replaced, and warns when the verdict was not better")
    func promote() async throws {
        let outcome = await Harness.run("model", "promote", "2", "--reason", "a try", models: models)
        #expect(outcome.code == 0)
        #expect(outcome.output == "model second is in use; this replaced model first\n")
        #expect(outcome.errors.hasPrefix("warning: this model is in use although it was not better: RMSE 0.00502"))
        #expect(models.state.withLock { $0.asked } == ["tester: a try"])
        let again = await Harness.run("model", "promote", "first", models: models)
        #expect(again.code == 0 && again.errors.isEmpty)
        #expect(again.output == "model first is in use already\n")
        let unjudged = await Harness.run("model", "promote", "third", models: models)
        #expect(unjudged.errors.hasPrefix("warning: this model is in use although it was not judged: only 12 hours"))
    }

    @Test("promote none puts the naive forecast into use")
    func promoteNone() async throws {
        let outcome = await Harness.run("model", "promote", "none", models: models)
        #expect(outcome.output == "no model is in use: forecasts are naive from now on; this replaced model first\n")
        #expect(
            await Harness.run("model", "promote", "none", models: FakeModels()).output
                == "no model is in use already: forecasts are naive\n")
    }

    @Test("rollback tells what is in use now, and fails when there is nothing to undo")
    func rollback() async throws {
        let outcome = await Harness.run("model", "rollback", "-o", "json", models: models)
        #expect(outcome.json["replaced"] == "first")
        #expect(outcome.json["is_rollback"] == true)
        let nothing = await Harness.run("model", "rollback", models: FakeModels())
        #expect(nothing.code == 1 && nothing.errors.contains("nothing to roll back"))
    }

    @Test("compare says when the judged hours differ")
    func compare() async throws {
        var card = TestModels.card("moved")
        let same = await Harness.run("model", "compare", "first", "second", models: models)
        #expect(same.code == 0)
        #expect(same.output.contains("0.00491") && same.output.contains("0.00502"))
        #expect(!same.output.contains("different hours"))
        card.judgement.candidate?.until = "2026-11-09T00:00:00Z"
        let other = FakeModels([TestModels.registered(4, card), TestModels.registered(1, TestModels.card("first"))])
        let different = await Harness.run("model", "compare", "4", "first", models: other)
        #expect(different.output.contains("judged on different hours"))
        #expect(
            await Harness.run("model", "compare", "4", "1", "-o", "json", models: other).json["same_hours"] == false)
        #expect(
            await Harness.run("model", "compare", "third", "first", models: models).output.contains("was not judged"))
    }

    @Test("predictions show forecast, band, actual and error; an unknown market is named with the known ones")
    func predictions() async throws {
        let outcome = await Harness.run("model", "predictions", "--market", "KRW-BTC", models: models)
        #expect(outcome.code == 0)
        #expect(outcome.outputLines.count == 4)
        #expect(outcome.outputLines[1].contains("100100") && outcome.outputLines[1].contains("99400 … 100800"))
        #expect(outcome.outputLines[2].contains("100200.1") && outcome.outputLines[2].contains("late"))
        #expect(outcome.outputLines[3].contains("naive: no model is in use"))
        let json = await Harness.run("model", "predictions", "-o", "json", models: models).json
        #expect(json.arrayValue?.first?["p_up"] == .double(0.4))
        #expect(json.arrayValue?.last?["p_up"] == .null)
        let unknown = await Harness.run("model", "predictions", "--market", "KRW-BTX", models: models)
        #expect(unknown.code == 1)
        #expect(unknown.errors.contains("Did you mean \"KRW-BTC\"?"))
        #expect(await Harness.run("model", "predictions", "--limit", "0", models: models).code == 2)
    }

    @Test("text from outside does not steer the terminal")
    func hostile() async throws {
        var card = TestModels.card("x\u{1B}[2J", verdict: .notBetter)
        card.judgement.reason = "a\u{1B}[31mb\nc"
        let hostile = FakeModels([TestModels.registered(1, card)])
        let show = await Harness.run("model", "show", "1", models: hostile)
        let promote = await Harness.run("model", "promote", "1", models: hostile)
        #expect(show.code == 0)
        #expect(!(show.output + promote.output + promote.errors).contains("\u{1B}"))
    }
}
