import FoundationEssentials
import Glibc
import PostgresClient
import PrivateCluster

/// Which database a command means: `--database URL`, else the home named by `--home`, else `CRYPTOFLOW_DATABASE_URL`, else
/// the default home's cluster.
package struct DatabaseTarget: Sendable {
    /// The URL under the owner's role.
    package let ownerURL: String
    /// The home's logs of tasks; nil when the database was named by URL and no home was.
    package let taskLogs: String?

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package static func resolve(database: String?, home: String?) throws -> DatabaseTarget {
        let environment = ProcessInfo.processInfo.environment
        let named = home ?? environment["CRYPTOFLOW_HOME"]
        let folder = try CryptoflowHome(path: named ?? CryptoflowHome.defaultName)
        let logs = access(folder.path, F_OK) == 0 ? folder.taskLogs : nil
        if let database { return DatabaseTarget(ownerURL: database, taskLogs: logs) }
        if home == nil, let url = environment["CRYPTOFLOW_DATABASE_URL"], !url.isEmpty {
            return DatabaseTarget(ownerURL: url, taskLogs: logs)
        }
        guard access(folder.path, F_OK) == 0 else {
            throw Failure(
                description: "there is no home at \(folder.path): start one with `cryptoflow standalone`, "
                    + "or name a database with --database URL")
        }
        let state = try HomeState.load(folder)
        guard let feed = state.feed else {
            throw Failure(description: "the home \(folder.path) was never started: run `cryptoflow standalone` first")
        }
        let address = try PrivateCluster.runningAddress(home: folder)
        return DatabaseTarget(ownerURL: address.url(database: feed.database), taskLogs: folder.taskLogs)
    }
}

extension CryptoflowHome {
    /// Task logs, in Airflow's layout.
    package var taskLogs: String { logs + "/tasks" }
}
