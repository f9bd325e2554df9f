import CivilTime
import Markets
import PostgresClient
import Testing

@testable import Streaming

@Suite("Audit of stored trades", .timeLimit(.minutes(3))) struct TradeAuditTests {
    /// An exchange's trades, and a feed of them that repeats, swaps and breaks off.
    private struct Feed {
        let trades: [StreamMessage]
        var position = 0

        init(count: Int) throws {
            let codes = ["KRW-BTC", "KRW-ETH", "KRW-XRP"]
            trades = try (0..<count).map { index in
                // Ids do not increase with time, and many trades share an instant.
                let id = Int64(index) ^ 0b101
                return try Sample.trade(
                    codes[index % codes.count], at: Int64(index / 7) * 35, id: id,
                    price: "\(1_000 + (index * 7_919) % 613).\(index % 10)", volume: "0.\(1 + index % 997)")
            }
        }

        var isOver: Bool { position >= trades.count }

        /// The next few, with repetitions of earlier ones, somewhat out of order.
        mutating func next() -> [StreamMessage] {
            let end = min(position + .random(in: 1...120), trades.count)
            var batch = Array(trades[position..<end])
            for _ in 0..<Int.random(in: 0...10) {
                if let earlier = trades[max(0, position - 300)..<end].randomElement() { batch.append(earlier) }
            }
            batch.shuffle()
            position = end
            return batch
        }

        /// What REST would give: all trades of a market from an instant up to now; nil from the beginning.
        func past(_ market: MarketCode, from: Timestamp?) -> [StreamMessage] {
            trades[..<position].filter { message in
                guard case .trade(let trade) = message.event, trade.market == market else { return false }
                return from.map { trade.tradedAt >= $0 } ?? true
            }
        }

        var markets: Set<MarketCode> { Set(trades.map(\.event.market)) }
    }

    /// A worker as far as it concerns trades: bus, sink, and filling from the last stored trade at its start.
    private func work(
        _ feed: inout Feed, _ database: StreamDatabase, until stop: (inout Feed) async throws -> Bool
    ) async throws -> (crashed: Bool, stored: Int) {
        let bus = InProcessEventBus()
        let store = TradeStore(pool: database.pool)
        let sink = try await TradeSink(bus: bus, store: store, capacity: 400, logger: Sample.logger)
        // Awaited below, after its end by finishing or by cancelling.
        let running = Task { try await sink.run() }
        for market in feed.markets.sorted() {
            let last = try await lastStored(store, market)
            try await publish(feed.past(market, from: last.map { $0.tradedAt - .seconds(30) }), bus)
        }
        var crashed = false
        while !feed.isOver {
            if try await stop(&feed) {
                crashed = true
                break
            }
            // A connection that breaks: some trades pass unheard, and are asked for after the reconnect.
            if Int.random(in: 0..<12) == 0 {
                let unheard = feed.next()
                try await publish(feed.next(), bus)
                try await publish(unheard, bus)
            } else {
                try await publish(feed.next(), bus)
            }
        }
        // As kill -9: whatever is in memory or on its way is gone.
        if crashed { running.cancel() } else { sink.finish() }
        try? await running.value
        return (crashed, sink.status.stored)
    }

    /// Asked until the database answers, as a collector does: a kill may have hit the connection.
    private func lastStored(_ store: TradeStore, _ market: MarketCode) async throws -> TradeStore.Key? {
        while true {
            do {
                return try await store.lastStoredTrade(StreamKey(exchange: .upbit, market: market))
            } catch let error as PostgresError where error.isConnectionLost {
                try Task.checkCancellation()
            }
        }
    }

    private func publish(_ messages: [StreamMessage], _ bus: some EventBus) async throws {
        try await bus.publish(messages)
    }

    @Test("every trade sent is stored once, through lost connections, crashes, repetitions and disorder")
    func audit() async throws {
        try await StreamDatabase.use { database in
            var feed = try Feed(count: 9_000)
            var crashes = 0
            var crashed = true
            while crashed {
                (crashed, _) = try await work(&feed, database) { _ in
                    switch Int.random(in: 0..<40) {
                    case 0, 1:
                        try await database.killConnections()
                        return false
                    case 2: return true
                    default: return false
                    }
                }
                if crashed { crashes += 1 }
            }
            try await expectComplete(feed, database)
            #expect(crashes < 200)
        }
    }

    @Test("two workers with the same feed store each trade once")
    func twoWorkers() async throws {
        try await StreamDatabase.use { database in
            let feed = try Feed(count: 4_000)
            let stored = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        var own = feed
                        return try await self.work(&own, database) { _ in false }.stored
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(stored == 4_000)
            try await expectComplete(feed, database)
        }
    }

    /// 0 missing, 0 double, each as it was sent; and the candles are those of the trades sent.
    private func expectComplete(_ feed: Feed, _ database: StreamDatabase) async throws {
        let sent = Set(feed.trades.map(Self.row))
        let stored = try await database.rows(
            "market; sequential_id; (extract(epoch FROM traded_at) * 1000000)::bigint; price; volume",
            "FROM warehouse.silver_trade")
        #expect(stored.count == feed.trades.count)
        #expect(Set(stored).symmetricDifference(sent).isEmpty)
        #expect(try await CandleAudit.differences(database).isEmpty)
        let summed = try await database.rows(
            "sum(trades)", "FROM warehouse.stream_candle GROUP BY unit_seconds")
        #expect(summed == ["\(feed.trades.count)", "\(feed.trades.count)"])
    }

    private static func row(_ message: StreamMessage) -> String {
        guard case .trade(let trade) = message.event else { return "" }
        return "\(trade.market)|\(trade.sequentialID)|\(trade.tradedAt.microseconds)|\(trade.price)|\(trade.volume)"
    }
}
