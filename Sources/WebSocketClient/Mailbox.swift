import Synchronization

/// What was read from the socket and waits for its one reader.
final class Mailbox: Sendable {
    private typealias Waiter = CheckedContinuation<Result<[WebSocketBatch], WebSocketError>, Never>

    private struct State {
        var batches: [WebSocketBatch] = []
        var messages = 0
        var bytes = 0
        var waiter: Waiter?
        /// Set once; nil within means an end on this side's request.
        ///
        /// What was delivered before is still handed out.
        var end: WebSocketError??
        var onRoom: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let maximumMessages: Int
    private let maximumBytes: Int

    init(maximumMessages: Int, maximumBytes: Int) {
        self.maximumMessages = max(maximumMessages, 1)
        self.maximumBytes = max(maximumBytes, 1)
    }

    /// Hands a batch on.
    ///
    /// Returns false when enough is waiting: then the sender stops, and `onRoom` is called once when it was
    /// taken.
    func deliver(_ batch: WebSocketBatch, bytes: Int, onRoom: @escaping @Sendable () -> Void) -> Bool {
        let (waiter, isOpen): (Waiter?, Bool) = state.withLock { state in
            guard state.end == nil else { return (nil, true) }
            if let waiter = state.waiter {
                state.waiter = nil
                return (waiter, true)
            }
            state.batches.append(batch)
            state.messages += batch.messages.count
            state.bytes += bytes
            let isOpen = state.messages < maximumMessages && state.bytes < maximumBytes
            if !isOpen { state.onRoom = onRoom }
            return (nil, isOpen)
        }
        waiter?.resume(returning: .success([batch]))
        return isOpen
    }

    /// Nothing comes any more; only the first call counts.
    func finish(_ error: WebSocketError?) {
        let waiter: Waiter? = state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = .some(error)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: error.map { .failure($0) } ?? .success([]))
    }

    /// Everything that waits, at least one batch; empty at an end on this side's request or of the calling task.
    func take() async throws(WebSocketError) -> [WebSocketBatch] {
        let result: Result<[WebSocketBatch], WebSocketError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                var room: (@Sendable () -> Void)?
                let result: Result<[WebSocketBatch], WebSocketError>? = state.withLock { state in
                    if !state.batches.isEmpty {
                        defer {
                            (state.batches, state.messages, state.bytes) = ([], 0, 0)
                            (room, state.onRoom) = (state.onRoom, nil)
                        }
                        return .success(state.batches)
                    }
                    if let end = state.end { return end.map { .failure($0) } ?? .success([]) }
                    if Task.isCancelled { return .success([]) }
                    state.waiter = continuation
                    return nil
                }
                room?()
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            let waiter: Waiter? = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: .success([]))
        }
        return try result.get()
    }
}
