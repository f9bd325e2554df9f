import Markets
import ServiceLifecycle
import Streaming
import Synchronization
import WebServer

/// Counts what goes over the bus, by exchange and kind.
final class MessageCounter: Service {
    private struct Key: Hashable {
        let exchange: Exchange
        let kind: MarketEvent.Kind
    }

    private let bus: any EventBus
    private let known = Mutex<[Key: Int]>([:])

    init(bus: any EventBus) { self.bus = bus }

    var counts: [StreamFigures.Count] {
        known.withLock { $0 }.map { key, count in
            StreamFigures.Count(exchange: key.exchange.rawValue, kind: LiveKind(key.kind), messages: count)
        }.sorted { ($0.exchange, $0.kind.rawValue) < ($1.exchange, $1.kind.rawValue) }
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            let subscription = try await self.bus.subscribe(SubscriptionRequest(name: "counter", overflow: .shed))
            try await self.count(subscription)
        }
    }

    private func count(_ subscription: some BusSubscription) async throws {
        do {
            for try await batch in subscription {
                known.withLock { known in
                    for message in batch {
                        known[Key(exchange: message.exchange, kind: message.event.kind), default: 0] += 1
                    }
                }
            }
        } catch is CancellationError {
            return
        }
    }
}
