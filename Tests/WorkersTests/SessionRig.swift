import DAGModel
import Execution
import FoundationEssentials
import Logging
import RunStore
import Synchronization

@testable import Workers

/// A worker's session on a store of the test, with tries that write their logs as the test says.
final class SessionRig: Sendable {
    let session: WorkerSession
    let store: HeldStore
    let observer = Seen()
    private let folder: String

    /// - Parameters:
    ///   - sinceHeartbeat: how long ago the store heard of it.
    ///   - work: what a try does, given what appends to its log.
    init(
        _ store: HeldStore, logInterval: Duration = .milliseconds(5), sinceHeartbeat: Duration = .zero,
        work: @escaping @Sendable (LogFile) async -> Void
    ) throws {
        self.store = store
        folder = "/tmp/cryptoflow-workers-\(UUID().uuidString)"
        var settings = WorkerSettings(name: "one", queues: ["far"], concurrency: 1_000)
        settings.logInterval = logInterval
        let logs = TaskLogDirectory(root: folder)
        let parts = WorkerParts(
            settings: settings, store: store, executor: ScriptedExecutor(logs: logs, work: work), logs: logs,
            processGuard: try ProcessGuard(), observer: observer,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        session = WorkerSession(
            id: WorkerID(rawValue: 1), aliveSince: .now - sinceHeartbeat, parts: parts)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Runs the session beside the body, then lets it drain.
    func run(_ body: () async throws -> Void) async rethrows {
        async let end: Void = session.run()
        do {
            try await body()
        } catch {
            // Nobody lets go any more what its tries wait for.
            await session.lose()
            await end
            throw error
        }
        await session.take(.drain)
        await end
    }

    /// Returns when no try runs any more, whether its end was reported or not.
    func untilIdle() async throws {
        while await !session.running.isEmpty { try await pause() }
    }

    func untilReported() async throws {
        while store.open > 0 { try await pause() }
    }
}

/// Lets others go on; throws when the time of the test is over.
func pause() async throws {
    try Task.checkCancellation()
    await Task.yield()
}

/// The log of a try.
struct LogFile: Sendable {
    let path: String

    func append(_ bytes: [UInt8]) {
        let file = FileManager.default.contents(atPath: path) ?? Data()
        try? (file + Data(bytes)).write(to: URL(filePath: path))
    }

    func append(_ text: String) { append(Array(text.utf8)) }
}

private struct ScriptedExecutor: Executor {
    let logs: TaskLogDirectory
    let work: @Sendable (LogFile) async -> Void

    func run(_ launch: AttemptLaunch) async -> AttemptEnd {
        let path = logs.path(of: launch)
        try? FileManager.default.createDirectory(
            at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        await work(LogFile(path: path))
        return AttemptEnd(attempt: launch.attempt, state: .success)
    }

    func makeDead(_ attempts: [OrphanedAttempt]) async throws {}
    func letGo() async {}
}

/// Keeps what the worker said of itself.
final class Seen: WorkerObserver {
    private let state = Mutex<[WorkerStatus]>([])

    var all: [WorkerStatus] { state.withLock { $0 } }

    func changed(_ status: WorkerStatus) { state.withLock { $0.append(status) } }
}
