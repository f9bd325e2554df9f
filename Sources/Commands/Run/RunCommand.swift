import ArgumentParser

/// `cryptoflow run …`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "List, show, cancel, rerun, mark, note and delete runs.",
        subcommands: [
            RunList.self, RunShow.self, RunCancel.self, RunClear.self, RunRetry.self, RunMark.self, RunNote.self,
            RunDelete.self,
        ], aliases: ["runs"])
}
