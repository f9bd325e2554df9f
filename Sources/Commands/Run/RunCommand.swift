import ArgumentParser

/// `cryptoflow run …`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "List, show, cancel, clear and delete runs.",
        subcommands: [RunList.self, RunShow.self, RunCancel.self, RunClear.self, RunDelete.self], aliases: ["runs"])
}
