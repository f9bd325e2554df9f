import Markets
import Testing

@testable import Streaming

@Suite("Event bus, every implementation", .timeLimit(.minutes(1)))
struct EventBusConformanceTests {
    @Test(
        "each subscriber gets everything from its subscription on, in the order of publishing",
        arguments: BusUnderTest.all)
    func order(_ implementation: BusUnderTest) async throws {
        let bus = try await implementation.make()
        try await bus.publish([Sample.trade(at: 0, id: 0)])
        let subscriptions = [
            try await bus.subscribe(SubscriptionRequest(name: "first")),
            try await bus.subscribe(SubscriptionRequest(name: "second", overflow: .wait)),
        ]
        try await bus.publish([
            Sample.book(at: 1, best: 7), Sample.trade(at: 2, id: 1), Sample.ticker(at: 3, price: "9"),
        ])
        try await bus.publish([])
        try await bus.publish([Sample.trade("KRW-ETH", at: 4, id: 2), Sample.book(at: 5, best: 8)])
        for subscription in subscriptions {
            subscription.finish()
            #expect(
                try await everything(subscription).map(\.label) == [
                    "book KRW-BTC 7", "trade KRW-BTC 1", "ticker KRW-BTC 9", "trade KRW-ETH 2", "book KRW-BTC 8",
                ])
        }
    }

    @Test("a subscriber hears only the kinds and markets it asked for", arguments: BusUnderTest.all)
    func filters(_ implementation: BusUnderTest) async throws {
        let bus = try await implementation.make()
        let trades = try await bus.subscribe(SubscriptionRequest(name: "trades", kinds: [.trade], overflow: .wait))
        let ether = try await bus.subscribe(SubscriptionRequest(name: "ether", markets: [Sample.key("KRW-ETH")]))
        try await bus.publish([
            Sample.trade(at: 1, id: 1), Sample.ticker("KRW-ETH", at: 2, price: "2"),
            Sample.trade("KRW-ETH", at: 3, id: 3), Sample.book(at: 4),
        ])
        trades.finish()
        ether.finish()
        #expect(try await everything(trades).map(\.label) == ["trade KRW-BTC 1", "trade KRW-ETH 3"])
        #expect(try await everything(ether).map(\.label) == ["ticker KRW-ETH 2", "trade KRW-ETH 3"])
    }

    @Test(
        "a slow subscriber sheds its oldest books first, then tickers, then trades, and counts them",
        arguments: BusUnderTest.all)
    func shedding(_ implementation: BusUnderTest) async throws {
        let bus = try await implementation.make()
        let slow = try await bus.subscribe(SubscriptionRequest(name: "slow", capacity: 4))
        try await bus.publish([
            Sample.trade(at: 1, id: 1), Sample.book(at: 2, best: 1), Sample.ticker(at: 3, price: "1"),
            Sample.book(at: 4, best: 2), Sample.trade(at: 5, id: 2), Sample.ticker(at: 6, price: "2"),
        ])
        #expect(slow.shed == [.orderBook: 2, .ticker: 0, .trade: 0])
        #expect(slow.waiting == 4)
        // A book that finds only dearer company goes itself.
        try await bus.publish([Sample.book(at: 7, best: 3)])
        #expect(slow.shed == [.orderBook: 3, .ticker: 0, .trade: 0])
        try await bus.publish((3...6).map { try Sample.trade(at: 10, id: $0) })
        #expect(slow.shed == [.orderBook: 3, .ticker: 2, .trade: 2])
        slow.finish()
        #expect(try await everything(slow).map(\.tradeID) == [3, 4, 5, 6])
    }

    @Test(
        "a subscriber that must not lose anything makes publishers wait, and nobody else", arguments: BusUnderTest.all)
    func waiting(_ implementation: BusUnderTest) async throws {
        let bus = try await implementation.make()
        let careful = try await bus.subscribe(SubscriptionRequest(name: "careful", capacity: 2, overflow: .wait))
        let quick = try await bus.subscribe(SubscriptionRequest(name: "quick", capacity: 100))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await bus.publish((1...7).map { try Sample.trade(at: $0, id: $0) })
                try await bus.publish([Sample.trade(at: 8, id: 8)])
                careful.finish()
            }
            try await until { quick.waiting == 7 && careful.waiting == 2 }
            let batches = try await self.batches(careful)
            #expect(batches.allSatisfy { $0.count <= 2 })
            #expect(batches.flatMap { $0 }.map(\.tradeID) == [1, 2, 3, 4, 5, 6, 7, 8])
            try await group.waitForAll()
        }
        #expect(quick.shed.values.allSatisfy { $0 == 0 })
    }

    private func batches(_ subscription: some BusSubscription) async throws -> [[StreamMessage]] {
        var all: [[StreamMessage]] = []
        for try await batch in subscription { all.append(batch) }
        return all
    }

    @Test("finishing sets a waiting publisher free, and its messages are not lost", arguments: BusUnderTest.all)
    func finishing(_ implementation: BusUnderTest) async throws {
        let bus = try await implementation.make()
        let careful = try await bus.subscribe(SubscriptionRequest(name: "careful", capacity: 1, overflow: .wait))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.publish((1...5).map { try Sample.trade(at: $0, id: $0) }) }
            try await until { careful.waiting == 1 }
            // The publisher may be about to wait, or wait already; a finished bus keeps it in neither case.
            careful.finish()
            try await group.waitForAll()
        }
        try await bus.publish([Sample.trade(at: 9, id: 9)])
        let ids = try await everything(careful).map(\.tradeID)
        #expect(ids == [1, 2, 3, 4, 5] || ids == [1])
    }

    @Test("a subscriber that is cancelled or stops reading holds nobody up", arguments: BusUnderTest.all)
    func leaving(_ implementation: BusUnderTest) async throws {
        let bus = try await implementation.make()
        let cancelled = try await bus.subscribe(SubscriptionRequest(name: "cancelled", capacity: 1, overflow: .wait))
        let reader = Task { try await everything(cancelled).count }
        reader.cancel()
        _ = try await reader.value
        let left = try await bus.subscribe(SubscriptionRequest(name: "left", capacity: 1, overflow: .wait))
        try await bus.publish([Sample.trade(at: 1, id: 1)])
        try await readOnce(left)
        for id in 2...4 { try await bus.publish([Sample.trade(at: 2, id: Int64(id))]) }
        #expect(left.waiting == 0 && cancelled.waiting == 0)
    }

    private func readOnce(_ subscription: some BusSubscription) async throws {
        for try await batch in subscription {
            #expect(batch.count == 1)
            break
        }
    }

    @Test("a publisher that is cancelled while it waits is told so, and others go on", arguments: BusUnderTest.all)
    func cancelledPublisher(_ implementation: BusUnderTest) async throws {
        let bus = try await implementation.make()
        let careful = try await bus.subscribe(SubscriptionRequest(name: "careful", capacity: 1, overflow: .wait))
        let publisher = Task { try await bus.publish((1...3).map { try Sample.trade(at: $0, id: $0) }) }
        try await until { careful.waiting == 1 }
        publisher.cancel()
        await #expect(throws: CancellationError.self) { try await publisher.value }
        let other = Task {
            try await bus.publish([Sample.trade(at: 4, id: 4)])
            careful.finish()
        }
        #expect(try await everything(careful).map(\.tradeID) == [1, 4])
        try await other.value
    }

    @Test("several publishers each keep their order", arguments: BusUnderTest.all)
    func publishers(_ implementation: BusUnderTest) async throws {
        let bus = try await implementation.make()
        let careful = try await bus.subscribe(SubscriptionRequest(name: "careful", capacity: 16, overflow: .wait))
        try await withThrowingTaskGroup(of: [StreamMessage].self) { group in
            group.addTask { try await everything(careful) }
            try await withThrowingTaskGroup(of: Void.self) { publishers in
                for publisher in Int64(0)..<4 {
                    publishers.addTask {
                        for step in Int64(0)..<50 {
                            try await bus.publish(
                                (0..<5).map { try Sample.trade(at: 0, id: publisher * 1_000 + step * 5 + $0) })
                        }
                    }
                }
                try await publishers.waitForAll()
            }
            careful.finish()
            let ids = try await group.next()?.compactMap(\.tradeID) ?? []
            for publisher in Int64(0)..<4 {
                let own = ids.filter { $0 / 1_000 == publisher }
                #expect(own == (0..<250).map { publisher * 1_000 + $0 })
            }
        }
    }
}
