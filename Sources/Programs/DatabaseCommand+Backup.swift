import ArgumentParser
import CivilTime
import Commands
import FoundationEssentials
import Hosting
import Logging
import PrivateCluster

extension DatabaseCommand {
    /// `cryptoflow db backup`.
    struct BackupCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup", abstract: "Writes the whole database into one file.",
            discussion: """
                History, market data and models; work may go on meanwhile. The file appears under its name only when it is \
                complete, readable by you alone. It is PostgreSQL's own format (pg_dump -Fc), which every later major version \
                restores. A home whose database does not run is started for it and stopped again.

                Not in it: task logs, `secrets` and `state.json` of the home; copy those as files.
                """)

        @OptionGroup var database: DatabaseOptions
        @Argument(help: ArgumentHelp("The file; it must not exist.", valueName: "file")) var file: String

        func run() async throws {
            guard !FileManager.default.fileExists(atPath: file) else {
                throw Refusal("\(file) exists: name another file")
            }
            try await BackupTarget.open(database.target) { url in
                let backup = try await DatabaseBackup(ownerURL: url)
                let size = try await backup.write(to: file)
                print("wrote \(file), \(BackupTarget.text(bytes: size))")
            }
        }
    }

    /// `cryptoflow db restore`.
    struct RestoreCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restore", abstract: "Puts a backup in the place of the database.",
            discussion: """
                The backup is restored beside the present database and brought up to date; only then it takes its name. The \
                present one is kept as NAME_before_TIME, until you drop it. Stop `standalone` and schedulers first.

                Over major versions of PostgreSQL: `cryptoflow db backup` with the old one; stop; move the home's folder \
                `postgres` away; install the new one; `cryptoflow db restore`, which makes a new cluster.
                """)

        @OptionGroup var database: DatabaseOptions
        @Argument(help: ArgumentHelp("A file that `db backup` wrote.", valueName: "file")) var file: String
        @Flag(help: "Put a database that holds a history aside.") var replace = false
        @OptionGroup var migrations: MigrationsOption

        func run() async throws {
            let path = try CryptoflowHome(path: database.target.home).path
            let isNew = !FileManager.default.fileExists(atPath: path)
            do {
                try await restore()
            } catch {
                // A home that was made for it alone holds nothing: left behind, it would look like one that was started.
                if isNew, database.target.url == nil { try? FileManager.default.removeItem(atPath: path) }
                throw error
            }
        }

        private func restore() async throws {
            let installation = try migrations.installation()
            let home = try database.preparedHome()
            if database.target.url == nil { try await chooseFeed(of: home) }
            let access = try WarehouseAccess(home: home)
            try await BackupTarget.open(database.target, isRestore: true) { url in
                let restored = try await DatabaseBackup(ownerURL: url).restore(
                    from: file, replaces: replace, access: access, migrations: try installation.migrations(),
                    now: .now())
                for name in restored.migrations { print("applied \(name)") }
                print("restored \(file)")
                if let kept = restored.kept { print("the database from before is kept as \(kept)") }
            }
        }

        /// A new home takes the feed that the backup's database belongs to.
        private func chooseFeed(of home: CryptoflowHome) async throws {
            var state = try HomeState.load(home)
            guard state.feed == nil else { return }
            guard let feed = try await DatabaseBackup.feed(of: file) else {
                throw Refusal(
                    "the home \(home.path) is new, and \(file) does not tell whether its data were live or recorded: "
                        + "restore into a home that was started once, or into --database URL")
            }
            state.feed = feed
            state[feed].isFilled = true
            try state.save(home)
        }
    }
}

/// The server that a backup or a restoring works on.
private enum BackupTarget {
    /// Calls `body` with the owner's URL.
    ///
    /// A home's own cluster that does not run is started before and stopped afterwards; one that runs is used for a
    /// backup, and refused for restoring, since its programs are at work.
    static func open(
        _ target: DatabaseTarget, isRestore: Bool = false, _ body: (String) async throws -> Void
    ) async throws {
        if let url = target.url { return try await body(url) }
        let home = try CryptoflowHome(path: target.home)
        guard FileManager.default.fileExists(atPath: home.path) else {
            throw Refusal("there is no home at \(home.path): name one with --home, or a database with --database URL")
        }
        if let running = try? PrivateCluster.runningAddress(home: home) {
            if isRestore {
                throw Refusal("the home \(home.path) is in use: stop its `cryptoflow standalone`, then restore")
            }
            return try await body(running.url(database: try feed(home).database))
        }
        let database = try feed(home).database
        var logger = Logger(label: "backup")
        logger.logLevel = .warning
        let cluster = PrivateCluster(home: home, logger: logger)
        do {
            let address = try await cluster.start()
            try await body(address.url(database: database))
        } catch {
            await Task { await cluster.stop() }.value
            throw error
        }
        await cluster.stop()
    }

    private static func feed(_ home: CryptoflowHome) throws -> HomeState.Feed {
        guard let feed = try HomeState.load(home).feed else {
            throw Refusal("the home \(home.path) was never started: run `cryptoflow standalone` first")
        }
        return feed
    }

    static func text(bytes: Int64) -> String {
        if bytes < 1_000_000 { return "\((bytes + 999) / 1_000) kB" }
        return "\((bytes + 50_000) / 1_000_000).\((bytes + 50_000) / 100_000 % 10) MB"
    }
}
