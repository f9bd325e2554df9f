import Execution
import FoundationEssentials
import Glibc
import Hosting
import Logging
import PostgresClient
import PrivateCluster
import RunStore
import ServiceLifecycle
import WebServer

/// The pages of a streaming worker that runs alone: those of `standalone`, over the same database, with this worker's live
/// prices.
struct StreamPages: Sendable {
    /// The worker's services with the pages before the collectors, so that they stop after them.
    let services: [ServiceGroupConfiguration.ServiceConfiguration]
    private let history: PostgresRunStore
    private let pool: PostgresPool

    init(
        parts: StreamProgram.Parts, ownerURL: String, warehouseURL: String, home: CryptoflowHome, port: Int
    ) throws {
        history = try PostgresRunStore(url: ownerURL, logger: Logger(label: "history"), readers: 2)
        var settings = try PostgresSettings(url: warehouseURL)
        settings.applicationName = "cryptoflow pages"
        pool = PostgresPool(settings, options: PostgresPoolOptions(maxConnections: 4))
        var configuration = WebServerConfiguration(port: port, version: Programs.version)
        if try PostgresSettings(url: ownerURL).database == HomeState.Feed.recorded.database {
            configuration.notice = "recorded data; trades and order books in between are made"
        }
        let live = LivePath(parts: parts, counter: MessageCounter(bus: parts.bus))
        let pages = ProgramPages(
            history: history, warehouse: pool, home: home, live: live,
            secrets: SecretMask(environment: ProcessInfo.processInfo.environment, warehouseURL: warehouseURL))
        let server = try pages.service(configuration) { port in
            // In one piece and unbuffered: a parent process may wait for this line.
            let line = Array("pages at http://127.0.0.1:\(port)/\n".utf8)
            _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        }
        services =
            [.init(service: live.counter, successTerminationBehavior: .ignore), .init(service: server)]
            + parts.services.map { .init(service: $0) }
    }

    func close() async {
        await history.close()
        await pool.close()
    }
}
