package import Commands
import Glibc
import PostgresClient
import PrivateCluster

/// The database that a command line means.
package struct DatabaseAddress: Sendable {
    /// The URL under the owner's role.
    package let ownerURL: String
    /// The folder of task logs; nil when there is no home on this machine.
    package let taskLogs: String?

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Throws a sentence when nothing runs there.
    package static func resolve(_ target: DatabaseTarget) throws -> DatabaseAddress {
        let home = try CryptoflowHome(path: target.home)
        let isThere = access(home.path, F_OK) == 0
        if let url = target.url { return DatabaseAddress(ownerURL: url, taskLogs: isThere ? home.taskLogs : nil) }
        guard isThere else {
            throw Failure(
                description: "there is no home at \(home.path): start one with `cryptoflow standalone`, "
                    + "or name a database with --database URL")
        }
        guard let feed = try HomeState.load(home).feed else {
            throw Failure(description: "the home \(home.path) was never started: run `cryptoflow standalone` first")
        }
        let address = try PrivateCluster.runningAddress(home: home)
        return DatabaseAddress(ownerURL: address.url(database: feed.database), taskLogs: home.taskLogs)
    }
}

extension CryptoflowHome {
    /// Task logs, in Airflow's layout.
    package var taskLogs: String { logs + "/tasks" }
}
