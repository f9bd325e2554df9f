package import Markets
import Synchronization

/// An event bus within one process: a buffer for each subscriber, and nothing between.
///
/// A message costs each subscriber that hears it one copy in and one out; a publisher takes one lock a subscriber for
/// the whole batch.
package final class InProcessEventBus: EventBus {
    private struct State {
        var buffers: [UInt64: BusBuffer] = [:]
        var lastID: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func publish(_ messages: [StreamMessage]) async throws {
        guard !messages.isEmpty else { return }
        let buffers = state.withLock { Array($0.buffers.values) }
        // Everybody gets what fits before anybody is waited for: a slow sink must not delay a page.
        var full: [(BusBuffer, ArraySlice<StreamMessage>)] = []
        for buffer in buffers {
            let rest = buffer.offer(messages[...])
            if !rest.isEmpty { full.append((buffer, rest)) }
        }
        for (buffer, rest) in full { try await buffer.waitToOffer(rest) }
    }

    package func subscribe(_ request: SubscriptionRequest) async throws -> any BusSubscription {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let buffer = BusBuffer(request) { [weak self] in
            _ = self?.state.withLock { $0.buffers.removeValue(forKey: id) }
        }
        state.withLock { $0.buffers[id] = buffer }
        return InProcessSubscription(buffer)
    }

    /// How many subscriptions there are.
    package var subscriptions: Int { state.withLock { $0.buffers.count } }
}

/// A subscriber's end of the bus; dropping it, or its iteration, ends the subscription.
package final class InProcessSubscription: BusSubscription {
    private let buffer: BusBuffer

    init(_ buffer: BusBuffer) { self.buffer = buffer }

    deinit { buffer.end() }

    package var shed: [MarketEvent.Kind: Int] { buffer.shed }
    package var waiting: Int { buffer.waiting }

    package func finish() { buffer.finish() }

    package func makeAsyncIterator() -> Iterator {
        Iterator(subscription: self, token: Token(buffer: buffer))
    }

    /// Ends the subscription when the iteration is given up.
    final class Token: Sendable {
        let buffer: BusBuffer

        init(buffer: BusBuffer) { self.buffer = buffer }

        deinit { buffer.end() }
    }

    /// Answers everything that waits, as one batch.
    package struct Iterator: AsyncIteratorProtocol {
        let subscription: InProcessSubscription
        let token: Token

        package mutating func next() async throws -> [StreamMessage]? {
            await token.buffer.next()
        }
    }
}
