import ArgumentParser
import DAGModel
import Execution
import RunStore
import SchedulerCore

/// `cryptoflow task logs DAG RUN TASK`.
struct TaskLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the log of a task's try.",
        discussion: """
            Examples:
              cryptoflow task logs report r1 fetch
              cryptoflow task logs report r1 fetch --try 1
              cryptoflow task logs candles_1h \\
                scheduled__2026-11-20T05:00:00+00:00 fetch --follow
            """)

    @OptionGroup var named: NamedRun

    @Argument(help: ArgumentHelp("The task's id.", valueName: "task"))
    var task: String

    @Option(name: .customLong("try"), help: ArgumentHelp("Which try (default: the last).", valueName: "n"))
    var tryNumber: Int?

    @Option(help: ArgumentHelp("Which instance of a mapped task.", valueName: "i"))
    var mapIndex: Int?

    @Flag(name: .shortAndLong, help: "Go on with what is written until the try ends; waits for one that has not begun.")
    var follow = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        if let tryNumber, tryNumber < 1 { throw ValidationError("tries count from 1, not \(tryNumber)") }
        if follow, options.output != .table { throw ValidationError("--follow writes plain text: leave --output away") }
    }

    func run() async throws {
        try await database.withHistory { opened in
            let status = try await begun(opened)
            let number = tryNumber ?? status.tryNumber
            guard number > 0 else {
                throw CommandFailure(
                    "task \"\(task)\" has not begun: it is \(status.state.rawValue)",
                    nextStep: "Wait for it with --follow.")
            }
            guard number <= status.tryNumber else {
                throw CommandFailure("task \"\(task)\" has no try \(number): \(status.tryNumber) so far")
            }
            let log = TryLog(
                history: opened.history, logs: opened.logs, dag: named.dagID, runID: named.runID,
                instance: status.instance,
                tryNumber: number)
            // Only what workers store is everywhere.
            let isElsewhere = status.tries.last { $0.tryNumber == number }?.queue == nil
            if opened.logs == nil, isElsewhere, try await !log.exists() {
                throw CommandFailure(
                    "the logs are not on this machine", nextStep: "Name the home folder that holds them with --home.")
            }
            try await write(log, number, status, opened.history)
        }
    }

    /// The task's status, once it has begun where its log is to be followed.
    private func begun(_ opened: OpenedHistory) async throws -> TaskStatus {
        let environment = CommandEnvironment.current
        while true {
            let detail = try await HistoryLookup(opened).run(named)
            let status = try HistoryLookup(opened).task(task, mapIndex: mapIndex, in: detail)
            let isOver = status.state.isFinished || detail.run.state.isFinished
            if !follow || isOver || status.tryNumber >= tryNumber ?? 1 { return status }
            try await Task.sleep(for: environment.pace)
        }
    }

    private func write(
        _ log: TryLog, _ number: Int, _ status: TaskStatus, _ history: any RunHistory
    ) async throws {
        let environment = CommandEnvironment.current
        let instance = status.instance
        if follow {
            environment.console.announcesInterrupts()
            try await log.follow(every: environment.pace) {
                await Self.hasEnded(named, instance, number, history)
            } _: { chunk in
                try environment.console.raw(chunk.text, to: .output)
            }
        } else if options.output == .table {
            var offset: Int64 = 0
            while true {
                let chunk = try await log.chunk(from: offset)
                guard chunk.next > offset else { break }
                try environment.console.raw(chunk.text, to: .output)
                offset = chunk.next
            }
        } else {
            let tail = try await log.tail()
            try options.write(
                [
                    "dag_id": .string(named.dag), "run_id": .string(named.runID),
                    "task_id": .string(instance.task.rawValue),
                    "map_index": .int(Int64(instance.mapIndex)), "try_number": .int(Int64(number)),
                    "content": .string(tail.text), "is_truncated": .bool(tail.start > 0),
                ]
            ) { _ in "" }
        }
        if try await !log.exists() {
            let path = log.path.map { ", or \($0) was removed" } ?? ""
            try environment.console.error(
                "note: try \(number) of task \"\(task)\" has no log: it wrote nothing\(path)")
        }
    }

    /// Whether a try has ended.
    ///
    /// A history out of reach ends nothing.
    private static func hasEnded(
        _ named: NamedRun, _ instance: TaskInstanceKey, _ number: Int, _ history: any RunHistory
    ) async -> Bool {
        guard let detail = try? await history.run(dag: named.dagID, runID: named.runID) else { return false }
        guard let status = detail.tasks.first(where: { $0.instance == instance }) else { return true }
        if let attempt = status.tries.first(where: { $0.tryNumber == number }), attempt.state == .running {
            return false
        }
        return true
    }
}
