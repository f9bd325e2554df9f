import Glibc
import Logging
import TestSupport

@testable import PrivateCluster

/// A home in a temporary folder, and what the tests do with its cluster.
struct ScratchHome: Sendable {
    let home: CryptoflowHome
    let folder: String

    /// Makes a folder, runs the body, and removes the folder; what the body starts, the body stops.
    static func with(
        named name: String = "home", _ body: @Sendable (ScratchHome) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder.make(prefix: "cryptoflow-cluster")
        defer { TemporaryFolder.remove(folder) }
        try await body(ScratchHome(home: CryptoflowHome(path: folder + "/" + name), folder: folder))
    }

    func cluster(settings: ClusterSettings = .tests) -> PrivateCluster {
        var logger = Logger(label: "test.cluster")
        logger.logLevel = .critical
        let options = PrivateCluster.Options(
            settings: settings, syncsInitialization: false, startTimeoutSeconds: 40, folderRemovedAfterwards: folder)
        return PrivateCluster(home: home, options: options, logger: logger)
    }

    /// Starts a cluster, runs the body, stops it whatever happens.
    func running(_ body: @Sendable (PrivateCluster, ClusterAddress) async throws -> Void) async throws {
        let cluster = cluster()
        let address = try await cluster.start()
        do {
            try await body(cluster, address)
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// A server that nobody of ours owns, as a `kill -9` of its owner leaves it; returns once it is ready.
    func startForsakenServer() async throws -> ChildProcess {
        let user = try ClusterUser.forThisProcess()
        let binaries = try await PostgresBinaries.find()
        let (program, arguments) = try user.command(binaries.postgres, ["-D", home.postgres])
        let log = try PostgresLog.open(home.postgresLog)
        defer { close(log.descriptor) }
        let server = try ChildProcess(program, arguments, output: .descriptor(log.descriptor))
        while PostmasterFile(dataDirectory: home.postgres).map({ $0.processID != server.id || $0.status != "ready" })
            ?? true
        {
            if let status = await server.wait(atMostMilliseconds: 5) {
                throw TestClusterError(description: "the server ended: \(status)")
            }
        }
        return server
    }

    /// Runs statements with psql; returns its output.
    @discardableResult
    static func sql(_ statements: String, at address: ClusterAddress) async throws -> String {
        let binaries = try await PostgresBinaries.find()
        let result = try await ChildProcess.run(
            binaries.psql, ["-XqtA", "-v", "ON_ERROR_STOP=1", "-c", statements, address.url(database: "postgres")])
        guard result.status == .exited(0) else { throw TestClusterError(description: result.output) }
        return String(result.output.prefix { $0 != "\n" })
    }

    /// What lies at a path: its mode's permission bits.
    static func permissions(_ path: String) -> mode_t? {
        FileSystem.information(path, followingLinks: false).map { $0.st_mode & 0o777 }
    }
}
