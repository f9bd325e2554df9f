import DAGModel
import Logging
import PostgresClient
package import RunStore

/// The project's database, opened: the history for reading and writing, and the way in for SQL tasks.
package struct Backend: Sendable {
    package let store: PostgresRunStore
    /// The database under the warehouse's role.
    package let warehouseURL: String
    let warehousePool: PostgresPool

    /// Creates the role of the warehouse, brings the tables up to date, and opens the database.
    ///
    /// Throws `PostgresError` with a sentence when it cannot be reached, is newer than this program, or lacks rights.
    static func open(
        ownerURL: String, warehousePassword: String, warehouseURL given: String?, migrations: String, logger: Logger
    ) async throws -> Backend {
        // With a way in of its own, the role's password is somebody else's business.
        try await DatabaseSetup.prepare(
            ownerURL: ownerURL, warehousePassword: given == nil ? warehousePassword : nil,
            migrationsDirectory: migrations)
        let owner = try PostgresSettings(url: ownerURL)
        let warehouseURL =
            given ?? DatabaseURL.url(owner, user: DatabaseURL.warehouseRole, password: warehousePassword)
        var settings = try PostgresSettings(url: warehouseURL)
        settings.applicationName = "cryptoflow warehouse"
        let pool = PostgresPool(
            settings, options: PostgresPoolOptions(maxConnections: 6, connectPatience: .seconds(30)))
        let store = try PostgresRunStore(url: ownerURL, logger: logger)
        return Backend(store: store, warehouseURL: warehouseURL, warehousePool: pool)
    }

    func close() async {
        await store.close()
        await warehousePool.close()
    }
}
