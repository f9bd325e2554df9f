import Glibc
package import ModelRegistry

/// How far features have moved from what a model was trained on.
package enum FeatureDrift {
    /// A population stability index from here on is told; 0.25 is the customary "major shift".
    package static let threshold = 0.25
    /// Fewer rows than this say nothing.
    package static let leastRows = 100
    /// Added to shares of zero, which have no logarithm.
    private static let leastShare = 1e-4
    private static let bins = 10

    /// The distribution of every feature but the calendar's, in bins that hold a tenth of the rows each.
    package static func distributions(_ rows: [FeatureRow]) -> [ModelCard.Distribution] {
        FeatureList.all.enumerated().compactMap { index, feature in
            guard !FeatureList.calendar.contains(feature.name) else { return nil }
            // The market's code is not among a row's values.
            let values = rows.map { $0.values[index - 1] }
            let sorted = values.sorted()
            var edges: [Double] = []
            for bin in 1..<bins {
                guard let edge = Scoring.quantile(sorted, Double(bin) / Double(bins)) else { continue }
                if edges.last.map({ edge > $0 + slack($0) }) ?? true { edges.append(edge) }
            }
            return ModelCard.Distribution(feature: feature.name, edges: edges, shares: shares(values, edges))
        }
    }

    /// The population stability index, `Σ (a − e) ln(a / e)` over the bins, of a feature now against the training.
    ///
    /// Nil when the card does not know the feature or there are too few rows.
    package static func index(_ distribution: ModelCard.Distribution, of rows: [FeatureRow]) -> Double? {
        guard rows.count >= leastRows,
            let place = FeatureList.all.firstIndex(where: { $0.name == distribution.feature }), place > 0
        else { return nil }
        let now = shares(rows.map { $0.values[place - 1] }, distribution.edges)
        return zip(now, distribution.shares).reduce(0.0) { sum, pair in
            let (actual, expected) = (max(pair.0, leastShare), max(pair.1, leastShare))
            return sum + (actual - expected) * log(actual / expected)
        }
    }

    /// Values that differ only by rounding are in one bin.
    private static func slack(_ edge: Double) -> Double { abs(edge) * 1e-9 }

    /// The share of values in each bin; a bin has its upper edge.
    private static func shares(_ values: [Double], _ edges: [Double]) -> [Double] {
        var counts = [Int](repeating: 0, count: edges.count + 1)
        for value in values { counts[edges.firstIndex { value <= $0 + slack($0) } ?? edges.count] += 1 }
        return counts.map { Double($0) / Double(max(values.count, 1)) }
    }
}
