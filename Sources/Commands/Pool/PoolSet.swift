import ArgumentParser
import DAGModel
import RunStore

/// `cryptoflow pool set NAME SLOTS`.
struct PoolSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Make a pool, or change its slots; a leading scheduler follows at once.",
        discussion: """
            A task takes pool_slots of its pool while it runs. 0 slots hold every task of the pool back until there are \
            some; -1 is no limit. What runs in a pool that becomes smaller goes on.

            Examples:
              cryptoflow pool set upbit 4 --description "requests to Upbit at once"
              cryptoflow pool set default_pool 64
            """)

    @Argument(help: ArgumentHelp("The pool's name.", valueName: "name"))
    var name: String

    @Argument(
        help: ArgumentHelp("Slots: 0 holds its tasks back, -1 is no limit.", valueName: "slots"))
    var slots: Int

    @Option(help: ArgumentHelp("What the pool is for (default: as it is).", valueName: "text"))
    var description: String?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        guard !name.isEmpty, !name.contains(where: \.isNewline) else {
            throw ValidationError("a pool's name is not empty and has no line breaks")
        }
        guard name.count <= PoolUse.maximumNameLength else {
            throw ValidationError(
                "a pool's name has at most \(PoolUse.maximumNameLength) characters, not \(name.count)")
        }
        guard (-1...Int(Int32.max)).contains(slots) else {
            throw ValidationError("SLOTS is between -1 (no limit) and \(Int32.max), not \(slots)")
        }
    }

    func run() async throws {
        let actor = CommandEnvironment.current.actor
        let pool = try await database.withHistory { opened in
            try await opened.commands.setPool(name, slots: slots, description: description, actor: actor)
            return try await opened.history.poolUse(name)
                ?? PoolUse(name: name, slots: slots, holders: [], description: description)
        }
        try options.write(options.shapes.pool(pool)) { _ in
            let slots =
                switch pool.slots {
                case 0: "no slots: its tasks wait"
                case 1: "1 slot"
                case let slots where slots < 0: "no limit"
                default: "\(pool.slots) slots"
                }
            return "pool \(pool.name) has \(slots)"
                + (pool.used > 0 ? "; \(pool.used) taken" : "")
        }
    }
}
