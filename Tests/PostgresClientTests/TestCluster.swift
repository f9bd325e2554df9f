import CLinux
import FoundationEssentials
import Glibc
import PostgresClient
import Synchronization

/// A private PostgreSQL for this test process: made when first asked for, gone when the process ends.
///
/// It has no TCP port; its Unix socket is in its own directory. The server ends with this process even when that is
/// killed, because a small shell holds the read end of a pipe and stops the server at its end.
actor TestCluster {
    static let shared = TestCluster()

    private var started: Task<PostgresSettings, any Error>?

    /// Settings for the cluster's `postgres` database.
    func settings() async throws -> PostgresSettings {
        if let started { return try await started.value }
        // Awaited by every test that needs a database.
        let task = Task { @concurrent in try await Self.start() }
        started = task
        return try await task.value
    }

    /// Settings for a new, empty database.
    func newDatabase(_ function: String = #function) async throws -> PostgresSettings {
        var settings = try await settings()
        let connection = try await PostgresConnection.connect(settings)
        let name = "t" + UUID().uuidString.lowercased().filter { $0 != "-" }
        try await connection.execute("CREATE DATABASE \(name)")
        await connection.close()
        settings.database = name
        return settings
    }

    private static let binaries = "/usr/lib/postgresql/15/bin"

    private static func start() async throws -> PostgresSettings {
        let directory = "/tmp/cf-pg-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        guard mkdir(directory, 0o700) == 0 else { throw ClusterError(description: "cannot create \(directory)") }
        // PostgreSQL refuses to run as root.
        var prefix = ""
        if getuid() == 0 {
            guard let entry = getpwnam("postgres") else { throw ClusterError(description: "no user postgres") }
            chown(directory, entry.pointee.pw_uid, entry.pointee.pw_gid)
            prefix = "setpriv --reuid=postgres --regid=postgres --init-groups "
        }
        let script = """
            cd /
            {
              \(prefix)\(binaries)/initdb -D \(directory)/data -U test -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
                --no-instructions &&
              \(prefix)\(binaries)/pg_ctl -D \(directory)/data -w -t 60 -l \(directory)/log start \
                -o "-k \(directory) -c listen_addresses= -c fsync=off -c max_connections=200 -c shared_buffers=32MB"
            } > \(directory)/out 2>&1 < /dev/null || { cat \(directory)/out \(directory)/log; echo failed; exit 1; }
            echo ready
            exec > /dev/null 2>&1
            cat > /dev/null
            \(prefix)\(binaries)/pg_ctl -D \(directory)/data -m immediate -w stop
            rm -rf \(directory)
            """
        let output = try spawn(script)
        guard output.hasSuffix("ready\n") else {
            throw ClusterError(description: "PostgreSQL did not start:\n\(output)")
        }
        return PostgresSettings(host: directory, user: "test", database: "postgres", applicationName: "tests")
    }

    /// Starts the shell with a pipe as its standard input, which stays open until this process ends.
    private static func spawn(_ script: String) throws -> String {
        var input: [Int32] = [0, 0]
        var output: [Int32] = [0, 0]
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw ClusterError(description: "no pipe") }
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        // It lives as long as the tests: a socket that it inherited from another test would never be closed.
        cryptoflow_spawn_closing_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // A session of its own: an interrupt at the terminal must not stop the shell before its work is done.
        posix_spawnattr_setflags(&attributes, 0x80)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(script), nil]
        defer { arguments.forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &arguments, nil)
        close(input[0])
        close(output[1])
        guard code == 0 else { throw ClusterError(description: "no shell: \(code)") }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.suffix(6) != Array("ready\n".utf8)[...] {
            let count = read(output[0], &buffer, buffer.count)
            if count <= 0 { break }
            text += buffer[..<count]
        }
        close(output[0])
        return String(decoding: text, as: UTF8.self)
    }
}

struct ClusterError: Error, CustomStringConvertible {
    let description: String
}

/// A connection to a new database of its own.
func freshConnection() async throws -> PostgresConnection {
    try await PostgresConnection.connect(try await TestCluster.shared.newDatabase())
}

/// A connection to the shared database, for tests that leave nothing behind.
func sharedConnection() async throws -> PostgresConnection {
    try await PostgresConnection.connect(try await TestCluster.shared.settings())
}
