import DAGModel
import Logging
import PostgresClient
import PrivateCluster
package import RunStore

/// The project's database, opened: the history for reading and writing, and the way in for SQL tasks.
package struct Backend: Sendable {
    package let store: PostgresRunStore
    /// The database under the warehouse's role.
    package let warehouseURL: String
    let warehousePool: PostgresPool

    /// Opens the database, made ready.
    ///
    /// Throws `PostgresError` with a sentence when it cannot be reached, is newer than this program, or lacks rights.
    static func open(
        ownerURL: String, home: CryptoflowHome, environment: [String: String], migrations: String, logger: Logger
    ) async throws -> Backend {
        let warehouseURL = try await prepare(
            ownerURL: ownerURL, home: home, environment: environment, migrations: migrations)
        var settings = try PostgresSettings(url: warehouseURL)
        settings.applicationName = "cryptoflow warehouse"
        let pool = PostgresPool(
            settings, options: PostgresPoolOptions(maxConnections: 6, connectPatience: .seconds(30)))
        let store = try PostgresRunStore(url: ownerURL, logger: logger)
        return Backend(store: store, warehouseURL: warehouseURL, warehousePool: pool)
    }

    /// Creates the role of the warehouse and brings the tables up to date; returns the role's way in.
    ///
    /// `CRYPTOFLOW_CONN_WAREHOUSE` names another one; the role's password is then somebody else's business.
    static func prepare(
        ownerURL: String, home: CryptoflowHome, environment: [String: String], migrations: String
    ) async throws -> String {
        let given = environment["CRYPTOFLOW_CONN_WAREHOUSE"].flatMap { $0.isEmpty ? nil : $0 }
        let password = try warehousePassword(home)
        try await DatabaseSetup.prepare(
            ownerURL: ownerURL, warehousePassword: given == nil ? password : nil, migrationsDirectory: migrations)
        if let given { return given }
        return DatabaseURL.url(
            try PostgresSettings(url: ownerURL), user: DatabaseURL.warehouseRole, password: password)
    }

    /// The password of the warehouse's role, made at its first use.
    static func warehousePassword(_ home: CryptoflowHome) throws -> String {
        let name = "warehouse-password"
        if let known = home.readSecret(name: name) { return known }
        return try home.makeSecret(name: name)
    }

    func close() async {
        await store.close()
        await warehousePool.close()
    }
}
