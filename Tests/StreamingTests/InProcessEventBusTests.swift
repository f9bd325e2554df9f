import Testing

@testable import Streaming

@Suite("In-process event bus") struct InProcessEventBusTests {
    @Test("a subscription that nobody holds any more is gone")
    func dropped() async throws {
        let bus = InProcessEventBus()
        do {
            let kept = try await bus.subscribe(SubscriptionRequest(name: "kept", capacity: 1, overflow: .wait))
            #expect(bus.subscriptions == 1)
            withExtendedLifetime(kept) {}
        }
        #expect(bus.subscriptions == 0)
        // Nobody makes these wait.
        try await bus.publish((1...3).map { try Sample.trade(at: $0, id: $0) })
    }
}
