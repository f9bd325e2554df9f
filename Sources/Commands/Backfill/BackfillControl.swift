import ArgumentParser
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow backfill pause ID`.
struct BackfillPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Begin no further runs of a backfill; those under way go on.",
        discussion: """
            Example:
              cryptoflow backfill pause 4294967299
            """)

    @OptionGroup var control: BackfillControl

    func run() async throws { try await control.set(.paused) }
}

/// `cryptoflow backfill resume ID`.
struct BackfillResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with a paused backfill.",
        discussion: """
            Example:
              cryptoflow backfill resume 4294967299
            """)

    @OptionGroup var control: BackfillControl

    func run() async throws { try await control.set(.running) }
}

/// `cryptoflow backfill cancel ID`.
struct BackfillCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a backfill; its runs under way go on.",
        discussion: """
            Example:
              cryptoflow backfill cancel 4294967299
            """)

    @OptionGroup var control: BackfillControl

    func run() async throws { try await control.set(.cancelled) }
}

/// What the three share.
struct BackfillControl: ParsableArguments {
    @Argument(help: ArgumentHelp("The backfill's number.", valueName: "id"))
    var id: Int64

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func set(_ state: BackfillState) async throws {
        try await database.withHistory { opened in
            let backfill = try await BackfillLookup.find(id, opened.history)
            guard backfill.endedAt == nil else {
                throw CommandFailure("backfill \(id) has ended already: \(backfill.state.rawValue)")
            }
            let (number, outcome) = try await CommandDesk(opened).submit(.setBackfillState(backfill.id, state))
            let now = outcome == nil ? "waiting" : state.rawValue
            try options.write(["id": .int(id), "state": .string(now), "command_id": .int(number)]) { _ in
                outcome == nil ? "command \(number) waits for a scheduler" : "backfill \(id) is \(state.rawValue)"
            }
        }
    }
}
