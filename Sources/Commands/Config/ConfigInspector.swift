/// Looks at what settings lead to: folders, database, disk, ports.
///
/// The program that runs the commands knows how.
package protocol ConfigInspector: Sendable {
    /// The folder that comes with the program; nil when it is nowhere.
    func folder(_ name: String) -> String?

    /// What was found, whatever is wrong with it.
    func inspect(_ request: ConfigRequest) async -> [ConfigFinding]
}

/// What to look at.
package struct ConfigRequest: Sendable {
    package let database: DatabaseTarget
    package let dags: String?
    package let migrations: String?
    package let logs: String?
    package let port: Int

    /// The port of the web page where nobody names one.
    package static let standardPort = 8080
}

/// One thing that was looked at.
package struct ConfigFinding: Hashable, Sendable {
    package enum State: String, Sendable {
        case ok, warning, problem
    }

    /// A short name that stays: `database`.
    package let name: String
    package let state: State
    /// What was found, as a sentence.
    package let detail: String
    /// What a person can do about it.
    package let advice: String?

    package init(_ name: String, _ state: State, _ detail: String, advice: String? = nil) {
        self.name = name
        self.state = state
        self.detail = detail
        self.advice = advice
    }
}
