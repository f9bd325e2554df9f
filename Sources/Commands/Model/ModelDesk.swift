package import ModelRegistry

/// Opens the model registry that a command line names.
///
/// The program that runs the commands knows how.
package protocol ModelDeskOpener: Sendable {
    /// Throws an error whose description says to a person what is wrong and what to do.
    func open(_ target: DatabaseTarget) async throws -> any ModelDesk
}

/// The model registry under a command's hands.
package protocol ModelDesk: Sendable {
    /// The newest models, newest first.
    func models(limit: Int) async throws -> [RegisteredModel]

    /// The model with this id or name, or `current` for the one in use.
    ///
    /// Throws an error that names the known ones when there is none.
    func model(_ reference: String) async throws -> RegisteredModel

    /// The changes of the model in use, newest first.
    func promotions(limit: Int) async throws -> [ModelPromotion]

    /// The artefact as it was stored.
    func artefact(_ model: Int64) async throws -> String

    /// Puts a model into use, or none for nil; nil when nothing changed.
    func promote(_ reference: String?, actor: String, reason: String) async throws -> ModelPromotion?

    /// Puts back what was in use before.
    func rollBack(actor: String, reason: String) async throws -> ModelPromotion

    /// The newest forecasts, newest first; of all markets for nil.
    func predictions(market: String?, limit: Int) async throws -> [Prediction]

    /// Ends the connections.
    func close() async
}

extension DatabaseOptions {
    /// Opens the registry, lets `body` work with it, and closes it whatever happens.
    func withModels<Result>(_ body: (any ModelDesk) async throws -> Result) async throws -> Result {
        try await closing(CommandEnvironment.current.models.open(target), by: { await $0.close() }, body)
    }
}
