import Testing

@testable import Model

@Suite("Model errors") struct ModelErrorTests {
    @Test("an error is its sentence")
    func sentence() {
        #expect("\(ModelError("no rows"))" == "no rows")
    }
}
