import ArgumentParser
import DAGModel
import RunStore

/// `cryptoflow pool list`.
struct PoolList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show every pool, its slots and how many are taken.",
        discussion: """
            `cryptoflow why DAG RUN TASK` says who holds the slots that a task waits for.

            Example:
              cryptoflow pool list --output json
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let pools = try await database.withHistory { try await $0.history.poolUses() }
        try options.write(.array(pools.map { options.shapes.pool($0) })) { isColourful in
            guard !pools.isEmpty else { return "no pools: `cryptoflow pool set NAME SLOTS` makes one" }
            var table = TextTable(
                .init("POOL"), .init("SLOTS", .right), .init("TAKEN", .right), .init("FREE", .right),
                .init("DESCRIPTION"))
            for pool in pools {
                let isClosed = pool.slots == 0
                table.add(
                    .init(pool.name), .init(pool.slotsText, isClosed ? .warning : .plain), .init(String(pool.used)),
                    .init(
                        pool.isUnlimited ? pool.slotsText : String(max(pool.free, 0)),
                        pool.free > 0 ? .plain : .warning),
                    .init(pool.description))
            }
            return table.text(isColourful: isColourful)
        }
    }
}

extension PoolUse {
    var slotsText: String { isUnlimited ? "no limit" : String(slots) }
}

extension RecordShapes {
    /// A pool, its members named as in Airflow's API.
    func pool(_ pool: PoolUse) -> JSONValue {
        [
            "name": .string(pool.name), "slots": .int(Int64(pool.slots)),
            "occupied_slots": .int(Int64(pool.used)),
            "open_slots": .int(pool.isUnlimited ? -1 : Int64(max(pool.free, 0))),
            "description": pool.description.map { .string($0) } ?? .null,
        ]
    }
}
