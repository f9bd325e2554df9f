import DAGModel
import SchedulerCore

/// What a command that changes tasks by hand prints.
enum ChangeReport {
    static func json(_ number: Int64, _ outcome: CommandOutcome?, dryRun: Bool) -> JSONValue {
        var names: [String] = []
        var count = 0
        if case .changed(let all, let listed)? = outcome { (count, names) = (all, listed) }
        return [
            "command_id": .int(number), "state": .string(outcome == nil ? "waiting" : dryRun ? "dry_run" : "done"),
            "count": .int(Int64(count)), "tasks": .array(names.map(task)),
        ]
    }

    /// A changed task by its parts: the outcome has `run_id task` or `run_id task[index]`, and a task's id has no blanks.
    private static func task(_ text: String) -> JSONValue {
        guard let blank = text.lastIndex(of: " ") else { return ["task_id": .string(text)] }
        let name = TaskName(String(text[text.index(after: blank)...]))
        return [
            "run_id": .string(String(text[..<blank])), "task_id": .string(name.id),
            "map_index": .int(Int64(name.mapIndex ?? -1)),
        ]
    }

    /// - Parameter done: what happened to the tasks, such as `cleared`.
    static func text(_ number: Int64, _ outcome: CommandOutcome?, dryRun: Bool, done: String) -> String {
        guard let outcome else { return "command \(number) waits for a scheduler" }
        guard case .changed(let count, let names) = outcome else { return done }
        if count == 0 { return "nothing to do" }
        let tasks = count == 1 ? "1 task" : "\(count) tasks"
        let head = dryRun ? "would be \(done): \(tasks)" : "\(done): \(tasks)"
        return ([head] + names.prefix(50).map { "  \($0)" } + (count > 50 ? ["  …"] : [])).joined(separator: "\n")
    }
}
