import DAGModel
package import Logging
package import PostgresClient
package import RunStore

/// The project's database, opened: the history for reading and writing, and the way in for SQL tasks.
package struct Backend: Sendable {
    package let store: PostgresRunStore
    /// The database under the warehouse's role.
    package let warehouseURL: String
    package let warehousePool: PostgresPool
    /// Whether the server is on this machine.
    package let isLocal: Bool

    /// Opens the database, made ready.
    ///
    /// Throws `PostgresError` with a sentence when it cannot be reached, is newer than this program, or lacks rights.
    package static func open(
        ownerURL: String, access: WarehouseAccess, migrations: String, logger: Logger
    ) async throws -> Backend {
        try await access.prepare(ownerURL: ownerURL, migrations: migrations)
        let warehouseURL = try access.url(ownerURL: ownerURL)
        var settings = try PostgresSettings(url: warehouseURL)
        settings.applicationName = "cryptoflow warehouse"
        let pool = PostgresPool(
            settings, options: PostgresPoolOptions(maxConnections: 6, connectPatience: .seconds(30)))
        let store = try PostgresRunStore(url: ownerURL, logger: logger)
        return Backend(
            store: store, warehouseURL: warehouseURL, warehousePool: pool,
            isLocal: try PostgresSettings(url: ownerURL).isLocal)
    }

    package func close() async {
        await store.close()
        await warehousePool.close()
    }
}
