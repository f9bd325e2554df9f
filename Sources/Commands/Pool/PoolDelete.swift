import ArgumentParser
import DAGModel
import RunStore

/// `cryptoflow pool delete NAME`.
struct PoolDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a pool; tasks that name it wait until there is one again.",
        discussion: """
            What runs in it goes on. default_pool cannot be removed: `cryptoflow pool set default_pool 0` holds its tasks \
            back.

            Example:
              cryptoflow pool delete upbit
            """)

    @Argument(help: ArgumentHelp("The pool's name.", valueName: "name"))
    var name: String

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        guard name != PoolUse.defaultName else {
            throw CommandFailure(
                "\(PoolUse.defaultName) cannot be removed: it is the pool of tasks that name none",
                nextStep: "`cryptoflow pool set \(PoolUse.defaultName) 0` holds its tasks back.")
        }
        let actor = CommandEnvironment.current.actor
        let running = try await database.withHistory { opened in
            let pools = try await opened.history.poolUses()
            let running = pools.first { $0.name == name }?.holders.count ?? 0
            guard try await opened.commands.deletePool(name, actor: actor) else {
                throw HistoryLookup.unknown(
                    "there is no pool \"\(name)\"", name, pools.map(\.name), list: "cryptoflow pool list",
                    empty: "there are none")
            }
            return running
        }
        try options.write(["name": .string(name), "state": "deleted", "running": .int(Int64(running))]) { _ in
            "pool \(name) is removed: tasks that name it wait until there is one again"
                + (running > 0 ? "; \(running) that \(running == 1 ? "runs in it goes" : "run in it go") on" : "")
        }
    }
}
