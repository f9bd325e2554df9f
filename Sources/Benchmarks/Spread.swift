/// What several runs of one measurement gave.
package struct Spread: Sendable {
    /// Sorted.
    package let values: [Double]
    /// In the order of the runs.
    package let unsorted: [Double]

    package init(_ values: [Double]) {
        unsorted = values
        self.values = values.sorted()
    }

    package var isEmpty: Bool { values.isEmpty }
    package var least: Double { values.first ?? .nan }
    package var greatest: Double { values.last ?? .nan }
    /// Of an even number, the mean of the two in the middle.
    package var median: Double {
        guard !values.isEmpty else { return .nan }
        let middle = values.count / 2
        return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
    }

    /// The smallest value that at least `share` of all do not exceed (nearest rank).
    package func percentile(_ share: Double) -> Double {
        guard !values.isEmpty else { return .nan }
        let rank = Int((share * Double(values.count)).rounded(.up))
        return values[min(max(rank, 1), values.count) - 1]
    }
}
