package import ModelRegistry

/// Which hours train and which test, cut at the same hours for all markets.
///
///     |------------------- training of the candidate ---------------------|p|---- judging ----|
///     |---- first training ----|p|- window 1 -|- window 2 -| … |- window n |
///
/// `p` is one purged hour: the target of an hour is the return of the hour after, so without it the last training row and
/// the first test row would share a candle.
package struct TimeSplit: Sendable, Hashable {
    /// Hours counted from the Unix epoch; open times of rows, half-open.
    package struct Window: Sendable, Hashable {
        package let training: Range<Int64>
        package let test: Range<Int64>
    }

    /// Hours that the candidate is trained on.
    package let training: Range<Int64>
    /// Hours that decide about it; empty when the model in use was trained on all there are.
    package let judging: Range<Int64>
    /// Walk-forward, oldest first, all within `training`.
    package let windows: [Window]

    /// The purged hours between training and test.
    package static let purge: Int64 = 1
    /// The fewest hours that a judgement is worth.
    package static let leastJudging: Int64 = 24

    /// - Parameters:
    ///   - known: open times of the first and after the last row that has a target.
    ///   - inUseTrainedUntil: open time of the last hour that the model in use was trained on.
    /// - Throws: ``ModelFailure`` `nothingToDo` when there are too few hours.
    package init(
        known: Range<Int64>, parameters: TrainingParameters, inUseTrainedUntil: Int64?
    ) throws(ModelFailure) {
        let judged = Int64(parameters.judgeHours)
        let cut = known.upperBound - judged
        let start = max(known.lowerBound, cut - Self.purge - Int64(parameters.trainHours))
        let end = cut - Self.purge
        let span = Int64(parameters.windows) * Int64(parameters.windowHours)
        let firstTest = end - span
        let least = Int64(parameters.windowHours)
        guard firstTest - Self.purge - start >= least else {
            let needed = judged + Self.purge + span + Self.purge + least
            throw ModelFailure(
                .nothingToDo,
                "too few hours to train on: \(needed) are needed (\(parameters.windows) windows of "
                    + "\(parameters.windowHours), \(parameters.judgeHours) to judge, as many as a window before them), "
                    + "there are \(known.count)")
        }
        training = start..<end
        windows = (0..<Int64(parameters.windows)).map { number in
            let test = firstTest + number * Int64(parameters.windowHours)
            return Window(training: start..<(test - Self.purge), test: test..<(test + Int64(parameters.windowHours)))
        }
        let earliest = max(cut, (inUseTrainedUntil ?? .min / 2) + 1 + Self.purge)
        judging = min(earliest, known.upperBound)..<known.upperBound
    }
}
