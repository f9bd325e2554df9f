package import Commands
import Hosting
import ModelRegistry
import PostgresClient

/// Opens the model registry of a database or a home for the commands.
package struct ProgramModels: ModelDeskOpener {
    package init() {}

    package func open(_ target: DatabaseTarget) async throws -> any ModelDesk {
        let address = try DatabaseAddress.resolve(target)
        return DatabaseModels(
            connection: try await PostgresConnection.connect(try PostgresSettings(url: address.ownerURL)))
    }
}

/// The registry over one connection of the owner's, who may write the audit log.
private struct DatabaseModels: ModelDesk {
    let connection: PostgresConnection

    /// A person who asks waits longer than a page does.
    private static let patience = Duration.seconds(30)

    private var queries: ModelQueries { ModelQueries(session: connection, timeout: Self.patience) }

    func models(limit: Int) async throws -> [RegisteredModel] {
        try await explained { try await queries.models(limit: limit) }
    }

    func model(_ reference: String) async throws -> RegisteredModel {
        try await explained { try await queries.model(reference) }
    }

    func promotions(limit: Int) async throws -> [ModelPromotion] {
        try await explained { try await queries.promotions(limit: limit) }
    }

    func artefact(_ model: Int64) async throws -> String {
        try await explained { try await queries.artefact(model) }
    }

    func promote(_ reference: String?, actor: String, reason: String) async throws -> ModelPromotion? {
        try await explained {
            try await ModelPromotions(connection: connection).promote(reference, actor: actor, reason: reason)
        }
    }

    func rollBack(actor: String, reason: String) async throws -> ModelPromotion {
        try await explained { try await ModelPromotions(connection: connection).rollBack(actor: actor, reason: reason) }
    }

    func predictions(market: String?, limit: Int) async throws -> [Prediction] {
        try await explained {
            try await PredictionQueries(session: connection, timeout: Self.patience).latest(
                market: market, limit: limit)
        }
    }

    func close() async { await connection.close() }

    /// A database of before there were models says so.
    private func explained<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as PostgresError where error.sqlState == .undefinedTable {
            throw ModelRegistryError("this database has no tables of models yet: run `cryptoflow db migrate`")
        }
    }
}
