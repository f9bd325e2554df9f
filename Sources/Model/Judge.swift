import ModelRegistry

/// Decides whether a candidate may replace what is in use: on hours that neither was trained on.
///
/// It has to beat the naive forecast and the model in use in both its forecasts (RMSE of the return, log loss of the
/// class), and the naive forecast over the walk-forward windows together as well, since a week may be luck.
struct Judge {
    let target: ModelCard.Target
    let candidate: (boosters: BoosterPair, encoder: LabelEncoder, band: ModelCard.Band)
    let naive: NaiveRule
    let inUse: Trainer.InUse?
    /// Open time of the last hour that the candidate was trained on.
    let trainedUntil: Int64
    let walkForward: ScoredHours

    /// - Parameter rows: with targets, within `hours`.
    func judge(_ rows: [FeatureRow], hours: Range<Int64>) throws -> ModelCard.Judgement {
        guard Int64(hours.count) >= TimeSplit.leastJudging, !rows.isEmpty else {
            let reason =
                "not judged: only \(hours.count) hours are later than the training of both the candidate and the model "
                + "in use; \(TimeSplit.leastJudging) are needed"
            return ModelCard.Judgement(
                candidate: nil, inUse: nil, inUseName: inUse?.name, markets: [:], verdict: .notJudged, reason: reason)
        }
        let outcomes = Outcome.list(rows, try candidate.boosters.forecasts(rows.map(candidate.encoder.vector)))
        let plain = Outcome.list(rows, rows.map { _ in naive.forecast })
        let scored = self.scored(outcomes, plain)
        var markets: [String: ScoredHours] = [:]
        for market in Set(rows.map(\.market)) {
            markets["\(market)"] = self.scored(
                outcomes.filter { $0.market == market }, plain.filter { $0.market == market })
        }
        let rival = try inUse.map { inUse in
            Scoring.score(
                Outcome.list(rows, try inUse.boosters.forecasts(rows.map(inUse.encoder.vector))), target: target,
                band: inUse.band)
        }
        let (verdict, reason) = verdict(scored, rival)
        return ModelCard.Judgement(
            candidate: scored, inUse: rival, inUseName: inUse?.name, markets: markets, verdict: verdict,
            reason: reason)
    }

    private func scored(_ outcomes: [Outcome], _ plain: [Outcome]) -> ScoredHours {
        ScoredHours(
            outcomes, naive: plain, target: target, trainedUntil: trainedUntil, naiveDirection: naive.direction,
            band: candidate.band)
    }

    private func verdict(_ scored: ScoredHours, _ rival: ModelScores?) -> (ModelCard.Verdict, String) {
        var against: [String] = []
        func compare(_ own: ModelScores, _ other: ModelScores, _ who: String) {
            if own.rmse >= other.rmse {
                against.append("rmse \(Trainer.short(own.rmse)) against \(Trainer.short(other.rmse)) of \(who)")
            }
            if own.logLoss >= other.logLoss {
                against.append(
                    "log loss \(Trainer.short(own.logLoss)) against \(Trainer.short(other.logLoss)) of \(who)")
            }
        }
        compare(scored.model, scored.naive, "the naive forecast")
        if let rival { compare(scored.model, rival, "\(inUse?.name ?? "the model in use")") }
        compare(walkForward.model, walkForward.naive, "the naive forecast over the walk-forward windows")
        let span = "on \(scored.model.rows) hours of markets from \(scored.from) to \(scored.until)"
        if !against.isEmpty { return (.notBetter, "not better \(span): \(against.joined(separator: "; "))") }
        let others = rival == nil ? "the naive forecast" : "the naive forecast and \(inUse?.name ?? "the model in use")"
        return (
            .better,
            "better than \(others) \(span): rmse \(Trainer.short(scored.model.rmse)) (naive "
                + "\(Trainer.short(scored.naive.rmse))), log loss \(Trainer.short(scored.model.logLoss)) (naive "
                + "\(Trainer.short(scored.naive.logLoss)))"
        )
    }
}
