package import CivilTime
package import DAGModel
import Execution
import FoundationEssentials
import Glibc

/// What commands have from the program that runs them: how to reach the history, which operators exist, where to write.
package struct CommandEnvironment: Sendable {
    /// Opens the run history.
    package var opener: any HistoryOpener
    /// Opens the model registry.
    package var models: any ModelDeskOpener
    /// Opens the list of collected markets; nil where a program has none.
    package var desks: (any MarketDeskOpener)?
    /// Runs DAGs without a history; nil where a program cannot.
    package var tester: (any DAGTester)?
    /// Looks at what settings lead to; nil where a program cannot.
    package var inspector: (any ConfigInspector)?
    /// The operators that documents may use.
    package var operators: [OperatorSignature]
    /// The program's version, `0.1.0`.
    package var version: String
    package var console: Console
    /// Who asks, for the history: the user's name.
    package var actor: String
    /// The environment variables of the process.
    package var variables: [String: String]
    /// How often a waiting command looks again.
    package var pace: Duration
    package var now: @Sendable () -> Timestamp

    package init(
        opener: any HistoryOpener, models: (any ModelDeskOpener)? = nil, desks: (any MarketDeskOpener)? = nil,
        tester: (any DAGTester)? = nil, inspector: (any ConfigInspector)? = nil, operators: [OperatorSignature],
        version: String, console: Console = .standard,
        actor: String = CommandEnvironment.userName(),
        variables: [String: String] = ProcessInfo.processInfo.environment,
        pace: Duration = .milliseconds(400), now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.opener = opener
        self.models = models ?? NoModels()
        self.desks = desks
        self.tester = tester
        self.inspector = inspector
        self.operators = operators
        self.version = version
        self.console = console
        self.actor = actor
        self.variables = variables
        self.pace = pace
        self.now = now
    }

    /// The environment of the command that runs; without one, commands that need no history still work.
    @TaskLocal package static var current = CommandEnvironment(opener: NoHistory(), operators: [], version: "unknown")

    /// The home folder: the one given, else what the environment says, else the usual one.
    func home(_ given: String?) -> String { given ?? variable("CRYPTOFLOW_HOME") ?? ".cryptoflow" }

    /// An environment variable; nil when it is not set or empty.
    func variable(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// What tasks' logs and arguments must not show, as far as the environment holds it.
    var secrets: SecretMask { SecretMask(environment: variables) }

    /// The name of the user who runs this process.
    package static func userName() -> String {
        guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else { return "user \(getuid())" }
        return String(cString: name)
    }

    private struct NoModels: ModelDeskOpener {
        func open(_ target: DatabaseTarget) async throws -> any ModelDesk {
            throw CommandFailure("this program cannot open a model registry")
        }
    }

    private struct NoHistory: HistoryOpener {
        func open(_ target: DatabaseTarget) async throws -> OpenedHistory {
            throw CommandFailure("this program cannot open a run history")
        }
    }
}
