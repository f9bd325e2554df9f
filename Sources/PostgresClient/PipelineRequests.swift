import DequeModule
import Synchronization

/// One pipeline that somebody waits for.
struct PipelineRequest: Sendable {
    /// Makes the statements, on the connection's queue.
    let statements: @Sendable () throws -> [PostgresStatement]
    let answer: CheckedContinuation<[PostgresResult], any Error>
}

/// Pipelines that wait to be sent, in order: any thread may add one, the connection's queue takes them.
final class PipelineRequests: Sendable {
    private struct State {
        var waiting = Deque<PipelineRequest>()
        /// Whether somebody takes what comes.
        var isServed = false
        /// Wakes whoever takes them, should it wait for the server.
        var wake: WakePipe?
    }

    private let state = Mutex(State())

    /// True when nobody takes requests at present: the caller sees to it.
    func add(_ request: PipelineRequest) -> Bool {
        state.withLock { state in
            state.waiting.append(request)
            if state.isServed { state.wake?.wake() }
            defer { state.isServed = true }
            return !state.isServed
        }
    }

    /// From now on they are sent over the connection that this wakes.
    func send(over wake: WakePipe) { state.withLock { $0.wake = wake } }

    func next() -> PipelineRequest? { state.withLock { $0.waiting.popFirst() } }

    /// True when nothing waits; the next request will find that nobody takes it.
    func leaveIfEmpty() -> Bool {
        state.withLock { state in
            if state.waiting.isEmpty { state.isServed = false }
            return state.waiting.isEmpty
        }
    }
}
