package import CivilTime
package import ModelRegistry

/// A model as it came out of a training, not stored yet.
package struct TrainedModel: Sendable {
    package let card: ModelCard
    /// The JSON to store: the card's members and the boosters.
    package let artefact: String
    /// Open times of the first and the last hour trained on, and judged.
    package let trainedFrom: Timestamp
    package let trainedUntil: Timestamp
    package let judgedFrom: Timestamp
    package let judgedUntil: Timestamp
}
