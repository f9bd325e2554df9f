import Testing

@testable import ModelRegistry

@Suite("Artefact text") struct ModelArtefactTextTests {
    @Test("a text that is no card is refused with the model's name")
    func refused() {
        #expect(throws: ModelRegistryError.self) { try ModelArtefactText.card("{}", of: "m1") }
    }
}
