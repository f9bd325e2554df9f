package import ArgumentParser
import Commands
import Execution
import FoundationEssentials
import HTTPClient
import Hosting
import Logging
import PostgresClient
import PrivateCluster
import RunStore
import Workers

/// `cryptoflow worker`.
package struct WorkerCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Carries out tasks of other queues on this machine, or lists the workers.",
        discussion: """
            A worker needs nothing but the database's URL and a folder. Connections of tasks are read from its own \
            environment (CRYPTOFLOW_CONN_...). Tasks come to it by their `queue`; the scheduler itself carries out those of \
            the queue `default`, unless its --queues says otherwise. The logs of its tasks are stored in the database too.

            SIGTERM drains: running tasks go on to their end, no new ones are taken. A second SIGTERM stops them.

            Examples:
              cryptoflow worker --queues reports --concurrency 4 \\
                --database postgresql://flow@db/cryptoflow --home /srv/worker
              cryptoflow worker list
            """,
        subcommands: [WorkerRun.self, WorkerList.self], defaultSubcommand: WorkerRun.self)

    package init() {}
}

/// `cryptoflow worker [run] --queues …`.
struct WorkerRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Carry out tasks of the named queues (the default).",
        discussion: "Example: cryptoflow worker --queues reports,mail --concurrency 4")

    @OptionGroup var worker: WorkerOptions
    @OptionGroup var database: DatabaseOptions

    @Option(help: ArgumentHelp("Folder of task logs (default: logs/tasks in the home).", valueName: "dir"))
    var logs: String?

    @Option(help: ArgumentHelp("Another address that speaks Upbit's REST dialect.", valueName: "url"))
    var exchangeURL: String?

    @OptionGroup var migrations: MigrationsOption

    func run() async throws {
        let home = try database.preparedHome()
        let environment = ProcessInfo.processInfo.environment
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        let logger = Logger(label: "worker")
        // Here --home is a folder for logs: a URL in the environment still counts.
        let given = database.database ?? environment["CRYPTOFLOW_DATABASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
        let target = DatabaseTarget(url: given, home: database.target.home)
        let ownerURL = try DatabaseAddress.resolve(target).ownerURL
        try await check(ownerURL)
        let warehouseURL = try warehouseURL(home, ownerURL: ownerURL, environment: environment)
        let settings = try worker.settings()
        let host = WorkerHost(
            settings: settings, databaseURL: ownerURL, warehouseURL: warehouseURL,
            logs: try logs.map { try CryptoflowHome(path: $0).path } ?? home.taskLogs, environment: environment,
            version: Programs.version)
        var source = MarketSource()
        source.upbitURL = exchangeURL
        let http = HTTPClient()
        var pool = try PostgresSettings(url: warehouseURL)
        pool.applicationName = "cryptoflow warehouse"
        let warehouse = PostgresPool(
            pool, options: PostgresPoolOptions(maxConnections: 6, connectPatience: .seconds(30)))
        let lines = WorkerLines(terminal: Terminal(), settings: settings)
        do {
            try await host.run(observer: lines, logger: logger) { connections, store in
                OperatorKit(
                    connections: connections, http: http,
                    markets: SchedulerProgram.gateway(warehouse, source, http), runs: StoreInquiry(store)
                ).registry
            }
        } catch {
            await warehouse.close()
            await http.shutDown()
            throw error
        }
        await warehouse.close()
        await http.shutDown()
    }

    /// A worker brings no database up to date: others may be working in it.
    private func check(_ ownerURL: String) async throws {
        let installation = try migrations.installation()
        let migrator = try Migrator(
            directory: URL(filePath: try installation.migrations(), directoryHint: .isDirectory))
        let connection = try await PostgresConnection.connect(PostgresSettings(url: ownerURL))
        do {
            try await migrator.ensureCurrent(connection)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    /// The warehouse's password is where a scheduler shares this home, and is never made here: that would change it under
    /// the others.
    private func warehouseURL(
        _ home: CryptoflowHome, ownerURL: String, environment: [String: String]
    ) throws -> String {
        if environment["CRYPTOFLOW_CONN_WAREHOUSE"]?.isEmpty ?? true,
            let password = home.readSecret(name: WarehouseAccess.secretName)
        {
            return try WarehouseAccess.role(password: password).url(ownerURL: ownerURL)
        }
        return WorkerHost.warehouseURL(ownerURL: ownerURL, environment: environment)
    }
}
