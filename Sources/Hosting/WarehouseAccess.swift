import FoundationEssentials
import PostgresClient
package import PrivateCluster
import RunStore

/// The way in of SQL tasks, market operators and pages, who may read the history and write the warehouse only.
package enum WarehouseAccess: Sendable {
    /// The warehouse's role, with the password that the home keeps.
    case role(password: String)
    /// The URL of `CRYPTOFLOW_CONN_WAREHOUSE`; the password of the role is then somebody else's business.
    case given(url: String)

    /// What the home calls the password of the role.
    package static let secretName = "warehouse-password"

    /// What the environment says; else the home's password, made at its first use.
    package init(
        home: CryptoflowHome, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        if let url = environment["CRYPTOFLOW_CONN_WAREHOUSE"], !url.isEmpty {
            self = .given(url: url)
            return
        }
        let name = Self.secretName
        self = .role(password: try home.readSecret(name: name) ?? home.makeSecret(name: name))
    }

    /// The password to set; nil where it is to be left alone.
    package var password: String? {
        switch self {
        case .role(let password): password
        case .given: nil
        }
    }

    /// The URL for the database that the owner reaches under `ownerURL`.
    package func url(ownerURL: String) throws -> String {
        switch self {
        case .role(let password):
            DatabaseURL.url(try PostgresSettings(url: ownerURL), user: DatabaseSetup.warehouseRole, password: password)
        case .given(let url): url
        }
    }

    /// Creates the role and brings the tables up to date; returns the names of the migrations that were applied.
    @discardableResult
    package func prepare(ownerURL: String, migrations: String) async throws -> [String] {
        try await DatabaseSetup.prepare(
            ownerURL: ownerURL, warehousePassword: password, migrationsDirectory: migrations)
    }
}
