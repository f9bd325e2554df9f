import FoundationEssentials

/// The JSON of artefacts.
package enum ModelArtefactText {
    /// Reads a card.
    ///
    /// Throws ``ModelRegistryError`` naming the model when the text is not one.
    package static func card(_ text: String, of name: String) throws(ModelRegistryError) -> ModelCard {
        do {
            return try JSONDecoder().decode(ModelCard.self, from: Data(text.utf8))
        } catch {
            throw ModelRegistryError("the artefact of model \(name) cannot be read: \(error)")
        }
    }

    /// The whole artefact: the card's members and the boosters, whose JSON goes in as it is.
    package static func artefact(_ card: ModelCard, returnBooster: String, classBooster: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let members = String(decoding: try encoder.encode(card), as: UTF8.self).dropLast()
        return "\(members),\"boosters\":{\"class\":\(classBooster),\"return\":\(returnBooster)}}"
    }
}
