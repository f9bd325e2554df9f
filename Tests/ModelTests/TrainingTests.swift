import CivilTime
import Glibc
import ModelRegistry
import Testing

@testable import Model

@Suite("Training", .timeLimit(.minutes(2))) struct TrainingTests {
    private static let encoder = LabelEncoder([
        ModelCard.MarketCode(exchange: "upbit", market: "KRW-BTC", code: 3),
        ModelCard.MarketCode(exchange: "upbit", market: "KRW-ETH", code: 5),
        ModelCard.MarketCode(exchange: "upbit", market: "KRW-OLD", code: 4),
    ])

    private static var quick: TrainingParameters {
        var parameters = TrainingParameters()
        parameters.rounds = 40
        return parameters
    }

    private func train(
        _ hours: [MarketKey: [MarketHour]], inUse: ModelWorkshop.StoredModel? = nil
    ) async throws -> TrainedModel {
        try await ModelWorkshop().train(
            FeatureTable(hours), encoder: Self.encoder, parameters: Self.quick, inUse: inUse,
            maker: ModelCard.Maker(dagID: "d", runID: "r", taskID: "t"), now: Timestamp(hour: Samples.firstHour),
            say: { _ in })
    }

    private func stored(_ model: TrainedModel) throws -> ModelWorkshop.StoredModel {
        // The artefact ends with the boosters, class before return.
        let text = model.artefact
        let start = try #require(text.firstRange(of: "\"boosters\":{\"class\":")).upperBound
        let middle = try #require(text.firstRange(of: ",\"return\":{", in: start)).lowerBound
        return ModelWorkshop.StoredModel(
            card: model.card,
            returnBooster: String(text[text.index(middle, offsetBy: ",\"return\":".count)...].dropLast(2)),
            classBooster: String(text[start..<middle]), trainedUntil: model.trainedUntil)
    }

    @Test("a pattern that is there is learnt, and beats the naive forecast on hours never trained on")
    func pattern() async throws {
        let model = try await train([
            Samples.market: Samples.hours(Samples.pattern(1_400, seed: 11)),
            Samples.ether: Samples.hours(Samples.pattern(1_400, seed: 12), start: 7),
        ])
        let card = model.card
        #expect(card.judgement.verdict == .better, "\(card.judgement.reason)")
        let scored = try #require(card.judgement.candidate)
        #expect(scored.model.rmse < 0.9 * scored.naive.rmse && scored.model.logLoss < scored.naive.logLoss)
        #expect(try #require(scored.model.directionalAccuracy) > 0.6)
        #expect(try #require(scored.model.bandCoverage) > 0.7 && #require(scored.model.bandCoverage) < 0.9)
        let most = card.importance.prefix(3).map(\.feature)
        #expect(most.contains("return_1") || most.contains("body_1"), "\(most)")
        #expect(card.walkForward.count == 6 && card.walkForward.allSatisfy { $0.trainedUntil < $0.from })
        #expect(card.encoder.map(\.code) == [3, 5], "a market it never saw is not among the codes it knows")
        #expect(Set(card.judgement.markets.keys) == ["upbit/KRW-BTC", "upbit/KRW-ETH"])
    }

    @Test("noise is not learnt: the naive forecast stays, and the sentence says why")
    func noise() async throws {
        let model = try await train([Samples.market: Samples.hours(Samples.noise(1_400, seed: 21))])
        #expect(model.card.judgement.verdict == .notBetter)
        #expect(model.card.judgement.reason.contains("of the naive forecast"))
    }

    @Test("constant prices give a model that is not better, and no crash")
    func constant() async throws {
        let model = try await train([Samples.market: Samples.hours([Double](repeating: 0, count: 1_400))])
        #expect(model.card.judgement.verdict == .notBetter)
        #expect(model.card.training.classShares[1] > 0.99)
    }

    @Test("the same data give the same bits; another future after the training gives them too")
    func deterministic() async throws {
        let returns = Samples.pattern(1_400, seed: 31)
        let first = try await train([Samples.market: Samples.hours(returns)])
        let again = try await train([Samples.market: Samples.hours(returns)])
        #expect(first.card.name == again.card.name)
        // Everything after the last training hour and its target is another story.
        let cut = Int(first.trainedUntil.wholeHours - Samples.firstHour) + 2
        let other = Array(returns[..<cut]) + returns[cut...].map { -3 * $0 }
        let changed = try await train([Samples.market: Samples.hours(other)])
        #expect(changed.card.name == first.card.name, "the boosters know something of the judging window")
        #expect(changed.card.walkForward == first.card.walkForward)
        #expect(changed.card.judgement.candidate?.model != first.card.judgement.candidate?.model)
    }

    @Test("a candidate has to beat the model in use on hours that neither has seen")
    func rival() async throws {
        let hours = Samples.hours(Samples.pattern(1_400, seed: 41))
        let first = try await train([Samples.market: hours])
        let same = try await train([Samples.market: hours], inUse: stored(first))
        #expect(same.card.judgement.verdict == .notBetter, "it is the same model: equal is not better")
        #expect(same.card.judgement.inUseName == first.card.name)
        #expect(same.card.judgement.inUse?.rmse == same.card.judgement.candidate?.model.rmse)
        #expect(same.judgedFrom > first.trainedUntil)
    }

    @Test("stored and loaded it forecasts the same; an unknown market's code is a missing value")
    func loaded() async throws {
        let table = FeatureTable([Samples.market: Samples.hours(Samples.pattern(1_400, seed: 51))])
        let model = try await train([Samples.market: Samples.hours(Samples.pattern(1_400, seed: 51))])
        let workshop = ModelWorkshop()
        let rows = Array(table.rows.suffix(50))
        let forecasts = try await workshop.forecasts(stored(model), of: rows)
        let outcomes = Outcome.list(rows, forecasts)
        #expect(outcomes.count == 49)
        #expect(forecasts.allSatisfy { abs($0.probabilities.reduce(0, +) - 1) < 1e-5 })
        let card = try ModelArtefactText.card(model.artefact, of: "it")
        #expect(card == model.card, "a card that was written and read is the same to the last bit")
        let encoder = LabelEncoder(card.encoder)
        let stranger = FeatureTable([
            MarketKey(exchange: "upbit", market: "KRW-NEW"): Samples.hours(Samples.noise(60, seed: 1))
        ]).rows
        let vector = encoder.vector(try #require(stranger.first))
        #expect(vector[0].isNaN && vector.dropFirst().allSatisfy(\.isFinite))
        #expect(try await workshop.forecasts(stored(model), of: stranger).count == stranger.count)
    }

    @Test("a model with other features is refused with advice")
    func otherFeatures() async throws {
        var other = try stored(try await train([Samples.market: Samples.hours(Samples.noise(1_400, seed: 61))]))
        try other.checkFeatures()
        var card = other.card
        card.features[4].version = 2
        other = ModelWorkshop.StoredModel(
            card: card, returnBooster: other.returnBooster, classBooster: other.classBooster,
            trainedUntil: other.trainedUntil)
        let error = #expect(throws: ModelFailure.self) { try other.checkFeatures() }
        #expect(error?.kind == .invalid && error?.description.contains("return_2 v2") == true)
    }

    @Test("what XGBoost refuses is told in a sentence")
    func refused() {
        #expect(throws: ModelFailure.self) { try Booster.load("{\"not\": \"a model\"}") }
        #expect(throws: ModelFailure.self) { try Booster.load("") }
    }
}

extension String {
    fileprivate func firstRange(of text: String, in start: String.Index) -> Range<String.Index>? {
        self[start...].firstRange(of: text)
    }
}
