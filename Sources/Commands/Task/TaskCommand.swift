import ArgumentParser

/// `cryptoflow task …`.
struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Read what tasks wrote, and see what they would get.",
        subcommands: [TaskLogs.self, TaskRender.self], aliases: ["tasks"])
}
