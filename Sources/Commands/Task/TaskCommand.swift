import ArgumentParser

/// `cryptoflow task …`.
struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Read what tasks wrote, see what they would get, mark and note them.",
        subcommands: [TaskLogs.self, TaskRender.self, TaskMark.self, TaskNote.self], aliases: ["tasks"])
}
