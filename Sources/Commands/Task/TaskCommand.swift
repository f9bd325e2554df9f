import ArgumentParser

/// `cryptoflow task …`.
struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Read what tasks wrote.", subcommands: [TaskLogs.self], aliases: ["tasks"])
}
