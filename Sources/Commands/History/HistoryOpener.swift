package import Execution
package import RunStore

/// Opens the run history that a command line names.
///
/// The program that runs the commands knows how.
package protocol HistoryOpener: Sendable {
    /// Throws an error whose description says to a person what is wrong and what to do.
    func open(_ target: DatabaseTarget) async throws -> OpenedHistory
}

/// Which history a command line means.
package struct DatabaseTarget: Hashable, Sendable {
    /// The database's URL; nil for the private one of the home.
    package let url: String?
    /// The home folder as it was written: relative to the current folder unless it begins with a slash.
    package let home: String

    package init(url: String?, home: String) {
        self.url = url
        self.home = home
    }
}

/// A run history under a command's hands.
package struct OpenedHistory: Sendable {
    package let history: any RunHistory
    package let commands: any CommandQueue
    /// Where the logs of tries are; nil when this machine does not have them.
    package let logs: TaskLogDirectory?
    /// Ends the connections.
    package let close: @Sendable () async -> Void

    package init(
        history: any RunHistory, commands: any CommandQueue, logs: TaskLogDirectory?,
        close: @escaping @Sendable () async -> Void
    ) {
        self.history = history
        self.commands = commands
        self.logs = logs
        self.close = close
    }
}
