import FoundationEssentials
package import PostgresClient

/// Makes a database ready: the role of SQL tasks, then the tables.
package enum DatabaseSetup {
    /// The role that SQL tasks and market operators use: it cannot write run history.
    package static let warehouseRole = "cryptoflow_warehouse"

    /// Creates the warehouse's role if it is missing, sets its password unless that is nil, and applies pending migrations.
    ///
    /// May be repeated, and run by several programs at once.
    ///
    /// - Parameters:
    ///   - ownerURL: of the database, under a role that owns it and may create roles.
    ///   - migrationsDirectory: the folder of the numbered SQL files.
    /// - Returns: the names of the migrations that were applied.
    /// - Throws: `PostgresError` with a sentence that says what to do.
    @discardableResult
    package static func prepare(
        ownerURL: String, warehousePassword: String?, migrationsDirectory: String
    ) async throws -> [String] {
        let migrator = try Migrator(directory: URL(fileURLWithPath: migrationsDirectory, isDirectory: true))
        let connection = try await PostgresConnection.connect(try PostgresSettings(url: ownerURL))
        do {
            try await prepareRole(connection, password: warehousePassword)
            let applied = try await migrator.migrate(connection)
            await connection.close()
            return applied.map(\.name)
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Creates the warehouse's role if it is missing, sets its password unless that is nil, and lets it into the
    /// connection's database.
    package static func prepareRole(_ connection: PostgresConnection, password: String?) async throws {
        // Roles belong to the whole cluster but locks to one database: programs of two databases may collide.
        var attempts = 1
        while true {
            do {
                return try await prepareRoleOnce(connection, password: password)
            } catch let error as PostgresError where attempts < 10 && isCollision(error) {
                attempts += 1
                try await Task.sleep(for: .milliseconds(20 * attempts))
            }
        }
    }

    /// Whether another program made or changed the role meanwhile.
    ///
    /// Depending on the moment, PostgreSQL says that the role exists (42710), that its name is not unique, or "tuple
    /// concurrently updated", which has no code of its own but that of an internal error.
    private static func isCollision(_ error: PostgresError) -> Bool {
        error.isUniqueViolation || ["42710", "XX000"].contains(error.sqlState?.rawValue)
    }

    private static func prepareRoleOnce(_ connection: PostgresConnection, password: String?) async throws {
        do {
            try await connection.withTransaction { transaction in
                // DDL takes no parameters: the server itself quotes the password.
                _ = try await transaction.query(
                    "SELECT set_config('cryptoflow.setup', coalesce($1, ''), true)", [password])
                _ = try await transaction.script(
                    """
                    DO $$
                    BEGIN
                        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '\(warehouseRole)') THEN
                            CREATE ROLE \(warehouseRole) LOGIN;
                        END IF;
                        IF current_setting('cryptoflow.setup') <> '' THEN
                            EXECUTE format(
                                'ALTER ROLE \(warehouseRole) LOGIN PASSWORD %L', current_setting('cryptoflow.setup'));
                        END IF;
                        EXECUTE format('GRANT CONNECT ON DATABASE %I TO \(warehouseRole)', current_database());
                        -- To end the sessions of attempts whose scheduler is gone.
                        IF NOT pg_has_role(current_user, '\(warehouseRole)', 'USAGE') THEN
                            EXECUTE format('GRANT \(warehouseRole) TO %I', current_user);
                        END IF;
                    END $$;
                    """)
            }
        } catch let error as PostgresError where error.sqlState == .insufficientPrivilege {
            throw PostgresError(
                .migration,
                """
                the role \(warehouseRole), under which SQL tasks run, cannot be prepared: the user of the database URL may \
                not create roles. Let a superuser run: ALTER ROLE <that user> CREATEROLE (and, if the role exists \
                already: GRANT \(warehouseRole) TO <that user> WITH ADMIN OPTION)
                """, sqlState: error.sqlState)
        }
    }
}
