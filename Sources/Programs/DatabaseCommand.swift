package import ArgumentParser
import CivilTime
import Commands
import DAGModel
import FoundationEssentials
import Hosting
import PostgresClient

/// `cryptoflow db …`.
package struct DatabaseCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "db", abstract: "The database: its URL, its migrations, its backups, what it forgets.",
        subcommands: [
            URLCommand.self, MigrateCommand.self, StatusCommand.self, BackupCommand.self, RestoreCommand.self,
            DatabasePrune.self,
        ])

    package init() {}

    /// `cryptoflow db url`.
    struct URLCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "url", abstract: "Prints the URL of the database, for psql.",
            discussion: "It holds the password. Example: psql \"$(cryptoflow db url)\"")

        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            print(try DatabaseAddress.resolve(database.target).ownerURL)
        }
    }

    /// `cryptoflow db migrate`.
    struct MigrateCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "migrate", abstract: "Brings the tables up to date.",
            discussion: "`standalone` and `cryptoflow-scheduler` do this at their start.")

        @OptionGroup var database: DatabaseOptions
        @OptionGroup var migrations: MigrationsOption

        func run() async throws {
            let installation = try migrations.installation()
            let address = try DatabaseAddress.resolve(database.target)
            let applied = try await WarehouseAccess(home: try database.preparedHome()).prepare(
                ownerURL: address.ownerURL, migrations: try installation.migrations())
            if applied.isEmpty { print("nothing to do: the tables are up to date") }
            for name in applied { print("applied \(name)") }
        }
    }

    /// `cryptoflow db status`.
    struct StatusCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Shows which migrations are applied; exits 1 when some are pending.",
            discussion: """
                Example:
                  cryptoflow db status --output json
                """)

        @OptionGroup var database: DatabaseOptions
        @OptionGroup var migrations: MigrationsOption
        @OptionGroup var options: OutputOptions

        func run() async throws {
            let installation = try migrations.installation()
            let address = try DatabaseAddress.resolve(database.target)
            let migrator = try Migrator(
                directory: URL(filePath: try installation.migrations(), directoryHint: .isDirectory))
            let connection = try await PostgresConnection.connect(PostgresSettings(url: address.ownerURL))
            let status: MigrationStatus
            do {
                status = try await migrator.status(connection)
            } catch {
                await connection.close()
                throw error
            }
            await connection.close()
            try options.write(Self.json(status)) { _ in
                let applied = status.applied.map { "applied  \($0.name)  \($0.appliedAt.iso8601)" }
                return (applied + status.pending.map { "pending  \($0.name)" }).joined(separator: "\n")
            }
            if !status.isCurrent { throw ExitCode.failure }
        }

        private static func json(_ status: MigrationStatus) -> JSONValue {
            [
                "is_current": .bool(status.isCurrent),
                "applied": .array(
                    status.applied.map { ["name": .string($0.name), "applied_at": .string($0.appliedAt.iso8601)] }),
                "pending": .array(status.pending.map { .string($0.name) }),
            ]
        }
    }
}
