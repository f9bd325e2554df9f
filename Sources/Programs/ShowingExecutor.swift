import Commands
import DAGModel
import Execution
import Synchronization

/// Another executor, with the tries' logs told line by line as they are written.
final class ShowingExecutor: Executor {
    private let executor: any Executor
    private let logs: TaskLogDirectory
    private let report: @Sendable (DAGTestEvent) -> Void
    /// How far the log of a try that waited has been told: it goes on in the same file.
    private let told = Mutex<[String: Int64]>([:])

    private static let pace = Duration.milliseconds(100)

    init(executor: any Executor, logs: TaskLogDirectory, report: @escaping @Sendable (DAGTestEvent) -> Void) {
        self.executor = executor
        self.logs = logs
        self.report = report
    }

    func run(_ launch: AttemptLaunch) async -> AttemptEnd {
        await withTaskGroup(of: Void.self) { group in
            let isOver = Mutex(false)
            group.addTask { await self.follow(launch) { isOver.withLock { $0 } } }
            let end = await executor.run(launch)
            isOver.withLock { $0 = true }
            // The rest of the log comes before the end does, and need not be waited for.
            group.cancelAll()
            await group.waitForAll()
            return end
        }
    }

    func makeDead(_ attempts: [OrphanedAttempt]) async throws { try await executor.makeDead(attempts) }

    private func follow(_ launch: AttemptLaunch, until isOver: @escaping @Sendable () -> Bool) async {
        let reader = logs.reader(
            dag: launch.dag.id, runID: launch.run.runID, task: launch.task.id, mapIndex: launch.mapIndex,
            tryNumber: launch.tryNumber)
        let instance = TaskInstanceKey(run: launch.run.key, task: launch.task.id, mapIndex: launch.mapIndex)
        var offset = told.withLock { $0[reader.path] ?? 0 }
        var open = ""
        while true {
            let isLast = isOver()
            while true {
                let piece = reader.chunk(from: offset, isGrowing: !isLast)
                if piece.next == offset { break }
                offset = piece.next
                open += piece.text
                if let end = open.lastIndex(of: "\n") {
                    report(.log(instance, String(open[..<end])))
                    open.removeSubrange(...end)
                }
            }
            if isLast { break }
            if (try? await Task.sleep(for: Self.pace)) == nil, !isOver() {
                // The try is being stopped and may yet say something: this sleep is shielded from that.
                await Task { try? await Task.sleep(for: Self.pace) }.value
            }
        }
        if !open.isEmpty { report(.log(instance, open)) }
        told.withLock { $0[reader.path] = offset }
    }
}
