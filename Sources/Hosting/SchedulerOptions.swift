package import ArgumentParser
package import Commands
import Execution
import FoundationEssentials
import HTTPClient
package import Logging
import PrivateCluster
import Scheduler
import SchedulerCore
package import ServiceLifecycle

/// The command line of `cryptoflow-scheduler`: a scheduler alone, on a database that exists.
package struct SchedulerOptions: ParsableArguments {
    @OptionGroup package var database: DatabaseOptions

    @OptionGroup package var folders: FolderOptions

    @Option(help: ArgumentHelp("Folder of task logs (default: logs/tasks in the home).", valueName: "dir"))
    package var logs: String?

    @Option(help: ArgumentHelp("Another address that speaks Upbit's REST dialect.", valueName: "url"))
    package var exchangeURL: String?

    @OptionGroup package var queues: OwnQueuesOption

    @OptionGroup package var retention: RetentionOptions

    package init() {}

    /// A scheduler as these options say, and what to close in the end.
    ///
    /// Throws a sentence when a folder is missing or the database cannot be used.
    package func open(
        terminal: Terminal, logger: Logger
    ) async throws -> (service: any Service, close: @Sendable () async -> Void) {
        let installation = try folders.installation()
        let (dags, migrations) = (try installation.dags(), try installation.migrations())
        var settings = SchedulerSettings()
        let environment = ProcessInfo.processInfo.environment
        settings.retention = try retention.settings(environment: environment)
        let address = try DatabaseAddress.resolve(database.target)
        let folder = try database.preparedHome()
        let backend = try await Backend.open(
            ownerURL: address.ownerURL, access: WarehouseAccess(home: folder, environment: environment),
            migrations: migrations, logger: logger)
        var source = MarketSource()
        source.upbitURL = exchangeURL
        let http = HTTPClient()
        settings.core.ownQueues = try queues.names
        let service = try await SchedulerProgram.service(
            backend: backend, dags: dags, logs: try taskLogs(folder), markets: source,
            environment: environment, http: http, settings: settings,
            observer: EventLines(terminal: terminal), guarded: try ProcessGuard(), logger: logger)
        return (
            service,
            {
                await backend.close()
                await http.shutDown()
            }
        )
    }

    private func taskLogs(_ home: CryptoflowHome) throws -> String {
        guard let logs else { return home.taskLogs }
        return try CryptoflowHome(path: logs).path
    }
}
