import CivilTime

/// How long the runs before a run took on average: what a deadline by `average_runtime` counts with.
///
/// Found once, when the run is asked for; what ends or is deleted later does not change it.
package struct AverageRuntime: Hashable, Sendable, Codable {
    /// How many of a DAG's newest ended runs are looked at, so that a DAG that fails for months costs no more than others.
    package static let horizon = 1_000

    /// Which deadline of the document, from 0.
    package let position: Int
    /// How many runs were found; at most as many as the deadline counts.
    package let runs: Int
    /// Nil when they were too few.
    package let microseconds: Int64?

    /// - Parameters:
    ///   - durations: of the successful runs before the run, the newest first.
    ///   - maximumRuns: how many of them count.
    ///   - minimumRuns: fewer make no average.
    package init(position: Int, durations: [Duration], maximumRuns: Int, minimumRuns: Int) {
        let counted = durations.prefix(maximumRuns)
        self.position = position
        runs = counted.count
        // A clock that was set back during a run leaves a negative duration.
        let total = counted.reduce(.zero) { $0 + max($1, .zero) }
        microseconds =
            counted.isEmpty || counted.count < minimumRuns ? nil : (total / counted.count).wholeMicroseconds
    }

    package var average: Duration? { microseconds.map { .microseconds($0) } }
}
