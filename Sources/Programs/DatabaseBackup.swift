import CivilTime
import FoundationEssentials
import Glibc
import Hosting
import PostgresClient
import PrivateCluster
import RunStore

/// A database in a file, and back: PostgreSQL's own dump, which every later major version restores.
struct DatabaseBackup: Sendable {
    private let settings: PostgresSettings
    private let binaries: PostgresBinaries

    /// The database of a running server.
    init(ownerURL: String) async throws {
        settings = try PostgresSettings(url: ownerURL)
        binaries = try await PostgresBinaries.find()
    }

    private var databaseName: String { settings.database ?? settings.user ?? "postgres" }

    // MARK: - Backup

    /// Writes the whole database; the file appears under its name only when it is complete and on the disk.
    ///
    /// - Returns: its size in bytes.
    /// - Throws: ``Refusal`` with PostgreSQL's words.
    func write(to path: String) async throws -> Int64 {
        let partial = path + ".partial"
        // Created by us, so that nobody else can read it while it grows.
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Refusal("\(partial) cannot be written: \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        do {
            try await run(
                binaries.dump,
                ["--format=custom", "--no-password", "--file=\(partial)", "--dbname=\(databaseName)"] + address)
            // A file that cannot be listed could not be restored either.
            try await run(binaries.restore, ["--list", partial])
        } catch {
            unlink(partial)
            throw error
        }
        try Self.sync(partial)
        guard rename(partial, path) == 0 else {
            throw Refusal("\(path) cannot be written: \(String(cString: strerror(errno))); the backup is in \(partial)")
        }
        var facts = stat()
        return stat(path, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw Refusal("\(path) could not be brought to the disk: \(String(cString: strerror(errno)))")
        }
    }

    // MARK: - Restore

    /// The feed whose database a backup holds; nil when its database had another name.
    static func feed(of path: String) async throws -> HomeState.Feed? {
        try check(path)
        let program = try await PostgresBinaries.find().restore
        let list = try await ChildProcess.run(
            "/bin/sh", ["-c", "\"$1\" --list \"$2\" | head -n 20", "sh", program, path])
        for line in list.output.split(separator: "\n") {
            guard let name = line.split(separator: "dbname: ").last, line.contains("dbname: ") else { continue }
            return HomeState.Feed.allCases.first { $0.database == name }
        }
        return nil
    }

    /// What a restoring came to.
    struct Restored: Sendable {
        /// The name under which the database from before is kept; nil when there was none.
        let kept: String?
        /// The migrations that were applied to bring an older backup up to date.
        let migrations: [String]
    }

    /// Restores into a new database, brings its tables up to date, and only then puts it in the place of the old one, which
    /// is kept under another name.
    ///
    /// - Parameter replaces: whether a database that holds tables of ours may be put aside.
    func restore(
        from path: String, replaces: Bool, access: WarehouseAccess, migrations: String, now: Timestamp
    ) async throws -> Restored {
        try Self.check(path)
        let name = databaseName
        let admin = try await PostgresConnection.connect(sibling("postgres"))
        do {
            let restored = try await restore(
                path, as: name, replaces: replaces, access: access, migrations: migrations, now: now, admin)
            await admin.close()
            return restored
        } catch {
            await admin.close()
            throw error
        }
    }

    private func restore(
        _ path: String, as name: String, replaces: Bool, access: WarehouseAccess, migrations: String, now: Timestamp,
        _ admin: PostgresConnection
    ) async throws -> Restored {
        let exists = try await !admin.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]).isEmpty
        if exists { try await checkReplaceable(name, replaces: replaces) }
        let mark = now.iso8601.filter { $0.isNumber || $0 == "T" }
        let fresh = "\(name)_restoring_\(mark)"
        try await admin.script(
            "CREATE DATABASE \(PostgresConnection.quoted(fresh)) TEMPLATE template0 ENCODING 'UTF8'")
        let applied: [String]
        do {
            // Privileges in the dump name the role.
            let connection = try await PostgresConnection.connect(sibling(fresh))
            do {
                try await DatabaseSetup.prepareRole(connection, password: access.password)
            } catch {
                await connection.close()
                throw error
            }
            await connection.close()
            try await run(
                binaries.restore,
                ["--exit-on-error", "--no-owner", "--no-password", "--dbname=\(fresh)"] + address + [path])
            // The search path belongs to a database and is not in its dump.
            try await admin.script(
                """
                ALTER DATABASE \(PostgresConnection.quoted(fresh))
                    SET search_path = flow, warehouse, history, public
                """)
            applied = try await access.prepare(
                ownerURL: DatabaseURL.url(
                    sibling(fresh), user: settings.user ?? "", password: settings.password ?? ""),
                migrations: migrations)
        } catch {
            _ = try? await admin.script(
                "DROP DATABASE IF EXISTS \(PostgresConnection.quoted(fresh)) WITH (FORCE)")
            throw error
        }
        var kept: String?
        if exists {
            let old = "\(name)_before_\(mark)"
            // Whoever is still connected, a psql say, would keep it from being renamed.
            _ = try await admin.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
                [name])
            try await admin.script(
                "ALTER DATABASE \(PostgresConnection.quoted(name)) RENAME TO \(PostgresConnection.quoted(old))")
            kept = old
        }
        try await admin.script(
            "ALTER DATABASE \(PostgresConnection.quoted(fresh)) RENAME TO \(PostgresConnection.quoted(name))")
        return Restored(kept: kept, migrations: applied)
    }

    private func checkReplaceable(_ name: String, replaces: Bool) async throws {
        let connection = try await PostgresConnection.connect(sibling(name))
        let holds: Bool
        let leader: String?
        do {
            holds = try await !connection.query("SELECT 1 WHERE to_regclass('flow.dag_run') IS NOT NULL").isEmpty
            leader =
                holds
                ? try await connection.query(
                    "SELECT host || ', process ' || pid FROM flow.scheduler_lease WHERE expires_at > clock_timestamp()"
                ).first?.decode(0) : nil
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        if let leader {
            throw Refusal("a scheduler leads on this database (\(leader)): stop it, then restore")
        }
        if holds && !replaces {
            throw Refusal(
                "the database \(name) holds a history: say --replace to put the backup in its place. It is kept under "
                    + "another name")
        }
    }

    private static func check(_ path: String) throws {
        guard let file = FileHandleReader.first(5, of: path) else {
            throw Refusal("\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        guard file == Array("PGDMP".utf8) else {
            throw Refusal("\(path) is not a backup: `cryptoflow db backup FILE` and `pg_dump -Fc` write them")
        }
    }

    // MARK: - PostgreSQL's programs

    private func sibling(_ database: String) -> PostgresSettings {
        var settings = settings
        settings.database = database
        settings.applicationName = "cryptoflow backup"
        return settings
    }

    private var address: [String] {
        var words: [String] = []
        if let host = settings.host { words.append("--host=\(host)") }
        if let port = settings.port { words.append("--port=\(port)") }
        if let user = settings.user { words.append("--username=\(user)") }
        return words
    }

    private func run(_ program: String, _ arguments: [String]) async throws {
        guard access(program, X_OK) == 0 else {
            throw Refusal("\(program) is missing: apt-get install postgresql-client-\(binaries.major)")
        }
        var environment = ChildProcess.plainEnvironment
        // Not an argument: those can be read by everyone on the machine.
        environment["PGPASSWORD"] = settings.password
        let result = try await ChildProcess.run(program, arguments, environment: environment)
        guard result.status == .exited(0) else {
            let words = result.output.split(separator: "\n").suffix(6).joined(separator: "\n       ")
            throw Refusal("\(program) failed (\(result.status)): \(words)")
        }
    }
}

/// The beginning of a file.
private enum FileHandleReader {
    static func first(_ count: Int, of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let got = read(descriptor, &bytes, count)
        return got >= 0 ? Array(bytes[..<got]) : nil
    }
}
