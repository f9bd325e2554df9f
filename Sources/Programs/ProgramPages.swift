import CivilTime
import Execution
import Hosting
import LogFiles
import Logging
import ModelRegistry
import PostgresClient
import PrivateCluster
import RunStore
import Warehouse
import WebServer

/// The pages over a database and a home, as every program that serves them puts them together.
struct ProgramPages {
    let history: PostgresRunStore
    /// Under the role of the warehouse.
    let warehouse: PostgresPool
    let home: CryptoflowHome
    /// The real-time path of this process; nil when there is none.
    let live: LivePath?
    /// What task logs must not show.
    let secrets: SecretMask
    /// The clock of the market data.
    var present: @Sendable () -> Timestamp = { .now() }

    /// - Parameter onListening: called once, when connections are accepted, with the port.
    func service(
        _ configuration: WebServerConfiguration, onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) throws -> WebServerService {
        try WebServerService(
            history: history,
            markets: WarehousePages(queries: MarketQueries(session: warehouse), present: present),
            models: RegistryPages(
                queries: ModelQueries(session: warehouse), predictions: PredictionQueries(session: warehouse)),
            logs: TaskLogDirectory(root: home.taskLogs, mask: secrets), live: live,
            programLogs: LogSearch(folder: home.logs),
            configuration: configuration, logger: Logger(label: "web"), onListening: onListening)
    }
}
