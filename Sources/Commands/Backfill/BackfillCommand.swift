import ArgumentParser

/// `cryptoflow backfill …`.
struct BackfillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "List, show and steer backfills; `dag backfill` makes one.",
        subcommands: [
            BackfillList.self, BackfillShow.self, BackfillPause.self, BackfillResume.self, BackfillCancel.self,
        ],
        aliases: ["backfills"])
}
