import ModelRegistry
import Testing

@testable import Model

@Suite("Training parameters") struct ParameterTests {
    @Test("numbers and texts of templates count, None and empty texts leave the default")
    func read() throws {
        let parameters = try TrainingParameters(
            json: #"{"rounds": "200", "eta": 0.1, "max_depth": "None", "seed": "", "alpha": null}"#)
        #expect(parameters.rounds == 200 && parameters.eta == 0.1)
        #expect(parameters.maxDepth == TrainingParameters().maxDepth && parameters.seed == TrainingParameters().seed)
    }

    @Test("everything that cannot be used is named at once")
    func refused() {
        let error = #expect(throws: ModelFailure.self) {
            try TrainingParameters(json: #"{"round": 1, "eta": "fast", "windows": 3, "max_depth": 2.5}"#)
        }
        let text = error?.description ?? ""
        #expect(error?.kind == .invalid)
        for part in [
            "there is no parameter \"round\"", "eta must be a number, found \"fast\"",
            "windows must be a whole number from 6 to 100, found 3", "max_depth must be a whole number",
        ] { #expect(text.contains(part), "\(text)") }
        #expect(throws: ModelFailure.self) { try TrainingParameters(json: "[1]") }
        #expect(throws: ModelFailure.self) { try TrainingParameters(json: "{\"eta\": {}}") }
    }
}
