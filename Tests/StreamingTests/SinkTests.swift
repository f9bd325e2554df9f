import CivilTime
import Logging
import Markets
import PostgresClient
import Testing

@testable import Streaming

@Suite("Sinks", .timeLimit(.minutes(2))) struct SinkTests {
    @Test("the trade sink groups what gathers, stores all of it, and drains when it is finished")
    func trades() async throws {
        try await StreamDatabase.use { database in
            let bus = InProcessEventBus()
            let sink = try await TradeSink(bus: bus, store: TradeStore(pool: database.pool), logger: Sample.logger)
            for batch in 0..<40 {
                try await bus.publish(
                    (0..<25).map { try Sample.trade(at: Int64(batch), id: Int64(batch * 25 + $0)) } + [
                        Sample.book(at: 1)
                    ])
            }
            #expect(sink.status.waiting == 1_000)
            sink.finish()
            try await sink.run()
            #expect(sink.status.stored == 1_000 && sink.status.duplicates == 0 && sink.status.waiting == 0)
            #expect(sink.status.commits == 1)
            #expect(try await database.count("FROM warehouse.silver_trade") == 1_000)
        }
    }

    @Test("while the database is away publishers wait, and afterwards nothing is missing")
    func outage() async throws {
        try await StreamDatabase.use { database in
            let bus = InProcessEventBus()
            let sink = try await TradeSink(
                bus: bus, store: TradeStore(pool: database.pool), capacity: 100, logger: Sample.logger)
            try await database.asOwner("ALTER TABLE warehouse.silver_trade RENAME TO away")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await sink.run() }
                group.addTask {
                    for batch in Int64(0)..<20 {
                        try await bus.publish((0..<25).map { try Sample.trade(at: batch, id: batch * 25 + $0) })
                    }
                    sink.finish()
                }
                try await until { sink.status.problem != nil && sink.status.waiting == 100 }
                try await database.asOwner("ALTER TABLE warehouse.away RENAME TO silver_trade")
                try await group.waitForAll()
            }
            #expect(sink.status.stored == 500 && sink.status.problem == nil && sink.status.retries > 0)
            #expect(try await database.count("FROM warehouse.silver_trade") == 500)
        }
    }

    @Test("a trade that the database refuses goes to the dead letters, and the others are stored")
    func refused() async throws {
        try await StreamDatabase.use { database in
            try await database.asOwner(
                "ALTER TABLE warehouse.silver_trade ADD CONSTRAINT sense CHECK (price < 1000000)")
            let letters = DeadLetterStore(pool: database.pool, logger: Sample.logger)
            let bus = InProcessEventBus()
            let sink = try await TradeSink(
                bus: bus, store: TradeStore(pool: database.pool), deadLetters: letters, logger: Sample.logger)
            try await bus.publish(
                (0..<50).map { try Sample.trade(at: $0, id: $0, price: $0 == 17 ? "1000001" : "5") })
            sink.finish()
            try await sink.run()
            letters.finish()
            try await letters.run()
            #expect(sink.status.stored == 49 && sink.status.dropped == 1)
            #expect(
                try await database.rows("market; reason LIKE '%refuses%'", "FROM warehouse.stream_dead_letter")
                    == ["KRW-BTC|true"])
        }
    }

    @Test("a book sink keeps the last book of each half second, ten levels of it")
    func books() async throws {
        try await StreamDatabase.use { database in
            let bus = InProcessEventBus()
            let sink = try await BookSink(bus: bus, pool: database.pool, logger: Sample.logger)
            try await bus.publish([
                Sample.book(at: 0, best: 1_000), Sample.book(at: 450, best: 1_002), Sample.book(at: 300, best: 1_001),
                Sample.book(at: 500, best: 1_003), Sample.book("KRW-ETH", at: 10, best: 50, levels: 3),
            ])
            sink.finish()
            try await sink.run()
            // Another worker's older book of a known slot changes nothing; a newer one does.
            let other = try await BookSink(bus: bus, pool: database.pool, logger: Sample.logger)
            try await bus.publish([Sample.book(at: 400, best: 1), Sample.book(at: 900, best: 1_004)])
            other.finish()
            try await other.run()
            #expect(
                try await database.rows(
                    "market; to_char(slot, 'SS.MS'); bid_prices[1]; ask_prices[1]; cardinality(bid_prices); "
                        + "cardinality(ask_sizes); total_bid_size",
                    "FROM warehouse.silver_orderbook ORDER BY market, slot") == [
                        "KRW-BTC|00.000|1002|1003|10|10|12", "KRW-BTC|00.500|1004|1005|10|10|12",
                        "KRW-ETH|00.000|50|51|3|3|3",
                    ])
            #expect(sink.status.stored == 3 && other.status.stored == 1 && other.status.duplicates == 1)
        }
    }

    @Test("books wait while the database is away, up to a limit, the newest longest")
    func waitingBooks() throws {
        var slots = BookSlots()
        for index in 0..<BookSlots.limit + 5 { slots.take(try Sample.book(at: Int64(index) * 500)) }
        var later = BookSlots()
        later.take(try Sample.book(at: 20_000 * 500 + 400, best: 7))
        #expect(later.putBack(slots) == 5)
        #expect(later.books.count == BookSlots.limit)
        #expect(later.books.keys.map(\.start).min() == Sample.start + .milliseconds(2_500))
        #expect(later.books.values.contains { $0.book.bids.first?.price == ExactDecimal(7) })
    }

    @Test("the latest sink passes everything on to the latest values")
    func latest() async throws {
        let bus = InProcessEventBus()
        let latest = InMemoryLatestValues()
        let sink = try await LatestSink(bus: bus, latest: latest)
        try await bus.publish([Sample.trade(at: 1, id: 1), Sample.trade(at: 2, id: 2)])
        sink.finish()
        try await sink.run()
        #expect(try await latest.latest(Sample.key())?.trade?.tradeID == 2)
        #expect(sink.status.stored == 2)
    }

    @Test("dead letters are cut, counted and bounded")
    func deadLetters() async throws {
        try await StreamDatabase.use { database in
            let store = DeadLetterStore(pool: database.pool, rowLimit: 20, logger: Sample.logger)
            for index in 0..<300 {
                let size = index == 255 ? 70_000 : index
                await store.accept([
                    DeadLetter(
                        exchange: .upbit, market: nil, bytes: [UInt8](repeating: 7, count: size),
                        reason: "bad \(index)\0", receivedAt: Sample.start)
                ])
            }
            store.finish()
            try await store.run()
            #expect(store.figures.now.stored == 256 && store.figures.now.dropped == 44)
            #expect(try await database.count("FROM warehouse.stream_dead_letter") == 20)
            #expect(
                try await database.rows(
                    "reason; size; octet_length(bytes)",
                    "FROM warehouse.stream_dead_letter ORDER BY id DESC LIMIT 2")
                    == ["bad 255|70000|65536", "bad 254|254|254"])
        }
    }
}
