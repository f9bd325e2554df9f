import ServiceLifecycle

/// Keeps the latest values up to date from the bus.
package struct LatestSink: Service {
    /// The sink's figures.
    package let figures = SinkFigures(name: "latest")
    private let subscription: any BusSubscription
    private let latest: any LatestValues

    /// Subscribes: messages published from now on are taken once ``run()`` runs.
    package init(bus: any EventBus, latest: any LatestValues) async throws {
        subscription = try await bus.subscribe(SubscriptionRequest(name: "latest", overflow: .shed))
        self.latest = latest
    }

    /// The figures, with what waits in the bus and what was shed.
    package var status: SinkStatus { figures.now(of: subscription) }

    /// Takes nothing that is published from now on; ``run()`` ends when the rest is done.
    package func finish() { subscription.finish() }

    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await consume(subscription)
        } onGracefulShutdown: {
            finish()
        }
    }

    private func consume(_ subscription: some BusSubscription) async throws {
        for try await batch in subscription {
            do {
                try await latest.take(batch)
                figures.update { $0.stored += batch.count }
            } catch {
                // A store elsewhere is away; the next message tells anew what is latest.
                figures.update { $0.dropped += batch.count }
                figures.failed("\(error)")
            }
        }
    }
}

extension SinkFigures {
    /// The figures with those of the sink's subscription.
    func now(of subscription: any BusSubscription) -> SinkStatus {
        var status = now
        status.waiting = subscription.waiting
        status.shed = subscription.shed.values.reduce(0, +)
        return status
    }
}
