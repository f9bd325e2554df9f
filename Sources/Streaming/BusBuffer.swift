import DequeModule
import Markets
import Synchronization

/// What waits for one subscriber, and who waits because of it.
final class BusBuffer: Sendable {
    /// A publisher that waits for room, with what it has left to hand over.
    private struct Publisher {
        let id: UInt64
        var rest: ArraySlice<StreamMessage>
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var lanes = MessageLanes()
        /// By lane.
        var shed = [Int](repeating: 0, count: MessageLanes.kinds.count)
        var isFinished = false
        var reader: CheckedContinuation<[StreamMessage]?, Never>?
        var publishers: Deque<Publisher> = []
        var lastPublisher: UInt64 = 0
    }

    private let request: SubscriptionRequest
    private let hears: [Bool]
    private let capacity: Int
    private let onEnd: @Sendable () -> Void
    private let state = Mutex(State())

    init(_ request: SubscriptionRequest, onEnd: @escaping @Sendable () -> Void) {
        self.request = request
        hears = MessageLanes.kinds.map(request.kinds.contains)
        capacity = max(request.capacity, 1)
        self.onEnd = onEnd
    }

    var waiting: Int { state.withLock { $0.lanes.count } }

    var shed: [MarketEvent.Kind: Int] {
        let counts = state.withLock { $0.shed }
        return Dictionary(uniqueKeysWithValues: zip(MessageLanes.kinds, counts))
    }

    private func isWanted(_ message: StreamMessage) -> Bool {
        guard hears[MessageLanes.lane(of: message)] else { return false }
        guard let markets = request.markets else { return true }
        return markets.contains(StreamKey(exchange: message.exchange, market: message.event.market))
    }

    // MARK: - Publishing

    /// Takes what fits, and answers the rest, which only the policy `wait` leaves.
    func offer(_ messages: ArraySlice<StreamMessage>) -> ArraySlice<StreamMessage> {
        let (rest, wake) = state.withLock { state in
            let rest = state.isFinished ? [] : accept(messages, &state)
            return (rest, readerToWake(&state))
        }
        wake?()
        return rest
    }

    /// Hands over what did not fit at once; returns when all of it is taken.
    ///
    /// Throws `CancellationError` when the task is cancelled; what was not taken by then is not delivered.
    func waitToOffer(_ messages: ArraySlice<StreamMessage>) async throws {
        let id = state.withLock { state in
            state.lastPublisher += 1
            return state.lastPublisher
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isDone, wake) = state.withLock { state -> (Bool, (() -> Void)?) in
                    if state.isFinished { return (true, nil) }
                    let rest = accept(messages, &state)
                    if !rest.isEmpty {
                        state.publishers.append(Publisher(id: id, rest: rest, continuation: continuation))
                    }
                    return (rest.isEmpty, readerToWake(&state))
                }
                if isDone { continuation.resume() }
                wake?()
                // A cancel that came before the entry was made found nothing to remove.
                if Task.isCancelled { cancelPublisher(id) }
            }
        } onCancel: {
            cancelPublisher(id)
        }
    }

    private func cancelPublisher(_ id: UInt64) {
        let publisher = state.withLock { state in
            state.publishers.firstIndex { $0.id == id }.map { state.publishers.remove(at: $0) }
        }
        publisher?.continuation.resume(throwing: CancellationError())
    }

    private func accept(_ messages: ArraySlice<StreamMessage>, _ state: inout State) -> ArraySlice<StreamMessage> {
        switch request.overflow {
        case .shed:
            for message in messages where isWanted(message) {
                guard let shed = state.lanes.append(message, most: capacity) else { continue }
                state.shed[MessageLanes.lane(of: shed)] += 1
            }
            return []
        case .wait:
            // Those who wait already come first.
            guard state.publishers.isEmpty else { return messages.contains(where: isWanted) ? messages : [] }
            return fill(messages, &state)
        }
    }

    /// Takes messages up to the first wanted one that has no room.
    private func fill(_ messages: ArraySlice<StreamMessage>, _ state: inout State) -> ArraySlice<StreamMessage> {
        for index in messages.indices where isWanted(messages[index]) {
            if state.lanes.count >= capacity { return messages[index...] }
            state.lanes.append(messages[index])
        }
        return []
    }

    private func readerToWake(_ state: inout State) -> (() -> Void)? {
        guard let reader = state.reader, !state.lanes.isEmpty else { return nil }
        state.reader = nil
        let batch = state.lanes.take()
        return { reader.resume(returning: batch) }
    }

    // MARK: - Reading

    /// Everything that waits; when nothing does, the next that comes; nil at the end.
    func next() async -> [StreamMessage]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (answer, done) = state.withLock { state -> ([StreamMessage]??, [Publisher]) in
                    guard !state.lanes.isEmpty else {
                        if state.isFinished { return (.some(nil), []) }
                        precondition(state.reader == nil, "a subscription is read by one task at a time")
                        state.reader = continuation
                        return (.none, [])
                    }
                    let batch = state.lanes.take()
                    return (batch, admitPublishers(&state))
                }
                for publisher in done { publisher.continuation.resume() }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            end()
        }
    }

    /// Moves what publishers wait with into the room there is, first come, first served.
    private func admitPublishers(_ state: inout State) -> [Publisher] {
        var done: [Publisher] = []
        while var first = state.publishers.first {
            first.rest = fill(first.rest, &state)
            state.publishers.removeFirst()
            guard first.rest.isEmpty else {
                state.publishers.prepend(first)
                break
            }
            done.append(first)
        }
        return done
    }

    // MARK: - The end

    /// Accepts nothing more but what publishers wait with already; the reader gets that and then the end.
    func finish() {
        let (reader, batch, publishers) = state.withLock { state in
            state.isFinished = true
            let publishers = state.publishers
            state.publishers = []
            for publisher in publishers {
                for message in publisher.rest where isWanted(message) { state.lanes.append(message) }
            }
            let reader = state.reader
            state.reader = nil
            // A reader waits only when nothing else does.
            return (reader, reader != nil && !state.lanes.isEmpty ? state.lanes.take() : nil, publishers)
        }
        for publisher in publishers { publisher.continuation.resume() }
        reader?.resume(returning: batch)
        onEnd()
    }

    /// Ends at once; what waits is dropped.
    func end() {
        let (reader, publishers) = state.withLock { state in
            state.isFinished = true
            state.lanes = MessageLanes()
            defer { (state.reader, state.publishers) = (nil, []) }
            return (state.reader, state.publishers)
        }
        for publisher in publishers { publisher.continuation.resume() }
        reader?.resume(returning: nil)
        onEnd()
    }
}
