import ArgumentParser

/// `cryptoflow task …`.
struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Read what tasks wrote, and mark them.",
        subcommands: [TaskLogs.self, TaskMark.self], aliases: ["tasks"])
}
