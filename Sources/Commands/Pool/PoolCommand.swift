import ArgumentParser

/// `cryptoflow pool …`.
struct PoolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool", abstract: "List, make, change and remove pools: how many tries run at once.",
        subcommands: [PoolList.self, PoolSet.self, PoolDelete.self], aliases: ["pools"])
}
