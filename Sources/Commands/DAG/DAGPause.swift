import ArgumentParser
import DAGModel
import RunStore

/// `cryptoflow dag pause ID…`.
struct DAGPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop making and starting runs of DAGs; runs under way go on.",
        discussion: """
            Example:
              cryptoflow dag pause candles_1h
            """)

    @OptionGroup var switches: PauseSwitch

    func run() async throws { try await switches.set(paused: true) }
}

/// `cryptoflow dag unpause ID…`.
struct DAGUnpause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause", abstract: "Make and start runs of DAGs again.",
        discussion: """
            Example:
              cryptoflow dag unpause candles_1h ticker_24h
            """)

    @OptionGroup var switches: PauseSwitch

    func run() async throws { try await switches.set(paused: false) }
}

/// What pausing and unpausing share.
///
/// The flag is a column that anyone may set, so no scheduler is needed for it.
struct PauseSwitch: ParsableArguments {
    @Argument(help: ArgumentHelp("The DAGs' ids.", valueName: "dag"))
    var dags: [String]

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func set(paused: Bool) async throws {
        let actor = CommandEnvironment.current.actor
        try await database.withHistory { opened in
            let lookup = HistoryLookup(opened)
            // All are there, or nothing changes.
            for dag in dags { _ = try await lookup.dag(dag) }
            for dag in dags where try await !opened.commands.setPaused(DAGID(dag), paused, actor: actor) {
                throw await lookup.unknownDAG(dag)
            }
        }
        try options.write(.array(dags.map { ["dag_id": .string($0), "is_paused": .bool(paused)] })) { _ in
            dags.map { "DAG \($0) is \(paused ? "paused" : "active")" }.joined(separator: "\n")
        }
    }
}
