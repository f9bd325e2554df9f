import CivilTime
package import FoundationEssentials

/// Brings a database to the version of the program by numbered SQL files, forward only.
///
/// Each file is one transaction, together with its row in `schema_migration`. A file is never edited once applied; its
/// checksum is compared. An advisory lock keeps two programs from migrating at once: the second waits and then finds
/// nothing to do. Statements that cannot run in a transaction (CREATE INDEX CONCURRENTLY) are not possible.
package struct Migrator: Sendable {
    private let migrations: [Migration]
    private let schema: String

    /// Reads the files of a directory.
    ///
    /// - Parameter schema: where the table `schema_migration` is; created if it does not exist.
    /// - Throws: ``PostgresError`` of kind `migration`; see ``Migration/read(directory:)``.
    package init(directory: URL, schema: String = "public") throws(PostgresError) {
        self.init(migrations: try Migration.read(directory: directory), schema: schema)
    }

    /// A migrator for migrations that have been read already.
    package init(migrations: [Migration], schema: String = "public") {
        self.migrations = migrations
        self.schema = schema
    }

    private var table: String { PostgresConnection.quoted(schema) + ".schema_migration" }

    /// What the database has and what it lacks.
    ///
    /// Changes nothing.
    ///
    /// - Throws: ``PostgresError`` of kind `migration` when files and database do not belong together.
    package func status(_ session: some PostgresSession) async throws -> MigrationStatus {
        let found: String? = try await session.query("SELECT to_regclass($1)::text", [table]).first?.decode(0)
        guard found != nil else { return MigrationStatus(applied: [], pending: migrations) }
        let rows = try await session.query(
            "SELECT version, name, checksum, applied_at, took_ms FROM \(table) ORDER BY version")
        let applied = try rows.map { row in
            AppliedMigration(
                version: try row.decode(0), name: try row.decode(1), checksum: try row.decode(2),
                appliedAt: try row.decode(3), tookMilliseconds: try row.decode(4))
        }
        try check(applied)
        return MigrationStatus(applied: applied, pending: Array(migrations.dropFirst(applied.count)))
    }

    /// For programs that only check: passes when the database is of just this version.
    ///
    /// - Throws: ``PostgresError`` of kind `migration` naming what is pending, or what ``status(_:)`` throws.
    package func ensureCurrent(_ session: some PostgresSession) async throws {
        let status = try await status(session)
        guard let first = status.pending.first else { return }
        let from = status.applied.last.map { "at \(Migration.padded($0.version))" } ?? "empty"
        let more = status.pending.count > 1 ? " and \(status.pending.count - 1) more" : ""
        throw Migration.failure(
            "the database is \(from) and lacks \(first.fileName)\(more): apply the migrations before starting this program"
        )
    }

    /// Applies what is pending.
    ///
    /// - Returns: what was applied, in order; empty when the database was current.
    /// - Throws: ``PostgresError`` of kind `migration` naming file and line; the migrations before it stay applied.
    @discardableResult
    package func migrate(_ connection: PostgresConnection) async throws -> [AppliedMigration] {
        try await lock(connection)
        let result: Result<[AppliedMigration], any Error>
        do {
            result = .success(try await applyPending(connection))
        } catch {
            result = .failure(error)
        }
        await unlock(connection)
        return try result.get()
    }

    // MARK: - Comparing files and database

    private func check(_ applied: [AppliedMigration]) throws(PostgresError) {
        if let newest = applied.last, newest.version > migrations.count {
            throw Migration.failure(
                "the database is of a newer version (\(Migration.padded(newest.version))), this program knows up to "
                    + "\(Migration.padded(migrations.count)): upgrade the program")
        }
        for (index, entry) in applied.enumerated() {
            guard entry.version == index + 1 else {
                throw Migration.failure(
                    "the database has migration \(Migration.padded(entry.version)) but not "
                        + "\(Migration.padded(index + 1)): its table \(table) was changed by hand; restore it")
            }
            let migration = migrations[index]
            guard entry.checksum == migration.checksum else {
                throw Migration.failure(
                    "\(migration.fileName) was edited after it had been applied on \(entry.appliedAt.iso8601): "
                        + "restore the file, and put the change into a new migration")
            }
        }
    }

    // MARK: - Applying

    /// The advisory lock's key: schemas of one database are migrated independently.
    private static let lockQuery = "(hashtextextended('schema_migration ' || $1, 0))"

    private func lock(_ connection: PostgresConnection) async throws {
        try await connection.query("SELECT pg_advisory_lock\(Self.lockQuery)", [schema])
    }

    /// Also in a cancelled task; the lock would otherwise stay with the connection.
    private func unlock(_ connection: PostgresConnection) async {
        do {
            _ = try await connection.query(
                PostgresStatement("SELECT pg_advisory_unlock\(Self.lockQuery)", [schema]), timeout: .seconds(5),
                owner: nil,
                isCancellable: false)
        } catch {
            await connection.close()
        }
    }

    private func applyPending(_ connection: PostgresConnection) async throws -> [AppliedMigration] {
        let pending = try await status(connection).pending
        if pending.isEmpty { return [] }
        try await connection.script(
            """
            CREATE SCHEMA IF NOT EXISTS \(PostgresConnection.quoted(schema));
            CREATE TABLE IF NOT EXISTS \(table) (
                version int PRIMARY KEY,
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                took_ms int NOT NULL
            )
            """)
        var applied: [AppliedMigration] = []
        for migration in pending { applied.append(try await apply(migration, connection)) }
        return applied
    }

    private func apply(_ migration: Migration, _ connection: PostgresConnection) async throws -> AppliedMigration {
        let start = ContinuousClock.now
        return try await connection.withTransaction { transaction in
            let before = try await transactionNumber(transaction)
            do {
                try await transaction.script(migration.sql)
            } catch let error as PostgresError {
                throw Self.failure(of: migration, error)
            }
            // COMMIT in the file would leave half of it without the row that says so.
            guard await connection.isInTransaction, try await transactionNumber(transaction) == before else {
                throw Migration.failure(
                    "\(migration.fileName) contains BEGIN, COMMIT or ROLLBACK: each migration is one transaction already. "
                        + "What it committed stays; repair the database by hand")
            }
            let (seconds, attoseconds) = start.duration(to: .now).components
            let milliseconds = Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
            let rows = try await transaction.query(
                """
                INSERT INTO \(table) (version, name, checksum, took_ms) VALUES ($1, $2, $3, $4) RETURNING applied_at
                """, [Int32(clamping: migration.version), migration.name, migration.checksum, milliseconds])
            guard let appliedAt: Timestamp = try rows.first?.decode(0) else {
                throw Migration.failure("\(table) did not accept the row of \(migration.fileName)")
            }
            return AppliedMigration(
                version: migration.version, name: migration.name, checksum: migration.checksum, appliedAt: appliedAt,
                tookMilliseconds: Int(milliseconds))
        }
    }

    private func transactionNumber(_ transaction: PostgresTransaction) async throws -> String {
        try await transaction.query("SELECT pg_current_xact_id()::text").first?.decode(0) ?? ""
    }

    /// The server's error with the file and the line: where the server says it is, or where its statement begins.
    private static func failure(of migration: Migration, _ error: PostgresError) -> PostgresError {
        var failure = error
        if error.isConnectionLost {
            failure.message = "\(migration.fileName) was not applied: \(error.message)"
            return failure
        }
        failure.kind = .migration
        let place: String
        if let position = error.position {
            let line = migration.sql.unicodeScalars.prefix(max(position - 1, 0)).reduce(1) { $1 == "\n" ? $0 + 1 : $0 }
            place = "line \(line)"
        } else if let index = error.statementIndex, let starts = SQLScript.statementStarts(migration.sql),
            starts.indices.contains(index)
        {
            place = "statement from line \(SQLScript.line(ofOffset: starts[index], in: migration.sql))"
        } else {
            place = "statement \((error.statementIndex ?? 0) + 1)"
        }
        failure.message = "\(migration.fileName), \(place): \(error.message)"
        failure.statementLabel = nil
        return failure
    }
}
