import Collecting
import Synchronization

@testable import Streaming

extension CollectorService {
    /// Returns when its status is as wanted; every message and fill changes it, so it is looked at in between.
    func settled(_ isSettled: (CollectorStatus) -> Bool) async {
        while !isSettled(status()) { await Task.yield() }
    }
}

/// A bus that keeps what it is given, and is closed or broken for a while on request.
final class RecordingBus: EventBus {
    private struct State {
        var isOpen: Bool
        var failures: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    struct Broken: Error {}
    struct NotHere: Error {}

    private let state: Mutex<State>
    private let stream: AsyncStream<StreamMessage>
    private let source: AsyncStream<StreamMessage>.Continuation

    init(isOpen: Bool = true, failures: Int = 0) {
        state = Mutex(State(isOpen: isOpen, failures: failures))
        (stream, source) = AsyncStream.makeStream(of: StreamMessage.self)
    }

    func publish(_ messages: [StreamMessage]) async throws {
        let isBroken = state.withLock { state in
            guard state.failures > 0 else { return false }
            state.failures -= 1
            return true
        }
        if isBroken { throw Broken() }
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
        for message in messages { source.yield(message) }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The next messages, once there are so many.
    func next(_ count: Int) async -> [StreamMessage] {
        var messages: [StreamMessage] = []
        var iterator = stream.makeAsyncIterator()
        while messages.count < count, let message = await iterator.next() { messages.append(message) }
        return messages
    }

    func subscribe(_ request: SubscriptionRequest) async throws -> any BusSubscription { throw NotHere() }
}

/// Keeps dead letters for a test.
final class RecordingLetters: DeadLetterSink {
    private let stream: AsyncStream<DeadLetter>
    private let source: AsyncStream<DeadLetter>.Continuation

    init() {
        (stream, source) = AsyncStream.makeStream(of: DeadLetter.self)
    }

    func accept(_ letters: [DeadLetter]) async {
        for letter in letters { source.yield(letter) }
    }

    func next(_ count: Int) async -> [DeadLetter] {
        var letters: [DeadLetter] = []
        var iterator = stream.makeAsyncIterator()
        while letters.count < count, let letter = await iterator.next() { letters.append(letter) }
        return letters
    }
}
