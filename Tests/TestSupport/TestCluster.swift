import FoundationEssentials
import Glibc
import Logging
package import PrivateCluster

/// The PostgreSQL of a test process: one private cluster in a temporary folder, started by the first test that asks.
///
/// Nothing has to stop it: its watchdog ends it and removes the folder when the test process is gone, however it went.
package actor TestCluster {
    /// The cluster of this process.
    package static let shared = TestCluster()

    private var cluster: PrivateCluster?
    private var running: Task<(ClusterAddress, PostgresBinaries), any Error>?
    private var templates: [String: Task<Void, any Error>] = [:]
    private var lastNumber = 0

    /// The address; starts the cluster when it does not run yet.
    package func address() async throws -> ClusterAddress { try await start().0 }

    /// A URL for libpq of a database, which need not exist (`postgres` always does).
    ///
    /// With more patience than usual: beside hundreds of tests, the server may take seconds to start a session.
    package func url(database: String = "postgres") async throws -> String {
        try await address().url(database: database) + "&connect_timeout=60"
    }

    /// Creates an empty database with a name of its own and returns the name.
    package func makeDatabase() async throws -> String {
        lastNumber += 1
        let name = "test_\(lastNumber)"
        try await execute("CREATE DATABASE \(name) TEMPLATE template0")
        return name
    }

    /// Creates a database as a copy of a template.
    ///
    /// The first call for a template's name makes it, with `prepare`, which gets its URL and must have closed its
    /// connections when it returns; the others wait for it and then take a copy, which is faster than preparing each
    /// (with migrations, say).
    package func makeDatabase(
        like template: String, prepare: @escaping @concurrent @Sendable (_ url: String) async throws -> Void
    ) async throws -> String {
        if templates[template] == nil {
            // Awaited by every caller for this template, below.
            templates[template] = Task {
                try await self.execute("CREATE DATABASE template_\(template) TEMPLATE template0")
                try await prepare(self.url(database: "template_\(template)"))
            }
        }
        try await templates[template]?.value
        lastNumber += 1
        let name = "test_\(lastNumber)"
        try await execute("CREATE DATABASE \(name) TEMPLATE template_\(template)")
        return name
    }

    /// Drops a database with its connections.
    package func drop(database: String) async throws {
        try await execute("DROP DATABASE IF EXISTS \(database) WITH (FORCE)")
    }

    /// Runs statements with psql and returns its unaligned output without headers.
    ///
    /// Several statements are one transaction. Throws `TestClusterError` with psql's message.
    @discardableResult
    package func execute(_ sql: String, database: String = "postgres") async throws -> String {
        let (address, binaries) = try await start()
        let result = try await ChildProcess.run(
            binaries.psql,
            [
                "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command=\(sql)",
                address.url(database: database),
            ])
        guard result.status == .exited(0) else { throw TestClusterError(description: result.output) }
        return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
    }

    private func start() async throws -> (ClusterAddress, PostgresBinaries) {
        if let running { return try await running.value }
        // Awaited right here and by every later caller.
        let task = Task {
            let folder = try TemporaryFolder.make(prefix: "cryptoflow-test")
            let options = PrivateCluster.Options(
                settings: .tests, syncsInitialization: false, folderRemovedAfterwards: folder)
            var logger = Logger(label: "test.cluster")
            logger.logLevel = .warning
            let cluster = PrivateCluster(home: try CryptoflowHome(path: folder), options: options, logger: logger)
            let address = try await cluster.start()
            self.cluster = cluster
            return (address, try await PostgresBinaries.find())
        }
        running = task
        return try await task.value
    }

}

/// What psql said.
package struct TestClusterError: Error, CustomStringConvertible {
    /// psql's output.
    package let description: String

    /// Makes an error with this text.
    package init(description: String) { self.description = description }
}

/// Folders for tests, in the system's temporary folder.
package enum TemporaryFolder {
    /// Makes a new folder that the user `postgres` can pass through, and returns its absolute path.
    package static func make(prefix: String = "cryptoflow") throws -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        // A random name in a sticky folder; mkdir fails on one that exists.
        let path = "\(base)/\(prefix)-\(UInt64.random(in: .min ... .max))"
        guard mkdir(path, 0o711) == 0 else { throw TestClusterError(description: "cannot create \(path)") }
        return path
    }

    /// Makes a folder, runs the body, and removes the folder.
    package static func with(
        prefix: String = "cryptoflow", _ body: (String) async throws -> Void
    ) async throws {
        let folder = try make(prefix: prefix)
        defer { remove(folder) }
        try await body(folder)
    }

    /// Writes a program that can be run at once.
    ///
    /// Another process writes it: a file that this process has open for writing is inherited for a moment by every child
    /// that is being spawned, and cannot be run meanwhile ("text file busy").
    package static func writeScript(_ text: String, to path: String) async throws {
        let result = try await ChildProcess.run(
            "/bin/sh", ["-c", "printf '%s' \"$1\" > \"$2\" && chmod 755 \"$2\"", "sh", text, path])
        guard result.status == .exited(0) else { throw TestClusterError(description: result.output) }
    }

    /// Removes a folder with its contents; errors are ignored.
    package static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
