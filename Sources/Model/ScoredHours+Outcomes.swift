import ModelRegistry

extension ScoredHours {
    /// A model beside the naive rule on the same hours.
    ///
    /// - Parameters:
    ///   - outcomes: not empty.
    ///   - naive: the naive rule's, of the same hours.
    ///   - band: the model's own; nil where it has none yet.
    init(
        _ outcomes: [Outcome], naive: [Outcome], target: ModelCard.Target, trainedUntil: Int64,
        naiveDirection: Double, band: ModelCard.Band? = nil
    ) {
        // Windows follow each other, so what they add up to is not in the order of markets.
        let outcomes = outcomes.sorted { ($0.market, $0.hour) < ($1.market, $1.hour) }
        let naive = naive.sorted { ($0.market, $0.hour) < ($1.market, $1.hour) }
        self.init(
            from: Trainer.text(outcomes.map(\.hour).min() ?? 0), until: Trainer.text(outcomes.map(\.hour).max() ?? 0),
            trainedUntil: Trainer.text(trainedUntil), model: Scoring.score(outcomes, target: target, band: band),
            naive: Scoring.score(naive, target: target, naiveDirection: naiveDirection, isNaive: true),
            buyAndHold: PaperStrategy.buyAndHold(outcomes, target: target))
    }
}
