import CivilTime
import DAGModel
package import Execution
package import Logging
package import RunStore
import Synchronization

/// A worker: takes tries out of its queues, carries them out, and reports their ends, until it is asked to stop.
///
/// Each time that it was cut off for too long, it starts over with a new number: see ``WorkerSession``.
package final class Worker: Sendable {
    private let settings: WorkerSettings
    private let facts: WorkerFacts
    private let store: any WorkerStore
    private let executor: any Executor
    private let logs: TaskLogDirectory
    private let processGuard: ProcessGuard?
    private let observer: any WorkerObserver
    private let logger: Logger

    private struct State {
        var wish = Wish.work
        var session: WorkerSession?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// What it was asked for last.
    enum Wish: Comparable, Sendable { case work, drain, stop }

    private let state = Mutex(State())

    /// - Parameters:
    ///   - facts: what it says of itself.
    ///   - executor: carries out the tries, their processes guarded by `processGuard`.
    ///   - logs: where `executor` writes the logs of tries.
    ///   - processGuard: ends the tries' processes when this program cannot; nil where none are started.
    package init(
        settings: WorkerSettings, facts: WorkerFacts, store: any WorkerStore, executor: any Executor,
        logs: TaskLogDirectory, processGuard: ProcessGuard?, observer: any WorkerObserver, logger: Logger
    ) {
        self.settings = settings
        self.facts = facts
        self.store = store
        self.executor = executor
        self.logs = logs
        self.processGuard = processGuard
        self.observer = observer
        self.logger = logger
    }

    /// What a task's processes get between TERM and KILL, where a worker may have to stop them in time.
    package static func grace(ttl: Duration) -> Duration { min(.seconds(2), ttl * WorkerSettings.grace) }

    /// Takes nothing more, and ends once everything that runs has ended.
    package func drain() { ask(.drain) }

    /// Stops what runs, and ends.
    package func stop() { ask(.stop) }

    private func ask(_ wish: Wish) {
        let (session, waiter) = state.withLock { state in
            state.wish = max(state.wish, wish)
            defer { state.waiter = nil }
            return (state.session, state.waiter)
        }
        waiter?.resume()
        // Ends by itself: it only hands the wish on.
        if let session { Task { await session.take(wish) } }
    }

    /// Works until it is asked to end.
    package func run() async {
        var pause = Duration.milliseconds(100)
        while state.withLock({ $0.wish }) == .work {
            let session: WorkerSession
            do {
                let asked = ContinuousClock.now
                let id = try await store.register(facts, ttl: settings.ttl)
                session = WorkerSession(
                    id: id, aliveSince: asked, settings: settings, store: store, executor: executor, logs: logs,
                    processGuard: processGuard, observer: observer, logger: logger)
                pause = .milliseconds(100)
            } catch {
                observer.changed(.waitingForDatabase(problem: "\(error)"))
                await sleep(pause)
                pause = min(pause * 2, .seconds(5))
                continue
            }
            let wish = state.withLock { state in
                state.session = session
                return state.wish
            }
            await session.take(wish)
            await session.run()
            state.withLock { $0.session = nil }
        }
        observer.changed(.stopped)
    }

    /// Returns early when it is asked to end.
    private func sleep(_ time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: time) }
            group.addTask {
                await withTaskCancellationHandler {
                    await withCheckedContinuation { continuation in
                        let isLate = self.state.withLock { state in
                            if state.wish != .work || Task.isCancelled { return true }
                            state.waiter = continuation
                            return false
                        }
                        if isLate { continuation.resume() }
                    }
                } onCancel: {
                    let waiter = self.state.withLock { state in
                        defer { state.waiter = nil }
                        return state.waiter
                    }
                    waiter?.resume()
                }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
