import ArgumentParser

/// `cryptoflow run …`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "List, show and cancel runs.",
        subcommands: [RunList.self, RunShow.self, RunCancel.self], aliases: ["runs"])
}
