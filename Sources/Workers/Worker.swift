import CivilTime
import DAGModel
import Execution
import Logging
import RunStore
import Synchronization

/// A worker: takes tries out of its queues, carries them out, and reports their ends, until it is asked to stop.
///
/// Each time that it was cut off for too long, it starts over with a new number: see ``WorkerSession``.
final class Worker: Sendable {
    private let facts: WorkerFacts
    private let parts: WorkerParts

    private struct State {
        var wish = Wish.work
        var session: WorkerSession?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// What it was asked for last.
    enum Wish: Comparable, Sendable { case work, drain, stop }

    private let state = Mutex(State())

    /// - Parameter facts: what it says of itself.
    init(_ facts: WorkerFacts, _ parts: WorkerParts) {
        self.facts = facts
        self.parts = parts
    }

    /// What a task's processes get between TERM and KILL, where a worker may have to stop them in time.
    static func grace(ttl: Duration) -> Duration { min(.seconds(2), ttl * WorkerSettings.grace) }

    /// Takes nothing more, and ends once everything that runs has ended.
    func drain() { ask(.drain) }

    /// Stops what runs, and ends.
    func stop() { ask(.stop) }

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
    func run() async {
        var pause = Duration.milliseconds(100)
        while state.withLock({ $0.wish }) == .work {
            let session: WorkerSession
            do {
                let asked = ContinuousClock.now
                let id = try await parts.store.register(facts, ttl: parts.settings.ttl)
                session = WorkerSession(id: id, aliveSince: asked, parts: parts)
                pause = .milliseconds(100)
            } catch {
                parts.observer.changed(.waitingForDatabase(problem: "\(error)"))
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
        parts.observer.changed(.stopped)
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

/// What a worker works with.
struct WorkerParts: Sendable {
    let settings: WorkerSettings
    let store: any WorkerStore
    /// Carries out the tries, their processes guarded by `processGuard`.
    let executor: any Executor
    /// Where `executor` writes the logs of tries.
    let logs: TaskLogDirectory
    /// Ends the tries' processes when this program cannot.
    let processGuard: ProcessGuard
    let observer: any WorkerObserver
    let logger: Logger
}
