import ArgumentParser

/// `cryptoflow schedule …`.
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Try schedules out, without a DAG.", subcommands: [ScheduleNext.self])
}
