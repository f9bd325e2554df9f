import ModelRegistry
import Testing

@testable import Model

@Suite("Time splits") struct TimeSplitTests {
    private let known: Range<Int64> = 1_000..<2_200

    @Test("windows follow each other, one purged hour lies between training and test, and judging comes last")
    func layout() throws {
        let parameters = TrainingParameters()
        let split = try TimeSplit(known: known, parameters: parameters, inUseTrainedUntil: nil)
        #expect(split.judging == (2_200 - 168)..<2_200)
        #expect(split.training == 1_000..<(2_200 - 168 - 1))
        #expect(split.windows.count == 6)
        for window in split.windows {
            #expect(window.test.count == 72 && window.training.upperBound == window.test.lowerBound - 1)
            #expect(window.training.lowerBound == split.training.lowerBound)
        }
        for (window, next) in zip(split.windows, split.windows.dropFirst()) {
            #expect(window.test.upperBound == next.test.lowerBound)
        }
        #expect(split.windows.last?.test.upperBound == split.training.upperBound)
    }

    @Test("judging starts after the training of both, with a purged hour")
    func inUse() throws {
        let earlier = try TimeSplit(known: known, parameters: TrainingParameters(), inUseTrainedUntil: 1_500)
        #expect(earlier.judging.lowerBound == 2_032)
        let later = try TimeSplit(known: known, parameters: TrainingParameters(), inUseTrainedUntil: 2_100)
        #expect(later.judging == 2_102..<2_200)
        let all = try TimeSplit(known: known, parameters: TrainingParameters(), inUseTrainedUntil: 2_199)
        #expect(all.judging.isEmpty)
    }

    @Test("at most so many hours are trained on")
    func bounded() throws {
        var parameters = TrainingParameters()
        parameters.trainHours = 600
        let split = try TimeSplit(known: known, parameters: parameters, inUseTrainedUntil: nil)
        #expect(split.training.count == 600)
    }

    @Test("too few hours are told, with how many are needed")
    func tooFew() {
        let error = #expect(throws: ModelFailure.self) {
            try TimeSplit(known: 0..<600, parameters: TrainingParameters(), inUseTrainedUntil: nil)
        }
        #expect(error?.kind == .nothingToDo && error?.description.contains("674 are needed") == true)
    }
}
