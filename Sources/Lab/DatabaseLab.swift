import FoundationEssentials
import Glibc
package import Logging
import PostgresClient
package import PrivateCluster
import RunStore

/// A temporary folder with a private PostgreSQL of default durability.
///
/// Everything goes when it is closed, or when this process is gone.
package struct DatabaseLab: Sendable {
    package let folder: String
    package let cluster: PrivateCluster
    package let migrations: String
    private let address: ClusterAddress

    /// Throws ``LabFailure`` when there is no such folder, or none can be made in it.
    ///
    /// - Parameters:
    ///   - parent, migrations: may be relative; what is started has other working folders, so they are made absolute.
    ///   - extra: PostgreSQL's settings over those of an installation.
    package static func open(
        in parent: String, migrations: String, settings extra: [String: String] = [:]
    ) async throws -> DatabaseLab {
        let (parent, migrations) = (try absolute(parent), try absolute(migrations))
        var template = Array("\(parent)/cryptoflow-lab-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw LabFailure("cannot make a folder in \(parent): \(String(cString: strerror(errno)))")
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // PostgreSQL may run as another user.
        chmod(folder, 0o755)
        var options = PrivateCluster.Options(folderRemovedAfterwards: folder)
        options.settings = .standard.merging(extra)
        do {
            let cluster = PrivateCluster(
                home: try CryptoflowHome(path: folder + "/home"), options: options, logger: Self.logger)
            let address = try await cluster.start()
            return DatabaseLab(folder: folder, cluster: cluster, migrations: migrations, address: address)
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    private static func absolute(_ folder: String) throws -> String {
        guard let path = realpath(folder, nil) else {
            throw LabFailure("the folder \(folder) cannot be used: \(String(cString: strerror(errno)))")
        }
        defer { free(path) }
        return String(cString: path)
    }

    package func close() async {
        await cluster.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// An empty database with the project's tables; the URL of its owner.
    package func makeDatabase(_ name: String) async throws -> String {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: address.url(database: "postgres")))
        _ = try await connection.script("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'")
        await connection.close()
        let url = address.url(database: name)
        try await DatabaseSetup.prepare(
            ownerURL: url, warehousePassword: CryptoflowHome.randomSecret(), migrationsDirectory: migrations)
        return url
    }

    package static var logger: Logger {
        var logger = Logger(label: "lab", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .error
        return logger
    }
}
