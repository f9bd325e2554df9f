package import Commands
import Execution
import FoundationEssentials
import Hosting
import Logging
import PrivateCluster
import RunStore

/// Opens the run history of a database or a home for the commands.
package struct ProgramHistory: HistoryOpener {
    package init() {}

    package func open(_ target: DatabaseTarget) async throws -> OpenedHistory {
        let address = try DatabaseAddress.resolve(target)
        let store = try PostgresRunStore(
            url: address.ownerURL, logger: Logger(label: "history") { _ in SwiftLogNoOpLogHandler() }, readers: 2,
            patience: .zero)
        var secrets = SecretMask(environment: ProcessInfo.processInfo.environment)
        if let password = try? CryptoflowHome(path: target.home).readSecret(name: WarehouseAccess.secretName) {
            secrets.cover(password)
        }
        return OpenedHistory(
            history: store, commands: store,
            logs: address.taskLogs.map { TaskLogDirectory(root: $0, mask: secrets) },
            close: { await store.close() })
    }
}
