import CivilTime
import Crypto
import ModelRegistry

/// Trains a candidate and judges it.
struct Trainer {
    let table: FeatureTable
    let encoder: LabelEncoder
    let parameters: TrainingParameters
    let inUse: InUse?
    let maker: ModelCard.Maker
    let now: Timestamp
    /// Told what happens, a line each.
    let say: (String) -> Void

    private let target = ModelCard.Target.nextHour
    /// The share of outcomes that a forecast's band is made to hold.
    static let bandLevel = 0.8

    init(
        table: FeatureTable, encoder: LabelEncoder, parameters: TrainingParameters, inUse: InUse?,
        maker: ModelCard.Maker, now: Timestamp, say: @escaping (String) -> Void
    ) {
        self.table = table
        self.encoder = encoder
        self.parameters = parameters
        self.inUse = inUse
        self.maker = maker
        self.now = now
        self.say = say
    }

    /// The model that a candidate has to beat.
    struct InUse {
        let name: String
        let trainedUntil: Int64
        let encoder: LabelEncoder
        let band: ModelCard.Band
        let boosters: BoosterPair
    }

    /// Throws ``ModelFailure`` `nothingToDo` when there are too few rows.
    func train() throws -> TrainedModel {
        let known = table.rows.filter { $0.target != nil }
        guard let first = known.map(\.hour).min(), let last = known.map(\.hour).max() else {
            throw ModelFailure(
                .nothingToDo,
                "no hour has all its features and a known next hour"
                    + (table.dropped.isEmpty ? ": Gold is empty" : " (left out: \(Self.list(table.dropped)))"))
        }
        let split = try TimeSplit(
            known: first..<(last + 1), parameters: parameters, inUseTrainedUntil: inUse?.trainedUntil)
        let training = known.filter { split.training.contains($0.hour) }
        guard let lastTrained = training.map(\.hour).max(), let firstTrained = training.map(\.hour).min() else {
            throw ModelFailure(.nothingToDo, "no hour of the training window has all its features")
        }
        let encoder = encoder.restricted(to: Set(training.map(\.market)))
        let walk = try walkForward(split, known, encoder)
        let total = ScoredHours(
            walk.outcomes, naive: walk.naive, target: target, trainedUntil: walk.trainedUntil,
            naiveDirection: walk.direction)

        say("training on \(training.count) rows, \(Self.text(firstTrained)) to \(Self.text(lastTrained))")
        let boosters = try BoosterPair.train(training, encoder: encoder, parameters: parameters, target: target)
        let naive = NaiveRule(targets: training.compactMap(\.target), deadBand: target.deadBand)
        let band =
            Scoring.band(walk.outcomes, level: Self.bandLevel)
            ?? ModelCard.Band(level: Self.bandLevel, lower: 0, upper: 0)
        let judged = known.filter { split.judging.contains($0.hour) }
        let judgement = try Judge(
            target: target, candidate: (boosters, encoder, band), naive: naive, inUse: inUse,
            trainedUntil: lastTrained, walkForward: total
        ).judge(judged, hours: split.judging)

        let json = try boosters.json()
        let digest = SHA256.hash(data: Array((json.return + json.class).utf8))
        let mark = digest.prefix(4).map { byte in
            let text = String(byte, radix: 16)
            return text.count < 2 ? "0" + text : text
        }.joined()
        let card = ModelCard(
            format: 1, name: "next-hour-\(Self.compact(lastTrained))-\(mark)", createdAt: now.iso8601,
            xgboost: Booster.libraryVersion, features: FeatureList.all, encoder: encoder.entries,
            parameters: parameters, target: target,
            training: ModelCard.Training(
                from: Self.text(firstTrained), until: Self.text(lastTrained), rows: training.count,
                dropped: table.dropped, classShares: naive.shares),
            walkForward: walk.windows, walkForwardTotal: total, judgement: judgement, band: band,
            importance: try boosters.importance(), calibration: Scoring.calibration(walk.outcomes, target: target),
            distributions: FeatureDrift.distributions(training), madeBy: maker)
        return TrainedModel(
            card: card,
            artefact: try ModelArtefactText.artefact(
                card, returnBooster: json.return, classBooster: json.class),
            trainedFrom: Timestamp(hour: firstTrained), trainedUntil: Timestamp(hour: lastTrained),
            judgedFrom: Timestamp(hour: split.judging.lowerBound),
            judgedUntil: Timestamp(hour: max(split.judging.lowerBound, split.judging.upperBound - 1)))
    }

    // MARK: - Walk-forward

    private struct Walk {
        var windows: [ScoredHours] = []
        var outcomes: [Outcome] = []
        /// What the naive rule of each outcome's own window said, in the same order.
        var naive: [Outcome] = []
        /// Of the last window.
        var trainedUntil: Int64 = 0
        var direction = 0.0
    }

    private func walkForward(_ split: TimeSplit, _ known: [FeatureRow], _ encoder: LabelEncoder) throws -> Walk {
        var walk = Walk()
        for (number, window) in split.windows.enumerated() {
            let training = known.filter { window.training.contains($0.hour) }
            let test = known.filter { window.test.contains($0.hour) }
            guard !training.isEmpty, !test.isEmpty, let last = training.map(\.hour).max() else {
                throw ModelFailure(
                    .nothingToDo,
                    "window \(number + 1) of the walk-forward, \(Self.text(window.test.lowerBound)) to "
                        + "\(Self.text(window.test.upperBound - 1)), has no hour with all its features "
                        + "(left out: \(Self.list(table.dropped)))")
            }
            let boosters = try BoosterPair.train(training, encoder: encoder, parameters: parameters, target: target)
            let naive = NaiveRule(targets: training.compactMap(\.target), deadBand: target.deadBand)
            let outcomes = Outcome.list(test, try boosters.forecasts(test.map(encoder.vector)))
            let plain = Outcome.list(test, test.map { _ in naive.forecast })
            let scores = ScoredHours(
                outcomes, naive: plain, target: target, trainedUntil: last, naiveDirection: naive.direction)
            say(
                "window \(number + 1) of \(split.windows.count): \(test.count) rows, rmse \(Self.short(scores.model.rmse)) "
                    + "(naive \(Self.short(scores.naive.rmse))), log loss \(Self.short(scores.model.logLoss)) "
                    + "(naive \(Self.short(scores.naive.logLoss)))")
            walk.windows.append(scores)
            walk.outcomes += outcomes
            walk.naive += plain
            (walk.trainedUntil, walk.direction) = (last, naive.direction)
        }
        return walk
    }

    // MARK: - Text

    static func text(_ hour: Int64) -> String { Timestamp(hour: hour).iso8601 }

    /// 20261119T05.
    private static func compact(_ hour: Int64) -> String {
        String(text(hour).prefix(13)).filter { $0 != "-" }
    }

    static func short(_ value: Double) -> String {
        let scaled = (value * 1_000_000).rounded() / 1_000_000
        return "\(scaled)"
    }

    private static func list(_ dropped: [String: Int]) -> String {
        dropped.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}
