/// What a model, or a naive rule, says about the next hour.
package struct Forecast: Sendable, Hashable {
    /// The log return.
    package let value: Double
    /// Of down, flat and up; they add up to 1.
    package let probabilities: [Double]
    /// The class with the highest probability, the earlier one of equals.
    package var likeliest: PriceMove {
        var best = 0
        for index in probabilities.indices where probabilities[index] > probabilities[best] { best = index }
        return PriceMove.allCases[best]
    }

    package init(value: Double, probabilities: [Double]) {
        self.value = value
        self.probabilities = probabilities
    }
}

/// Where a price went; the raw value is a persisted token, the order that of the probabilities.
package enum PriceMove: String, Sendable, Hashable, CaseIterable {
    case down, flat, up

    /// - Parameter deadBand: a return of at most this much either way is flat.
    package init(_ value: Double, deadBand: Double) {
        self = value > deadBand ? .up : value < -deadBand ? .down : .flat
    }

    /// The place among the probabilities.
    package var index: Int {
        switch self {
        case .down: 0
        case .flat: 1
        case .up: 2
        }
    }
}

/// The naive forecasts, fitted on a training: same price as last, and the classes as often as they came.
package struct NaiveRule: Sendable, Hashable {
    /// Shares of down, flat and up in the training, each counted once more than seen, so that none is impossible.
    package let shares: [Double]
    /// The direction that was more frequent, as a sign.
    package let direction: Double

    package init(targets: [Double], deadBand: Double) {
        var counts = [1.0, 1, 1]
        var balance = 0
        for target in targets {
            counts[PriceMove(target, deadBand: deadBand).index] += 1
            if target != 0 { balance += target > 0 ? 1 : -1 }
        }
        shares = counts.map { $0 / Double(targets.count + 3) }
        direction = balance < 0 ? -1 : 1
    }

    package var forecast: Forecast { Forecast(value: 0, probabilities: shares) }
}
